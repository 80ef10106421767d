"""A mail server that takes everything, on a port of its own."""

from __future__ import annotations

import base64
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Mailbox(socketserver.ThreadingTCPServer):
    """`letters`: what came, whole; `orders`: what was said before."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Taker)
        self.letters: list[str] = []
        self.orders: list[str] = []

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def texts(self) -> list[str]:
        """The bodies in plain words."""
        return [base64.b64decode(letter.split("\r\n\r\n")[1]).decode() for letter in self.letters]


class Taker(socketserver.StreamRequestHandler):
    server: Mailbox

    def handle(self) -> None:
        self._say("220 bereit")
        while line := self.rfile.readline().decode().rstrip("\r\n"):
            self.server.orders.append(line)
            if line == "DATA":
                self._say("354 bitte")
                self.server.letters.append(self._letter())
            answers = {"EHLO": "250-hier\r\n250 AUTH PLAIN", "AUTH": "235 gut", "QUIT": "221 bis bald"}
            self._say(answers.get(line.split(" ")[0], "250 gut"))

    def _letter(self) -> str:
        lines = iter(lambda: self.rfile.readline().decode().rstrip("\r\n"), ".")
        return "\r\n".join(lines)

    def _say(self, words: str) -> None:
        self.wfile.write(f"{words}\r\n".encode())


@contextmanager
def mailbox() -> Iterator[Mailbox]:
    with Mailbox() as box:
        threading.Thread(target=box.serve_forever, daemon=True).start()
        yield box
        box.shutdown()

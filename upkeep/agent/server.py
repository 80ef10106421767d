"""HTTP/1.1 over Unix sockets: one for root with every verb, one for the door with what the public may know."""

from __future__ import annotations

import json
import logging
import os
import socket
import struct
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingMixIn, UnixStreamServer
from urllib.parse import parse_qsl, urlsplit

from upkeep import __version__
from upkeep.agent.api import Reply, Request, Verb, answer
from upkeep.agent.desk import Desk

BODY_LIMIT = 64 * 1024
IDLE_TIMEOUT = 60.0

log = logging.getLogger("upkeep.agent")


class SocketServer(ThreadingMixIn, UnixStreamServer):
    """`peers`: the user ids that may speak here."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(
        self,
        path: Path,
        mode: int,
        group: int,
        peers: frozenset[int],
        desk: Desk,
        verbs: tuple[tuple[str, str, Verb], ...],
    ) -> None:
        self.desk = desk
        self.verbs = verbs
        self._peers = peers
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        before = os.umask(0o177)  # nobody else gets in between bind and chmod
        try:
            super().__init__(str(path), Handler)
        finally:
            os.umask(before)
        os.chown(path, -1, group)
        path.chmod(mode)

    def verify_request(self, request: object, client_address: object) -> bool:
        assert isinstance(request, socket.socket)  # noqa: S101 - for the type checker
        return peer_of(request) in self._peers


def peer_of(connection: socket.socket) -> int:
    """User id of the process at the other end, as the kernel says (SO_PEERCRED)."""
    size = struct.calcsize("3i")
    _, uid, _ = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))
    return int(uid)


class Handler(BaseHTTPRequestHandler):
    server: SocketServer
    protocol_version = "HTTP/1.1"
    server_version = f"upkeep-agent/{__version__}"
    sys_version = ""
    timeout = IDLE_TIMEOUT

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def _serve(self) -> None:
        try:
            reply = self._reply()
        except Exception:
            log.exception("%s %s", self.command, self.path)
            reply = Reply(
                500, {"error": "Unerwarteter Fehler im Agenten. `journalctl -u upkeep-agent`.", "code": "failed"}
            )
        self._send(reply)

    def _reply(self) -> Reply:
        length = self.headers.get("Content-Length") or "0"
        if not length.isdigit() or int(length) > BODY_LIMIT:
            self.close_connection = True
            return Reply(
                413, {"error": f"Anfrage zu groß (erwartet: höchstens {BODY_LIMIT} Byte).", "code": "bad_request"}
            )
        try:
            body = json.loads(self.rfile.read(int(length)) or b"{}")
        except ValueError:
            body = None
        if not isinstance(body, dict):
            return Reply(400, {"error": "Die Anfrage ist kein JSON-Objekt.", "code": "bad_request"})
        parts = urlsplit(self.path)
        request = Request(self.command, parts.path, dict(parse_qsl(parts.query)), body)
        return answer(self.server.desk, request, self.server.verbs)

    def _send(self, reply: Reply) -> None:
        payload = json.dumps(reply.body, ensure_ascii=False).encode()
        self.send_response(reply.status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    def address_string(self) -> str:
        return "unix"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it
        """Requests are not news; runs log themselves."""
        log.debug(format, *args)

"""Serves one listening socket with a bounded number of threads and goes to sleep when nobody asks."""

from __future__ import annotations

import contextlib
import logging
import selectors
import socket
import threading
from dataclasses import dataclass
from http import HTTPStatus

from upkeep.door.http import BadRequest, Response, read_request, refusal
from upkeep.door.routes import Routes, answer

log = logging.getLogger("upkeep.door")


@dataclass(frozen=True)
class Limits:
    """Seconds, and how many connections are served at once; the rest wait in the socket's queue."""

    request: float = 5.0
    answer: float = 5.0
    idle: float = 60.0
    connections: int = 16


class Server:
    """`listener` belongs to systemd: what we have not accepted when we leave wakes the next instance."""

    def __init__(self, listener: socket.socket, routes: Routes, limits: Limits = Limits()) -> None:
        self.listener = listener
        self.routes = routes
        self.limits = limits
        self._places = threading.BoundedSemaphore(limits.connections)
        self._leave, self._wake = socket.socketpair()

    def stop(self) -> None:
        """Accept nothing more; requests begun are answered. Safe in a signal handler."""
        with contextlib.suppress(OSError):
            self._wake.send(b"x")

    def serve(self) -> None:
        """Until `stop` or `idle` seconds without a caller. Returns when the last answer is out."""
        self.listener.setblocking(False)
        with self._leave, self._wake, selectors.DefaultSelector() as selector:
            selector.register(self.listener, selectors.EVENT_READ)
            selector.register(self._leave, selectors.EVENT_READ)
            while ready := {key.fileobj for key, _ in selector.select(self.limits.idle)}:
                if self._leave in ready:
                    break
                self._accept()
        for _ in range(self.limits.connections):
            self._places.acquire()

    def _accept(self) -> None:
        self._places.acquire()
        try:
            connection, _ = self.listener.accept()
        except OSError:  # the caller is gone already, or another instance was faster
            self._places.release()
            return
        threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            with connection, contextlib.suppress(OSError):  # a caller who hangs up gets no answer
                response = self._respond(connection)
                connection.settimeout(self.limits.answer)
                connection.sendall(response.encode())
                _part(connection)
        finally:
            self._places.release()

    def _respond(self, connection: socket.socket) -> Response:
        try:
            return answer(self.routes, read_request(connection, self.limits.request))
        except BadRequest as error:
            return refusal(error.status, f"Anfrage abgelehnt: {error}.", error.code)
        except OSError:
            raise
        except Exception:
            log.exception("Anfrage gescheitert")
            return refusal(HTTPStatus.INTERNAL_SERVER_ERROR, "Die Anfrage ist gescheitert.", "failed")


def _part(connection: socket.socket) -> None:
    """Close so that the answer arrives even if the caller sent more than we read: take in a little of it first."""
    connection.shutdown(socket.SHUT_WR)
    connection.settimeout(0.2)
    for _ in range(16):
        if not connection.recv(4096):
            return

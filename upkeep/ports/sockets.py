"""The host's TCP ports, for preflight."""

from __future__ import annotations

import errno
import socket
from typing import Protocol


class Sockets(Protocol):
    def taken(self, bind: str, port: int) -> bool:
        """Whether somebody listens there already."""


class HostPorts:
    def taken(self, bind: str, port: int) -> bool:
        family = socket.AF_INET6 if ":" in bind else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((bind, port))
            except OSError as exc:
                return exc.errno == errno.EADDRINUSE
        return False

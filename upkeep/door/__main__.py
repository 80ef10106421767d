"""`python -m upkeep.door STACK`: started by systemd's upkeep-door@STACK.socket with the socket as file descriptor 3."""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
from collections.abc import Mapping, Sequence

from upkeep.client import PUBLIC_SOCKET
from upkeep.door.agent import PublicAgent
from upkeep.door.routes import Door
from upkeep.door.server import Server
from upkeep.layout import STACK_NAME

_FIRST_DESCRIPTOR = 3  # sd_listen_fds(3)
_AGENT_SECONDS = 2.0


class NotStartedBySystemd(Exception):
    pass


def main(argv: Sequence[str]) -> int:
    logging.basicConfig(format="%(levelname)s %(message)s", level=logging.INFO)
    if not 1 <= len(argv) <= 2 or not STACK_NAME.fullmatch(argv[0]):
        print("Aufruf: python -m upkeep.door STACK [SOCKET-DES-AGENTEN]", file=sys.stderr)
        return 2
    try:
        listener = inherited_listener(os.environ, os.getpid())
    except NotStartedBySystemd as error:
        print(f"{error} Die Tür startet systemd: `systemctl start upkeep-door@{argv[0]}.socket`.", file=sys.stderr)
        return 2
    agent = PublicAgent(argv[1] if len(argv) == 2 else PUBLIC_SOCKET, timeout=_AGENT_SECONDS)
    server = Server(listener, Door(argv[0], agent).routes())
    signal.signal(signal.SIGTERM, lambda *_: server.stop())
    server.serve()
    return 0


def inherited_listener(environ: Mapping[str, str], pid: int) -> socket.socket:
    """The one socket systemd passed. Raises NotStartedBySystemd."""
    if environ.get("LISTEN_PID") != str(pid) or environ.get("LISTEN_FDS") != "1":
        raise NotStartedBySystemd("Es wurde nicht genau ein Socket übergeben (LISTEN_PID, LISTEN_FDS).")
    try:
        listener = socket.socket(fileno=_FIRST_DESCRIPTOR)
    except OSError as error:
        raise NotStartedBySystemd(f"Dateideskriptor {_FIRST_DESCRIPTOR} ist kein Socket ({error.strerror}).") from error
    listener.set_inheritable(False)
    return listener


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

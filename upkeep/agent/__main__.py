"""`python -m upkeep.agent`: the service. Restarting it is safe at any moment: unfinished runs are resumed."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import threading
from pathlib import Path

from upkeep import __version__
from upkeep.agent import settings
from upkeep.agent.api import VERBS
from upkeep.agent.desk import Desk
from upkeep.agent.journald import notify, set_up_logging
from upkeep.agent.public import PUBLIC_VERBS
from upkeep.agent.server import SocketServer
from upkeep.errors import UpkeepError
from upkeep.layout import Layout
from upkeep.ports import Ports
from upkeep.ports.files import DiskFiles
from upkeep.ports.notify import Messenger

log = logging.getLogger("upkeep.agent")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="upkeep-agent", description="Der Upkeep-Agent dieses Hosts.")
    parser.add_argument("--root", type=Path, default=Path("/"), help="Wurzel aller Pfade (für Rettungssysteme)")
    layout = Layout(parser.parse_args(arguments).root)
    try:
        chosen = settings.read(layout.settings_file)
    except UpkeepError as exc:
        print(exc, file=sys.stderr)
        return 2
    set_up_logging(chosen.log_level)
    run(layout, chosen, Ports(files=DiskFiles(layout.reserve_of), notify=Messenger(layout.notify_file)))
    return 0


def run(layout: Layout, chosen: settings.Settings, ports: Ports) -> None:
    """Serve until SIGTERM or SIGINT. A run in progress is not waited for: the next start resumes it."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _leave)
    desk = Desk(layout, ports)
    desk.drop_torn_files()
    serve(layout, chosen, desk)
    desk.resume_all()
    notify("READY=1")
    log.info("upkeep-agent %s ist bereit", __version__)
    while True:
        signal.pause()


def _leave(number: int, frame: object) -> None:
    """At once: no thread may begin anything new, or take the death of its compose child for a failed release."""
    notify("STOPPING=1")
    os._exit(0)


def serve(layout: Layout, chosen: settings.Settings, desk: Desk) -> None:
    root = frozenset({os.geteuid()})
    door = root if chosen.door_uid is None else root | {chosen.door_uid}
    group = os.getegid()
    servers = (
        SocketServer(layout.agent_socket, 0o600, group, root, desk, VERBS),
        SocketServer(layout.public_socket, 0o660, chosen.door_gid or group, door, desk, PUBLIC_VERBS),
    )
    for server in servers:
        # the poll interval only matters to shutdown(), which nobody calls
        threading.Thread(target=server.serve_forever, args=(3600.0,), daemon=True).start()


if __name__ == "__main__":
    sys.exit(main())

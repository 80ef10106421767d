"""The program on the balancer: for timers (`expire`), for haproxy.service (`settle`, `reload`), for operators."""

from __future__ import annotations

import argparse
import importlib
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from .drains import OPERATOR, PROGRAM, Drains, Lease, write_atomically
from .flag import HealthFlag
from .haproxy import SOCKET, BalancerError, Runtime, Server, places_of

SERVER_STATE = Path("/var/lib/haproxy/server-state")
HOME = "/usr/local/lib/upkeep-balancer"
PACKAGE = "upkeep_balancing"
STARTER = """\
#!/usr/bin/python3
# Written by Upkeep's module upkeep_load_balancer.
import sys

sys.path.insert(0, "{home}")
from upkeep_balancing.program import main

sys.exit(main())
"""


def reload(drains: Drains, master: int, patience: float = 10.0) -> None:
    """Hand over to a new worker with everything the old one knew (haproxy.service calls this)."""
    before = drains.runtime.ask("show info").partition("\nPid: ")[2].split("\n")[0]
    write_atomically(SERVER_STATE, drains.runtime.ask("show servers state") + "\n")
    os.kill(master, signal.SIGUSR2)
    deadline = time.monotonic() + patience
    while f"\nPid: {before}\n" in drains.runtime.ask("show info") + "\n" and time.monotonic() < deadline:
        time.sleep(0.05)
    SERVER_STATE.unlink(missing_ok=True)  # a later start must not find drains of today
    drains.settle()


def table(drains: Drains) -> str:
    """What an operator wants to know: a line per server."""
    leases = drains.leases()
    return "\n".join(_line(server, leases.get(server.name)) for server in drains.runtime.servers())


def _line(server: Server, lease: Lease | None) -> str:
    state = "abgehängt" if server.drained else "bedient" if server.serves else "fällt aus"
    whose = f", von {lease.owner} bis {time.strftime('%H:%M:%S', time.localtime(lease.until))}" if lease else ""
    return f"{server.backend}/{server.name}: {state}{whose} ({server.status}, {server.sessions} laufende Anfragen)"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="upkeep-balancer", description="Server des Lastverteilers ab- und anhängen")
    parser.add_argument("--socket", default=SOCKET, help=argparse.SUPPRESS)
    parser.add_argument("--flag", metavar="STACK", help=argparse.SUPPRESS)
    commands = parser.add_subparsers(dest="command", required=True, metavar="BEFEHL")
    commands.add_parser("status", help="wer bedient, wer abgehängt ist und von wem")
    drain = commands.add_parser("drain", help="einem Server nichts Neues mehr schicken")
    drain.add_argument("server")
    drain.add_argument("--minutes", type=float, default=60, help="danach ist er von selbst wieder dabei (Vorgabe: 60)")
    commands.add_parser("ready", help="einen Server wieder anhängen").add_argument("server")
    expire = commands.add_parser("expire", help="(Zeitgeber) ein abgelaufenes Abhängen beenden")
    expire.add_argument("server")
    expire.add_argument("identity")
    commands.add_parser("settle", help="(haproxy.service) nach einem Start gilt wieder, was vorher galt")
    commands.add_parser("reload", help="(haproxy.service) neue Einstellungen").add_argument("master", type=int)
    return parser


def install(write: bool = True, home: Path = Path(HOME), command: Path = Path(PROGRAM)) -> bool:
    """Put this very program on the host, for timers, haproxy.service and operators. True where it was another."""
    files = {
        home / PACKAGE / f"{name}.py": _source(name) for name in ("__init__", "haproxy", "drains", "flag", "program")
    }
    files[command] = STARTER.format(home=home)
    stale = {file: text for file, text in files.items() if not file.exists() or file.read_text("utf-8") != text}
    for file, text in stale.items() if write else ():
        file.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(file, text, mode=0o755 if file == command else 0o644)
    return bool(stale)


def _source(name: str) -> str:
    module = importlib.import_module(str(__package__) if name == "__init__" else f"{__package__}.{name}")
    return str(module.__loader__.get_source(module.__name__))  # type: ignore[union-attr]


def carry_out(drains: Drains, wanted: argparse.Namespace) -> None:
    if wanted.command == "status":
        print(table(drains))
    elif wanted.command == "drain":
        drains.drain(wanted.server, OPERATOR, wanted.minutes * 60, places_of(drains.runtime.servers(), wanted.server))
    elif wanted.command == "ready":
        places = places_of(drains.runtime.servers(), wanted.server)
        drains.release(drains.leases().get(wanted.server) or Lease(wanted.server, OPERATOR, 0, 0, places))
    elif wanted.command == "expire":
        lease = drains.leases().get(wanted.server)
        if lease and lease.identity == wanted.identity:
            drains.release(lease)
            print(f"{lease.server} ist wieder dabei: die Frist von {lease.owner} ist um")
    elif wanted.command == "settle":
        drains.settle()
    else:
        reload(drains, wanted.master)


def main(arguments: Sequence[str] | None = None) -> int:
    """The program. Exit code 1 with a sentence on stderr when it could not be done."""
    wanted = _parser().parse_args(arguments)
    drains = Drains(HealthFlag(wanted.flag) if wanted.flag else Runtime(wanted.socket))
    try:
        with drains.locked():
            carry_out(drains, wanted)
    except BalancerError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0

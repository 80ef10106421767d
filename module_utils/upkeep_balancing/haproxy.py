"""HAProxy's runtime socket: who serves, who is drained, and orders to it."""

from __future__ import annotations

import contextlib
import csv
import socket
from collections.abc import Sequence
from dataclasses import dataclass

SOCKET = "/run/haproxy/admin.sock"
_FORCED = 0x01 | 0x08  # SRV_ADMF_FMAINT, SRV_ADMF_FDRAIN: what the runtime socket ordered


class BalancerError(Exception):
    """HAProxy, or what was asked of it, is not as it should be; the text is German and meant for the operator."""


class NotRunning(BalancerError):
    """Nobody listens at the runtime socket: HAProxy does not run, so nothing is drained either."""


@dataclass(frozen=True)
class Server:
    """One line of a backend as HAProxy sees it. `drained`: on somebody's word, whatever the health check says."""

    backend: str
    name: str
    status: str
    drained: bool
    sessions: int
    check: str
    answers: int
    errors: int

    @property
    def serves(self) -> bool:
        return self.status.startswith(("UP", "no check")) and not self.drained


class Runtime:
    """HAProxy's runtime socket. Every method raises BalancerError, or NotRunning where nobody listens.

    `sees_all`: whether it knows the other servers, too.
    """

    sees_all = True

    def __init__(self, path: str = SOCKET, timeout: float = 5.0) -> None:
        self.path, self.timeout = path, timeout

    def ask(self, command: str) -> str:
        try:
            with contextlib.closing(socket.socket(socket.AF_UNIX)) as connection:
                connection.settimeout(self.timeout)
                connection.connect(self.path)
                connection.sendall(f"{command}\n".encode())
                return b"".join(iter(lambda: connection.recv(65536), b"")).decode(errors="replace").strip()
        except (FileNotFoundError, ConnectionRefusedError) as error:
            raise NotRunning(f"HAProxy läuft nicht ({self.path}). Weiter mit: `systemctl status haproxy`.") from error
        except OSError as error:
            raise BalancerError(f"HAProxy antwortet nicht an {self.path}: {error.strerror or error}.") from error

    @property
    def arguments(self) -> list[str]:
        """How the program is told to use this very socket."""
        return ["--socket", self.path]

    def turn(self, place: str, state: str) -> None:
        """`drain` or `ready` for one `backend/server`."""
        self.order(f"set server {place} state {state}")

    def cut(self, place: str) -> None:
        """End what is still open to it."""
        self.order(f"shutdown sessions server {place}")

    def order(self, command: str) -> None:
        """A command that answers nothing when it was done."""
        answer = self.ask(command)
        if answer:
            raise BalancerError(f"HAProxy lehnt „{command}“ ab: {answer}")

    def servers(self) -> list[Server]:
        forced = self._forced()
        rows = csv.DictReader(self.ask("show stat").lstrip("# ").splitlines())
        return [_server(row, forced) for row in rows if (row["pxname"], row["svname"]) in forced]

    def _forced(self) -> dict[tuple[str, str], bool]:
        lines = [line.split(" ") for line in self.ask("show servers state").splitlines()[1:]]
        columns = {name: number - 1 for number, name in enumerate(lines[0])} if lines else {}
        where = [columns.get(name, 0) for name in ("be_name", "srv_name", "srv_admin_state")]
        return {(line[where[0]], line[where[1]]): bool(int(line[where[2]]) & _FORCED) for line in lines[1:]}


def _server(row: dict[str, str], forced: dict[tuple[str, str], bool]) -> Server:
    count = {key: int(row.get(key) or 0) for key in ("scur", "hrsp_5xx", "stot")}
    check = " ".join(part for part in (row.get("check_status"), row.get("check_code"), row.get("last_chk")) if part)
    place = (row["pxname"], row["svname"])
    return Server(*place, row["status"], forced[place], count["scur"], check, count["stot"], count["hrsp_5xx"])


def places_of(servers: Sequence[Server], name: str, backend: str = "") -> tuple[str, ...]:
    """`backend/server` wherever a server of this name stands; BalancerError names the known ones."""
    places = tuple(f"{s.backend}/{s.name}" for s in servers if s.name == name and backend in ("", s.backend))
    if not places:
        known = ", ".join(sorted({s.name for s in servers})) or "keine"
        where = f"im Backend „{backend}“" if backend else "in keinem Backend"
        raise BalancerError(f"„{name}“ steht {where} des Lastverteilers. Bekannt sind: {known}.")
    return places

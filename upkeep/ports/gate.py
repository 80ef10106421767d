"""The gate's runtime socket (HAProxy): maps, servers, requests in flight. What must last lies in map files too."""

from __future__ import annotations

import csv
import io
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from upkeep.errors import GateFailed

BACKEND = "app"
SHUT = "maintenance"  # the key of state.map that shuts the gate
NOTICES = ("IP changed", "no need to change", "nothing changed", "port changed", "Health checks are not enabled")


@dataclass(frozen=True)
class Server:
    """A slot as the gate sees it. `sessions`: requests and WebSockets it is busy with. `answers`, `errors`: how many
    there were since this worker began, and how many of them were 5xx or broken off."""

    name: str
    status: str
    sessions: int
    answers: int = 0
    errors: int = 0

    @property
    def up(self) -> bool:
        return self.status.startswith("UP") or self.status == "no check"


class Gate(Protocol):
    """One stack's gate. All but `answers` raise GateFailed."""

    def answers(self) -> bool: ...

    def worker(self) -> str | None:
        """Which worker process answers (None: nobody). After a reload the old one does so for a moment."""

    def set_map(self, name: str, entries: dict[str, str]) -> None:
        """Make the running gate's map (state.map, release.map) hold exactly these entries."""

    def servers(self) -> tuple[Server, ...]: ...

    def in_flight(self) -> int:
        """Requests that are now at an app slot or queued for one."""

    def place(self, slot: str, address: str, port: int) -> None:
        """Tell the gate at once where a slot is and that it is well; name resolution and checks confirm it later."""

    def drain(self, slot: str) -> None:
        """No new requests for this slot; those it has go on. Again is fine."""

    def admit(self, slot: str, address: str, port: int) -> None:
        """Requests for this slot again, at this address, as soon as the gate's own check finds it well."""

    def switch_off(self, slot: str) -> None:
        """Neither requests nor checks for this slot, until it is admitted again."""

    def cut(self, slot: str) -> None:
        """Break off everything this slot is still busy with."""


class RuntimeGate:
    """HAProxy's admin socket. One command per connection."""

    def __init__(self, path: Path, timeout: float = 5.0) -> None:
        self._path = path
        self._timeout = timeout

    def answers(self) -> bool:
        return self.worker() is not None

    def worker(self) -> str | None:
        try:
            lines = self._ask("show info").splitlines()
        except GateFailed:
            return None
        facts = dict(line.split(": ", 1) for line in lines if ": " in line)
        if facts.get("Stopping", "0") != "0" or "Pid" not in facts:
            return None
        # in its own container a gate that was started anew may well have the number of the one before
        return f"{facts['Pid']}@{facts.get('Start_time_sec', '')}"

    def set_map(self, name: str, entries: dict[str, str]) -> None:
        file = f"/maps/{name}"
        present = self._map(file)
        for key in sorted(present.keys() - entries.keys(), key=lambda name: name != SHUT):  # who waits finds it open
            self._order(f"del map {file} {key}")
        for key, value in entries.items():
            if present.get(key) == value:
                continue
            if key in present and " " not in value:
                self._order(f"set map {file} {key} {value}")
                continue
            if key in present:
                self._order(f"del map {file} {key}")
            self._order(f"add map {file} <<\n{key} {value}\n")

    def servers(self) -> tuple[Server, ...]:
        return tuple(
            _server(row)
            for row in self._statistics()
            if row["pxname"] == BACKEND and row["svname"] not in ("FRONTEND", "BACKEND")
        )

    def in_flight(self) -> int:
        rows = [row for row in self._statistics() if row["pxname"] == BACKEND and row["svname"] == "BACKEND"]
        return sum(int(row["scur"] or 0) for row in rows)

    def place(self, slot: str, address: str, port: int) -> None:
        self.admit(slot, address, port)
        self._order(f"set server {BACKEND}/{slot} health up")

    def drain(self, slot: str) -> None:
        self._order(f"set server {BACKEND}/{slot} state drain")

    def admit(self, slot: str, address: str, port: int) -> None:
        self._order(f"set server {BACKEND}/{slot} addr {address} port {port}")
        self._order(f"set server {BACKEND}/{slot} state ready")

    def switch_off(self, slot: str) -> None:
        self._order(f"set server {BACKEND}/{slot} state maint")

    def cut(self, slot: str) -> None:
        self._order(f"shutdown sessions server {BACKEND}/{slot}")

    def _statistics(self) -> list[dict[str, str]]:
        text = self._ask("show stat").lstrip("# ")
        return list(csv.DictReader(io.StringIO(text)))

    def _map(self, file: str) -> dict[str, str]:
        entries = {}
        for line in self._ask(f"show map {file}").splitlines():
            _, _, entry = line.partition(" ")
            key, _, value = entry.partition(" ")
            if key:
                entries[key] = value
        return entries

    def _order(self, command: str) -> None:
        answer = self._ask(command).strip()
        if answer and not answer.startswith(NOTICES):
            raise GateFailed(
                "Das Gate hat einen Befehl nicht angenommen",
                observed=f"{command.splitlines()[0]} → {answer}",
                next_step="`docker logs` des Gates ansehen.",
            )

    def _ask(self, command: str) -> str:
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
                connection.settimeout(self._timeout)
                connection.connect(str(self._path))
                connection.sendall(f"{command}\n".encode())
                chunks = []
                while chunk := connection.recv(65536):
                    chunks.append(chunk)
        except OSError as exc:
            reason = exc.strerror or str(exc)
            raise GateFailed(
                "Das Gate antwortet nicht auf seinem Steuersocket", observed=f"{self._path}: {reason}"
            ) from exc
        return b"".join(chunks).decode("utf-8", "replace")


def _server(row: dict[str, str]) -> Server:
    broken = _number(row, "eresp")  # the slot closed the connection instead of answering
    answers = sum(_number(row, f"hrsp_{kind}xx") for kind in range(2, 6))
    errors = _number(row, "hrsp_5xx") + broken
    return Server(row["svname"], row["status"], _number(row, "scur"), answers + broken, errors)


def _number(row: dict[str, str], column: str) -> int:
    return int(row.get(column) or 0)

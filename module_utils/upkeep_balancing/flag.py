"""For balancers of others: the gate's health path answers 503 while a flag is set, everybody else is served on.

Same surface as `haproxy.Runtime`, on the host itself: the one „server“ is this host, its place `host/<stack>`.
"""

from __future__ import annotations

import contextlib
import csv
from pathlib import Path

from .drains import write_atomically
from .haproxy import NotRunning, Runtime, Server

MAP = "/maps/fleet.map"


class HealthFlag(Runtime):
    """The flag of one stack's gate, in its map on disk (a restarted gate keeps it) and at its runtime socket."""

    sees_all = False

    def __init__(self, stack: str, home: Path = Path("/srv/upkeep"), run: Path = Path("/run/upkeep/gate")) -> None:
        super().__init__(str(run / stack / "admin.sock"))
        self.stack, self.file = stack, home / stack / "gate" / "maps" / "fleet.map"

    @property
    def arguments(self) -> list[str]:
        return ["--flag", self.stack]

    def servers(self) -> list[Server]:
        rows = csv.DictReader(self.ask("show stat").lstrip("# ").splitlines())
        row = next((row for row in rows if (row["pxname"], row["svname"]) == ("app", "BACKEND")), {})
        count = {key: int(row.get(key) or 0) for key in ("scur", "stot", "hrsp_5xx")}
        status = row.get("status") or "DOWN"
        return [Server("host", self.stack, status, self._set(), count["scur"], "", count["stot"], count["hrsp_5xx"])]

    def turn(self, place: str, state: str) -> None:
        write_atomically(self.file, "drained 1\n" if state == "drain" else "", mode=0o644)
        with contextlib.suppress(NotRunning):
            self.ask(f"clear map {MAP}")
            if state == "drain":
                self.order(f"add map {MAP} drained 1")

    def cut(self, place: str) -> None:
        """The other balancer's connections are its own business."""

    def _set(self) -> bool:
        return self.file.exists() and self.file.read_text(encoding="utf-8").startswith("drained")

"""Drains with an owner and an end. The files below `ROOT` are the truth; the timers that end them are systemd's."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from .haproxy import BalancerError, NotRunning, Runtime

ROOT = Path("/var/lib/upkeep-fleet")
PROGRAM = "/usr/local/sbin/upkeep-balancer"
OPERATOR = "operator"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,62}")

Argv = Sequence[str]
Run = Callable[[Argv], int]


@dataclass(frozen=True)
class Lease:
    """A drain on somebody's word. `since`, `until`: seconds since the epoch; `places`: `backend/server`."""

    server: str
    owner: str
    since: float
    until: float
    places: tuple[str, ...]

    @property
    def identity(self) -> str:
        return f"{self.owner}@{self.since:.3f}"


class Drains:
    """The leases on disk, HAProxy's state and the timers that end them, kept the same under one lock."""

    def __init__(
        self, runtime: Runtime, root: Path = ROOT, run: Run | None = None, now: Callable[[], float] = time.time
    ):
        self.runtime, self.root, self._run, self._now = runtime, root, run or run_quietly, now

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keep timers, plays and operators from acting at the same time."""
        (self.root / "drains").mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self.root / "drains.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def leases(self) -> dict[str, Lease]:
        found = [json.loads(file.read_text(encoding="utf-8")) for file in (self.root / "drains").glob("*.json")]
        return {lease["server"]: Lease(**{**lease, "places": tuple(lease["places"])}) for lease in found}

    def drain(self, server: str, owner: str, seconds: float, places: Sequence[str]) -> Lease:
        """Timer, lease, HAProxy, in this order: whoever dies in between leaves nothing drained for ever."""
        lease = Lease(server, owner, self._now(), self._now() + seconds, tuple(places))
        self._arm(lease, seconds)
        write_atomically(self._file(server), json.dumps(asdict(lease)))
        self._order(lease, "drain")
        return lease

    def release(self, lease: Lease) -> None:
        """Ready again; without HAProxy there is nothing to undo (it starts with everybody ready)."""
        with contextlib.suppress(NotRunning):
            self._order(lease, "ready")
        self._file(lease.server).unlink(missing_ok=True)
        self._run(["systemctl", "stop", f"{_unit(lease)}.timer"])

    def settle(self) -> None:
        """After a start or reload: what is leased is drained, what is over is not."""
        for lease in self.leases().values():
            left = min(lease.until - self._now(), lease.until - lease.since)
            if left <= 0:
                self.release(lease)
            else:
                self._arm(lease, left)
                self._order(lease, "drain")

    def _order(self, lease: Lease, state: str) -> None:
        known = {f"{server.backend}/{server.name}" for server in self.runtime.servers()}
        for place in sorted(known.intersection(lease.places)):
            self.runtime.turn(place, state)

    def _arm(self, lease: Lease, seconds: float) -> None:
        """A timer per lease: one that was renewed meanwhile finds another identity and does nothing."""
        again = ("--property=Restart=on-failure", "--property=RestartSec=5", "--property=StartLimitIntervalSec=0")
        timer = (f"--on-active={seconds:.1f}s", "--timer-property=AccuracySec=250ms")
        argv = ["systemd-run", "--quiet", "--collect", f"--unit={_unit(lease)}", *timer, *again]
        self._run(["systemctl", "stop", f"{_unit(lease)}.timer"])
        program = [PROGRAM, *self.runtime.arguments, "expire", lease.server, lease.identity]
        if self._run([*argv, *program]):
            raise BalancerError(
                f"{lease.server} bleibt angehängt: kein Zeitgeber für das Ende (`systemd-run` scheiterte)."
            )

    def _file(self, server: str) -> Path:
        return self.root / "drains" / f"{server}.json"


def _unit(lease: Lease) -> str:
    if not _NAME.fullmatch(lease.server):
        raise BalancerError(f"„{lease.server}“ ist kein Servername (erlaubt: Buchstaben, Ziffern und . _ : -).")
    return f"upkeep-drain-{lease.server}-{lease.since * 1000:.0f}"


def run_quietly(argv: Argv) -> int:
    """A command's exit code, 127 where there is none of that name; what it says goes nowhere."""
    if not shutil.which(argv[0]):
        return 127
    return subprocess.run(list(argv), capture_output=True, check=False).returncode


def write_atomically(path: Path, text: str, mode: int = 0o600) -> None:
    """Replace a file so that a crash leaves the old or the new one."""
    draft = path.with_name(f".{path.name}.draft")
    with draft.open("w", encoding="utf-8") as file:
        os.fchmod(file.fileno(), mode)
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)

"""One fleet run at a time: a lock with a holder and an end, on the balancer or on the group's first host."""

from __future__ import annotations

import contextlib
import fcntl
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from .drains import ROOT, write_atomically


@dataclass(frozen=True)
class Holder:
    """A fleet run. `controller`, `process`: where to see whether it is still alive; times: seconds since the epoch."""

    run: str
    starter: str
    operation: str
    controller: str
    process: str
    since: float = 0.0
    until: float = 0.0

    def sentence(self) -> str:
        """German, for whoever has to wait."""
        return (
            f"Ein Flottenlauf ist schon im Gange: {self.operation} {self.run}, gestartet von {self.starter} um "
            f"{_clock(self.since)}; er endet oder verfällt spätestens um {_clock(self.until)}. Geändert wurde nichts. "
            f"Nächster Schritt: abwarten, oder, wenn es ihn sicher nicht mehr gibt, mit `-e take_over={self.run}`."
        )


class FleetLock:
    """`take` and `give_back` are atomic among processes of this host."""

    def __init__(self, root: Path = ROOT, now: Callable[[], float] = time.time) -> None:
        self._root, self._now = root, now

    def holder(self) -> Holder | None:
        """Who holds it; None when nobody does, or no more."""
        try:
            holder = Holder(**json.loads((self._root / "fleet.json").read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None
        return holder if self._now() < holder.until else None

    def take(self, wish: Holder, seconds: float, instead_of: str = "") -> Holder:
        """Take or renew it; returns whoever holds it now, which may be another one."""
        with self._guarded():
            before = self.holder()
            if before and before.run not in (wish.run, instead_of):
                return before
            since = before.since if before and before.run == wish.run else self._now()
            taken = replace(wish, since=since, until=self._now() + seconds)
            write_atomically(self._root / "fleet.json", json.dumps(asdict(taken)))
            return taken

    def give_back(self, run: str) -> bool:
        """Whether it was this run's."""
        with self._guarded():
            before = self.holder()
            if not before or before.run != run:
                return False
            (self._root / "fleet.json").unlink()
            return True

    @contextlib.contextmanager
    def _guarded(self) -> Iterator[None]:
        self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self._root / "fleet.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _clock(moment: float) -> str:
    return time.strftime("%H:%M:%S", time.localtime(moment))

"""A run's progress for those who watch: numbered events in memory, handed out by long poll.

Nothing is pushed and nothing queues up per watcher: a slow or dead one costs nothing and catches up by number.
"""

from __future__ import annotations

import threading
from dataclasses import asdict, dataclass
from typing import Any

from upkeep.ports.clock import Clock, moment, stamp

# a resumed run goes on counting above everything it may have said between two writes of its journal
RESUME_GAP = 1000


@dataclass(frozen=True)
class Event:
    n: int
    at: str
    phase: str
    percent: int
    message: str
    elapsed: float


class Progress:
    """`started_at`: when the run began (ISO 8601). `last`: number of the last event already told."""

    def __init__(self, clock: Clock, started_at: str, last: int = 0) -> None:
        self._clock = clock
        self._passed = max(0.0, (clock.now() - moment(started_at)).total_seconds())
        self._zero = clock.monotonic()
        self._changed = threading.Condition()
        self._events: list[Event] = []
        self._finished = False
        self.last = last

    def tell(self, phase: str, percent: int, message: str) -> None:
        now = self._clock.now()
        with self._changed:
            self.last += 1
            elapsed = round(self._passed + self._clock.monotonic() - self._zero, 1)
            self._events.append(Event(self.last, stamp(now), phase, percent, message, elapsed))
            self._changed.notify_all()

    def finish(self) -> None:
        with self._changed:
            self._finished = True
            self._changed.notify_all()

    def after(self, number: int, wait: float) -> dict[str, Any]:
        """Events with a higher number; waits up to `wait` seconds for the first."""
        with self._changed:
            self._changed.wait_for(lambda: self._finished or self.last > number, timeout=wait)
            fresh = [asdict(event) for event in self._events if event.n > number]
            return {"events": fresh, "finished": self._finished}

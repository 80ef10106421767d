"""Who does what next: several hosts take from one pool, each preferably what fits the stack that stands on it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from tests.faults.matrix.grounds import Ground
from tests.faults.matrix.lane import Lane, LaneBroken
from workshop.progress import say

FAILED = 2


class Task(Protocol):
    """`rank`: lower ones first. `alone`: only one such task at a time, on whichever host."""

    @property
    def rank(self) -> int: ...

    @property
    def ground(self) -> Ground: ...

    @property
    def alone(self) -> bool: ...

    def run(self, lane: Lane, pool: Pool) -> None: ...


@dataclass
class Pool:
    """Tasks may add others while they run. `until`: when no more are begun (monotonic seconds)."""

    until: float = float("inf")
    waiting: list[Task] = field(default_factory=list)
    _busy: dict[str, Task] = field(default_factory=dict)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def add(self, tasks: Iterable[Task]) -> None:
        with self._changed:
            self.waiting += tasks
            self._changed.notify_all()

    def work_off(self, lanes: list[Lane]) -> None:
        """All of them, side by side, or until time is over."""
        threads = [threading.Thread(target=self._work, args=(lane,)) for lane in lanes]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _work(self, lane: Lane) -> None:
        """A host that twice cannot even be made ready is left out; what it could not do stays outstanding."""
        failed = 0
        while failed < FAILED and (task := self._take(lane)) is not None:
            try:
                task.run(lane, self)
                failed = 0
            except (LaneBroken, AssertionError) as error:
                lane.ground, failed = None, failed + 1
                say(f"✘ {error}")
            finally:
                with self._changed:
                    del self._busy[lane.name]
                    self._changed.notify_all()

    def _take(self, lane: Lane) -> Task | None:
        with self._changed:
            while time.monotonic() < self.until:
                task = self._best(lane)
                if task is not None:
                    self.waiting.remove(task)
                    self._busy[lane.name] = task
                    return task
                if not self._busy:
                    return None
                self._changed.wait()
        return None

    def _best(self, lane: Lane) -> Task | None:
        """In the order of their ranks; of equal ones what fits the lane's stack, then what nobody else is at."""
        taken = [task.ground for task in self._busy.values()]
        occupied = any(task.alone for task in self._busy.values())
        free = [task for task in self.waiting if not (task.alone and occupied)]
        return min(free, key=lambda task: (task.rank, task.ground != lane.ground, task.ground in taken), default=None)

"""Work that never ends: when it does, it is started again, and health can tell."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

FIRST_PAUSE = 0.1  # seconds
LONGEST_PAUSE = 5.0
WELL_AFTER = 10.0  # who ran this long starts again at once the next time

log = logging.getLogger("lager.live")


class Supervised:
    """``error`` says why the work is not running at the moment; None while it is."""

    def __init__(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        self.name = name
        self.error: str | None = "noch nicht gestartet"
        self.restarts = 0
        self._work = work
        self._pause = FIRST_PAUSE
        self._supervisor: asyncio.Task[None] | None = None
        self.task: asyncio.Future[None] | None = None

    def start(self) -> None:
        self._supervisor = asyncio.create_task(self._supervise(), name=f"live-{self.name}")

    async def stop(self) -> None:
        if self._supervisor:
            self._supervisor.cancel()
            await asyncio.wait([self._supervisor])

    @property
    def is_running(self) -> bool:
        return self.error is None and self._supervisor is not None and not self._supervisor.done()

    async def _supervise(self) -> None:
        while True:
            began, self.error = time.monotonic(), None
            self.error = await self._ended()
            self._pause = FIRST_PAUSE if time.monotonic() - began > WELL_AFTER else self._pause
            extra = {"event": "live_restart", "part": self.name, "reason": self.error, "pause": self._pause}
            log.warning("live part ended, starts again", extra=extra)
            await asyncio.sleep(self._pause)
            self._pause = min(2 * self._pause, LONGEST_PAUSE)
            self.restarts += 1

    async def _ended(self) -> str:
        """Runs the work in a task of its own, so that even its cancellation does not end the supervision."""
        self.task = task = asyncio.ensure_future(self._work())
        try:
            await asyncio.wait([task])
        finally:
            task.cancel()
        if task.cancelled():
            return "abgebrochen"
        return type(task.exception()).__name__ if task.exception() else "beendet"

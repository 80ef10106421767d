"""The newest events in this process's memory: what the tail puts in, each client reads at its own pace.

The ring is the one bounded queue that all clients share; a client is nothing but its place in it. Who falls behind the
ring reads from the database instead.
"""

from __future__ import annotations

import asyncio
from collections import deque
from itertools import islice

from lager.live.events import Event, EventLog

RING = 1_000  # events
READERS = 8  # clients that read from the database at once


class Feed:
    """``epoch`` is None until the tail has looked into the database for the first time."""

    def __init__(self, events: EventLog) -> None:
        self._log = events
        self._ring: deque[Event] = deque(maxlen=RING)
        self._changed = asyncio.Event()
        self._readers = asyncio.Semaphore(READERS)
        self.epoch: str | None = None
        self.newest = 0

    def restart(self, epoch: str, newest: int) -> None:
        """The ring is of no use any more; clients read from the database or load afresh."""
        self._ring.clear()
        self.epoch, self.newest = epoch, newest
        self._tell()

    def append(self, event: Event) -> None:
        """The event that follows the newest."""
        self._ring.append(event)
        self.newest = event.seq
        self._tell()

    async def beyond(self, epoch: str | None, seq: int) -> None:
        """Waits until there is something that a client at this place does not know."""
        while self.epoch == epoch and self.newest <= seq:
            await self._changed.wait()

    async def after(self, seq: int, limit: int) -> list[Event] | None:
        """The events that follow, in order; None when they are not kept any more."""
        if self._ring and self._ring[0].seq <= seq + 1:
            start = seq + 1 - self._ring[0].seq
            return list(islice(self._ring, start, start + limit))
        async with self._readers:
            found = await self._log.after(seq, limit)
        return found if found and found[0].seq == seq + 1 else None

    def _tell(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

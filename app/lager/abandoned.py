"""Ends transactions that a killed slot has left open, so that nobody waits for what they hold.

mongod does not end a transaction because its client is gone, only after a minute (transactionLifetimeLimitSeconds).
Until then all who write the same documents collide with it: events get no numbers, the articles that were being booked
cannot be booked. Ending one of a slot that lives is harmless: it starts over, as after any collision (ADR 0031).
"""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass

from lager.database import Client, Document
from lager.supervision import Supervised

ABANDONED = 4.0  # seconds without a word inside a transaction; ours speak every few milliseconds
LOOK = 1.0  # seconds
OPEN: Document = {"type": "idleSession", "transaction": {"$exists": True}}

log = logging.getLogger("lager.database")


@dataclass(frozen=True)
class Silence:
    """``worked``: how long mongod had worked for the transaction when it fell silent, in microseconds."""

    worked: int
    since: float


class Abandoned:
    """Every slot looks after all of them; only transactions of the app's own database user can be seen and ended."""

    def __init__(self, client: Client) -> None:
        self._admin = client.admin
        self._silent: dict[tuple[uuid.UUID, int], Silence] = {}
        self.part = Supervised("abandoned", self.run)

    async def run(self) -> None:
        while True:
            await self.end_some()
            await asyncio.sleep(LOOK)

    async def end_some(self) -> int:
        """How many were ended."""
        now = time.monotonic()
        self._silent = {which: self._known(which, worked, now) async for which, worked in self._idle()}
        sessions = [{"id": which[0]} for which, silence in self._silent.items() if now - silence.since >= ABANDONED]
        if sessions:
            await self._admin.command("killSessions", sessions)
            log.warning("abandoned transactions ended", extra={"event": "abandoned_ended", "count": len(sessions)})
        return len(sessions)

    def _known(self, which: tuple[uuid.UUID, int], worked: int, now: float) -> Silence:
        before = self._silent.get(which)
        return before if before and before.worked == worked else Silence(worked, now)

    async def _idle(self) -> AsyncIterator[tuple[tuple[uuid.UUID, int], int]]:
        """The transactions that are between two statements at this moment."""
        async for found in await self._admin.aggregate([{"$currentOp": {"idleSessions": True}}, {"$match": OPEN}]):
            transaction = found["transaction"]
            which = found["lsid"]["id"], int(transaction["parameters"]["txnNumber"])
            yield which, int(transaction["timeActiveMicros"])

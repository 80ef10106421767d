"""Gives outbox entries their numbers, many in one transaction, outside the writers' way (ADR 0022).

Any slot may do it at any time: entries leave the outbox and get their numbers in one transaction, so none gets two.
Each does so after its own writes and takes what the others have left there, too. No lease and no clock decides: what a
killed slot has left is missed for half a second.
"""

from __future__ import annotations

import asyncio
import contextlib
from functools import partial

from pymongo import ReturnDocument

from lager.database import Collection, Database, Document, Session, in_transaction
from lager.live.events import COUNTER, NoEvents

BATCH = 500
GATHER = 0.05  # seconds from one batch to the next: many writers share one, a single one waits for nothing
LOOK_ANYWAY = 0.5  # seconds


class Overtaken(Exception):
    """Another slot has numbered some of these entries."""


class Numbering:
    """One slot's part in it."""

    def __init__(self, database: Database, instance: str) -> None:
        self._database = database
        self._outbox: Collection = database["outbox"]
        self._events: Collection = database["events"]
        self._counters: Collection = database["counters"]
        self._instance = instance
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Something has been put into the outbox, or may have been."""
        self._woken.set()

    async def run(self) -> None:
        while True:
            await self._something_to_do()
            while await self.number_some():
                pass
            await asyncio.sleep(GATHER)

    async def number_some(self) -> bool:
        """True when there may be more."""
        waiting = await self._outbox.find().sort("stamp").limit(BATCH).to_list()
        if not waiting:
            return False
        try:
            await in_transaction(self._database, partial(self._move, waiting))
        except Overtaken:
            return True
        return len(waiting) == BATCH

    async def _move(self, waiting: list[Document], session: Session) -> None:
        """From the outbox to the events, all or none."""
        moved = await self._outbox.delete_many({"_id": {"$in": [entry["_id"] for entry in waiting]}}, session=session)
        if moved.deleted_count != len(waiting):
            raise Overtaken
        counter = await self._counters.find_one_and_update(
            {"_id": COUNTER},
            {"$inc": {"value": len(waiting)}},
            session=session,
            return_document=ReturnDocument.BEFORE,
        )
        if counter is None:
            raise NoEvents
        events = [self._numbered(seq, entry) for seq, entry in enumerate(waiting, counter["value"] + 1)]
        await self._events.insert_many(events, session=session)

    def _numbered(self, seq: int, entry: Document) -> Document:
        return {"_id": seq, "at": entry["at"], "kind": entry["kind"], "body": entry["body"], "by": self._instance}

    async def _something_to_do(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LOOK_ANYWAY):
                await self._woken.wait()
        self._woken.clear()

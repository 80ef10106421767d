"""Numbers that count up: for articles, for bookings."""

from __future__ import annotations

import asyncio
import contextvars

from pymongo import ReturnDocument
from pymongo.write_concern import WriteConcern

from lager.database import Collection, Database

AT_ONCE = WriteConcern(w=1)  # a number is used by a later write that waits for the journal


class Numbers:
    """One row of numbers, over all slots: none is given twice, one that nobody used is missing.

    Who asks while a question is under way waits for the next one, which fetches numbers for all of them: many questions
    at once would be about one document, where mongod lets one after the other through and makes the rest try again.
    """

    def __init__(self, database: Database, name: str) -> None:
        self._counters: Collection = database["counters"].with_options(write_concern=AT_ONCE)
        self._name = name
        self._waiting: list[asyncio.Future[int]] = []
        self._fetching: asyncio.Task[None] | None = None

    async def next(self) -> int:
        """From 1. Raises what MongoDB raised when it was asked."""
        mine: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting.append(mine)
        if self._fetching is None:
            nobodys = contextvars.Context()  # not that of who asks first, with its deadline
            self._fetching = asyncio.create_task(self._fetch_for_all(), context=nobodys)
        return await mine

    async def _fetch_for_all(self) -> None:
        try:
            while self._waiting:
                asking, self._waiting = self._waiting, []
                await self._fetch_for(asking)
        finally:
            self._fetching = None

    async def _fetch_for(self, asking: list[asyncio.Future[int]]) -> None:
        try:
            last = await self._raised_by(len(asking))
        except Exception as exc:  # each of them answers for it in its own request
            for one in asking:
                if not one.done():
                    one.set_exception(exc)
            return
        for number, one in enumerate(asking, last - len(asking) + 1):
            if not one.done():  # else its request was given up
                one.set_result(number)

    async def _raised_by(self, count: int) -> int:
        counter = await self._counters.find_one_and_update(
            {"_id": self._name}, {"$inc": {"value": count}}, upsert=True, return_document=ReturnDocument.AFTER
        )
        return int(counter["value"]) if counter else count

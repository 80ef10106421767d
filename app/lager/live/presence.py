"""Who looks at the same thing, in whichever slot: one short-lived document per open page."""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from pymongo.errors import PyMongoError

from lager.accounts.model import User
from lager.database import Collection, Database, Document

LASTS = timedelta(seconds=45)  # what a killed slot leaves behind fades after this
RENEWED = 15.0  # seconds
GATHER = 0.05  # seconds; several changes at once are one question

Tell = Callable[[str, list[str]], Awaitable[None]]


@dataclass
class Watch:
    """``thing``: „article:64b0…“. ``told``: the names the page shows now."""

    thing: str
    user: User
    told: tuple[str, ...] = ()


class Presence:
    """One slot's pages, by a key of their own, and what they were told."""

    def __init__(self, database: Database, instance: str, now: Callable[[], datetime]) -> None:
        self._presence: Collection = database["presence"]
        self._instance = instance
        self._now = now
        self._watches: dict[str, Watch] = {}
        self._changed = asyncio.Event()
        self.tell: Tell | None = None

    def wake(self) -> None:
        """Somebody came or went, in this slot or another."""
        self._changed.set()

    async def watch(self, page: str, user: User, thing: str) -> None:
        self._watches[page] = Watch(thing, user)
        document: Document = {"slot": self._instance, "thing": thing, "user_id": user.id, "name": user.name}
        document["until"] = self._now() + LASTS
        await self._presence.replace_one({"_id": page}, document, upsert=True)

    async def leave(self, page: str) -> None:
        if self._watches.pop(page, None):
            await self._presence.delete_one({"_id": page})

    async def leave_all(self) -> None:
        """This slot ends. What cannot be removed now fades."""
        if self._watches:
            self._watches.clear()
            with contextlib.suppress(PyMongoError):
                await self._presence.delete_many({"slot": self._instance})

    async def run(self) -> None:
        """Tells the pages when the others on their thing have changed; renews what this slot has written."""
        renewed = 0.0
        loop = asyncio.get_running_loop()
        while True:
            if loop.time() - renewed >= RENEWED:
                renewed = loop.time()
                await self._renew()
            await self._tell_all()
            await self._until_changed(renewed + RENEWED - loop.time())

    async def _renew(self) -> None:
        """Only what is open here: a page that closed while it was being written fades."""
        pages = {"_id": {"$in": list(self._watches)}}
        await self._presence.update_many(pages, {"$set": {"until": self._now() + LASTS}})

    async def _until_changed(self, longest: float) -> None:
        try:
            async with asyncio.timeout(max(longest, 0)):
                await self._changed.wait()
        except TimeoutError:
            return
        await asyncio.sleep(GATHER)
        self._changed.clear()

    async def _tell_all(self) -> None:
        there = await self._there()
        for page, watch in list(self._watches.items()):
            others = {user_id: name for user_id, name in there[watch.thing].items() if user_id != watch.user.id}
            names = tuple(sorted(others.values()))
            if names != watch.told and self.tell:
                watch.told = names
                await self.tell(page, list(names))

    async def _there(self) -> defaultdict[str, dict[str, str]]:
        """Per thing that somebody here looks at: names by user id."""
        found: defaultdict[str, dict[str, str]] = defaultdict(dict)
        things = list({watch.thing for watch in self._watches.values()})
        if things:
            async for page in self._presence.find({"thing": {"$in": things}, "until": {"$gt": self._now()}}):
                found[page["thing"]][page["user_id"]] = page["name"]
        return found

"""Follows the database's change stream and tells the parts of this slot what happened.

Nothing depends on having seen every change: events have numbers, so that what a new stream has not shown is read from
``events``; ended sessions and presence are looked up afresh. A stream that cannot go on (expired resume token, mongod
restarted, database swapped by a restore) is therefore simply replaced by a new one.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from lager.database import Database, Document
from lager.live.events import Event, EventLog, event_from
from lager.live.feed import RING, Feed

AWAIT_MS = 1_000  # how long mongod holds a question open when nothing happens
SILENCE = 3.0  # seconds without any answer: the connection is dead

WRITES = ["insert", "replace", "delete"]
CHANGES = ["update", "replace", "delete"]
SWAPS = ["rename", "drop", "dropDatabase", "invalidate"]
SWAPPED = ["events", "counters", "sessions", "users"]  # a restore puts others in their place
PIPELINE: list[Document] = [
    {
        "$match": {
            "$or": [
                {"operationType": "insert", "ns.coll": "events"},
                {"operationType": {"$in": WRITES}, "ns.coll": "presence"},
                {"operationType": "delete", "ns.coll": "sessions"},
                {"operationType": {"$in": CHANGES}, "ns.coll": "users"},
                {"operationType": {"$in": SWAPS}, "ns.coll": {"$in": [*SWAPPED, None]}},
                {"operationType": "rename", "to.coll": {"$in": SWAPPED}},
            ]
        }
    }
]

log = logging.getLogger("lager.live")


class Swapped(Exception):
    """Another collection has taken the place of one that counts here."""


@dataclass(frozen=True)
class Hearers:
    """Who is told what. ``afresh``: a stream begins, anything may have happened before it."""

    presence: Callable[[], None]
    session_ended: Callable[[str], None]
    user_changed: Callable[[str], None]
    afresh: Callable[[], None]


class Tail:
    """``lag_ms``: how long the newest event took from its writer to here."""

    def __init__(self, database: Database, events: EventLog, feed: Feed, hearers: Hearers) -> None:
        self._database = database
        self._log = events
        self._feed = feed
        self._hearers = hearers
        self._heard_at: float | None = None
        self.lag_ms: float | None = None

    @property
    def silent_seconds(self) -> float:
        """Since mongod last answered the stream; infinite before the first time."""
        return float("inf") if self._heard_at is None else time.monotonic() - self._heard_at

    async def run(self) -> None:
        """Until something goes wrong; ``lager.supervision`` starts it again."""
        async with await self._database.watch(PIPELINE, max_await_time_ms=AWAIT_MS) as stream:
            await self.catch_up()
            self._hearers.afresh()
            log.info("following the events", extra={"event": "live", "seq": self._feed.newest})
            while True:
                async with asyncio.timeout(SILENCE):
                    change = await stream.try_next()
                self._heard_at = time.monotonic()
                if change is not None:
                    await self._take(change)

    async def catch_up(self) -> None:
        """Read what the stream has not shown. Far behind, clients read for themselves."""
        epoch, newest = await self._log.epoch(), await self._log.newest()
        if self._feed.epoch != epoch or not 0 <= newest - self._feed.newest <= RING:
            self._feed.restart(epoch, newest)
        for event in await self._log.after(self._feed.newest, RING):
            self._append(event)
        self._heard_at = time.monotonic()

    async def _take(self, change: Any) -> None:
        kind, collection = change["operationType"], change.get("ns", {}).get("coll")
        if kind in SWAPS:
            raise Swapped(collection)
        if collection == "events":
            await self._numbered(event_from(change["fullDocument"]))
        elif collection == "presence":
            self._hearers.presence()
        elif collection == "sessions":
            self._hearers.session_ended(change["documentKey"]["_id"])
        elif collection == "users":
            self._hearers.user_changed(str(change["documentKey"]["_id"]))

    async def _numbered(self, event: Event) -> None:
        if event.seq > self._feed.newest + 1:
            await self.catch_up()
        elif event.seq == self._feed.newest + 1:
            self._append(event)

    def _append(self, event: Event) -> None:
        if event.seq != self._feed.newest + 1:  # removed in between: as if far behind
            self._feed.restart(self._feed.epoch or "", event.seq - 1)
        self._feed.append(event)
        self.lag_ms = round((datetime.now(UTC) - event.at).total_seconds() * 1000, 1)

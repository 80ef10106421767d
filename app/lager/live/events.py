"""The numbered events: gap-free from 1, kept for a day, the same for every slot and every client."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from lager.database import Collection, Database, Document

KEPT = timedelta(days=1)  # who was away longer loads everything afresh
COUNTER = "events"  # in ``counters``: the number given last, which outlives the events themselves


class NoEvents(Exception):
    """The collection is not there (yet): a database that is being prepared or restored."""


@dataclass(frozen=True)
class Event:
    """``body`` is what the writer told."""

    seq: int
    at: datetime
    kind: str
    body: Document

    def view(self) -> dict[str, Any]:
        return {"seq": self.seq, "at": self.at.isoformat(), "kind": self.kind, "body": self.body}


def event_from(document: Document) -> Event:
    return Event(document["_id"], document["at"], document["kind"], document["body"])


class EventLog:
    """Reads what ``live.numbering`` has written."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._events: Collection = database["events"]
        self._counters: Collection = database["counters"]

    async def epoch(self) -> str:
        """The collection's own id. A restored database has another, so that its numbers are not taken for the old."""
        found = await self._database.list_collections(filter={"name": self._events.name})
        async for collection in found:
            return str(collection["info"]["uuid"].hex())
        raise NoEvents

    async def newest(self) -> int:
        """The number given last; 0 before the first."""
        counter = await self._counters.find_one({"_id": COUNTER})
        if counter is None:
            raise NoEvents
        return int(counter["value"])

    async def after(self, seq: int, limit: int) -> list[Event]:
        found = self._events.find({"_id": {"$gt": seq}}).sort("_id").limit(limit)
        return [event_from(document) async for document in found]

"""Reading the ledger: newest first, page by page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bson import ObjectId

from lager.bookings.model import Kind
from lager.bookings.store import GONE
from lager.database import Collection, Database, Document, object_id
from lager.problems import NoSuchPage, NotFound

NEWEST_FIRST = [("at", -1), ("_id", -1)]


@dataclass(frozen=True)
class Place:
    """Where a page ended."""

    at: datetime
    booking: ObjectId

    def text(self) -> str:
        return f"{self.at.timestamp():.3f}:{self.booking}"

    @classmethod
    def parsed(cls, text: str) -> Place:
        seconds, _, booking = text.partition(":")
        found = object_id(booking)
        try:
            at = datetime.fromtimestamp(float(seconds), UTC)
        except (ValueError, OverflowError, OSError) as exc:
            raise NoSuchPage from exc
        if found is None:
            raise NoSuchPage
        return cls(at, found)


@dataclass(frozen=True)
class Wanted:
    """What the list is asked for. ``location_ids``: any of them, as source or target."""

    article: ObjectId | None = None
    location_ids: tuple[ObjectId, ...] = ()
    kind: Kind | None = None
    after: Place | None = None
    limit: int = 50

    def matching(self) -> Document:
        found: Document = {}
        if self.article:
            found["lines.article.id"] = self.article
        if self.location_ids:
            found["location_ids"] = {"$in": list(self.location_ids)}
        if self.kind:
            found["kind"] = self.kind.value
        if self.after:
            found["at"] = {"$lte": self.after.at}
            found["$or"] = [{"at": {"$lt": self.after.at}}, {"_id": {"$lt": self.after.booking}}]
        return found


@dataclass(frozen=True)
class Page:
    """``after`` continues behind the last row, None at the end."""

    rows: list[Document]
    after: Place | None


class History:
    """The bookings as people read them, each with ``undone_by`` where there is a counter-booking."""

    def __init__(self, database: Database) -> None:
        self._bookings: Collection = database["bookings"]

    async def get(self, booking_id: str) -> Document:
        found = await self._bookings.find_one({"_id": object_id(booking_id)})
        if found is None:
            raise NotFound(GONE)
        return (await self.told([found]))[0]

    async def page(self, wanted: Wanted) -> Page:
        cursor = self._bookings.find(wanted.matching()).sort(NEWEST_FIRST)
        rows = await cursor.limit(wanted.limit + 1).to_list()
        more, rows = len(rows) > wanted.limit, rows[: wanted.limit]
        after = Place(rows[-1]["at"], rows[-1]["_id"]) if more else None
        return Page(await self.told(rows), after)

    async def told(self, bookings: Sequence[Document]) -> list[Document]:
        """The same bookings with what happened to them since."""
        ids = [one["_id"] for one in bookings]
        opposites = self._bookings.find({"undoes": {"$in": ids, "$type": "objectId"}}, ["undoes"])  # partial index
        undone = {one["undoes"]: one["_id"] async for one in opposites}
        return [one | {"undone_by": undone.get(one["_id"])} for one in bookings]

"""The ledger in MongoDB. Bookings are only ever added; each changes the stock in the same transaction.

What keeps them right when many book at once: MongoDB lets the second of two transactions that write the same document
fail, and it starts over from a fresh view. So stock that was read and is then written cannot have changed in between.
Articles and locations are only read; the first booking marks them ``is_booked``, and from then on they can neither be
deleted nor change what stored amounts mean (the unit).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from bson import ObjectId
from pymongo.errors import DuplicateKeyError

from lager.accounts.model import User
from lager.bookings import lines
from lager.bookings.lines import Draft, Things
from lager.bookings.model import BookingInput, Kind, UndoInput, change, check_shape, in_milliseconds
from lager.bookings.stock import Stock
from lager.database import Collection, Database, Document, Session, lock, object_id
from lager.live.outbox import Outbox
from lager.numbers import Numbers
from lager.problems import Conflict, NotFound, Problem

GONE = "Diese Buchung gibt es nicht."
ARTICLE_FIELDS = ("number", "name", "unit", "is_booked")
PLACE_FIELDS = ("name", "code", "is_booked")


@dataclass(frozen=True)
class Posted:
    """``is_new`` is False when the same request had been booked before."""

    booking: Document
    is_new: bool


@dataclass(frozen=True)
class Origin:
    """Who booked, under which key; the fingerprint tells whether a key comes back with other content."""

    user: User
    key: str
    fingerprint: str


class Bookings:
    """Writes bookings. ``history.History`` reads them."""

    def __init__(self, database: Database, outbox: Outbox, now: Callable[[], datetime]) -> None:
        self._database = database
        self._outbox = outbox
        self._bookings: Collection = database["bookings"]
        self._articles: Collection = database["articles"]
        self._locations: Collection = database["locations"]
        self._numbers = Numbers(database, "booking_number")
        self._stock = Stock(database)
        self._now = now

    async def book(self, wish: BookingInput, user: User) -> Posted:
        """All lines or none; BadFields names what is wrong. The same key again returns the booking there is."""
        check_shape(wish)

        async def draft(session: Session) -> Draft:
            things = await self._things(wish, session)
            lines.check_things(wish, things)
            await self._mark(things, session)
            stock = await self._stock.read(lines.cells(wish), session)
            fields = {"kind": wish.kind.value, "reason": wish.reason, "note": wish.note, "undoes": None}
            return lines.drafted(wish, things, fields, stock)

        return await self._post(Origin(user, wish.key, wish.fingerprint()), draft)

    async def undo(self, booking_id: str, wish: UndoInput, user: User) -> Posted:
        """Book the opposite; once only. Conflict where the goods have moved on meanwhile."""

        async def draft(session: Session) -> Draft:
            original = await self._undoable(object_id(booking_id), session)
            opposite = lines.reversed_lines(original["lines"])
            stock = await self._stock.read(lines.effects(opposite), session)
            fields = {"kind": Kind.UNDO.value, "reason": wish.reason, "note": "", "undoes": original["_id"]}
            return Draft(fields, opposite, stock)

        return await self._post(Origin(user, wish.key, wish.fingerprint(booking_id)), draft)

    async def _post(self, origin: Origin, draft: Callable[[Session], Awaitable[Draft]]) -> Posted:
        """Whether a key has been booked is asked only when booking fails, as the repetition of a booking always does:
        its key is taken, if it is not refused before (the goods are gone, it is undone already)."""
        number: str | None = None

        async def work(session: Session) -> Document:
            nonlocal number
            drafted = await draft(session)
            await self._check(drafted, session)
            number = number or await self._next_number()  # kept for further attempts; a refusal uses none
            return await self._write(drafted, number, origin, session)

        try:
            return Posted(await self._outbox.transaction(work), is_new=True)
        except (Problem, DuplicateKeyError):
            if known := await self._bookings.find_one({"key": origin.key}):
                return Posted(_same(known, origin), is_new=False)
            raise

    async def _write(self, draft: Draft, number: str, origin: Origin, session: Session) -> Document:
        deltas = lines.effects(draft.lines)
        booking: Document = {
            "_id": ObjectId(),
            "number": number,
            "key": origin.key,
            "fingerprint": origin.fingerprint,
            **draft.fields,
            "at": in_milliseconds(self._now()),
            "by": {"id": origin.user.id, "name": origin.user.name},
            "lines": draft.lines,
            "location_ids": sorted({cell.location for cell in deltas}),
        }
        await self._stock.change(deltas, session)
        await self._bookings.insert_one(booking, session=session)
        await self._outbox.record(session, "booking", change(booking, draft.stock, deltas))
        return booking

    async def _check(self, draft: Draft, session: Session) -> None:
        """No stock below zero, unless the location allows it: then that must not change in the same moment."""
        owed = lines.owed(draft)
        allowing = {"_id": {"$in": sorted(owed)}, "allows_negative": True}
        may_owe = set(await self._locations.distinct("_id", allowing, session=session)) if owed else set()
        lines.check_result(draft, may_owe)
        if draft.problems and draft.fields["undoes"]:
            raise Conflict(" ".join(["Nicht mehr möglich.", *draft.problems.values()]))
        draft.refuse_if_wrong()
        if may_owe:
            await lock(self._database, "locations", session)

    async def _things(self, wish: BookingInput, session: Session) -> Things:
        articles = {object_id(line.article_id) for line in wish.lines}
        places = {object_id(text) for line in wish.lines for text in line.places().values()}
        return Things(
            await _by_id(self._articles, articles, ARTICLE_FIELDS, session),
            await _by_id(self._locations, places, PLACE_FIELDS, session),
        )

    async def _mark(self, things: Things, session: Session) -> None:
        """The only write to articles and locations, so that whoever deletes one at this moment collides with it."""
        for collection, found in ((self._articles, things.articles), (self._locations, things.locations)):
            if fresh := [one["_id"] for one in found.values() if not one.get("is_booked")]:
                await collection.update_many({"_id": {"$in": fresh}}, {"$set": {"is_booked": True}}, session=session)

    async def _undoable(self, booking_id: ObjectId | None, session: Session) -> Document:
        original = await self._bookings.find_one({"_id": booking_id}, session=session)
        if original is None:
            raise NotFound(GONE)
        if original["kind"] == Kind.UNDO.value:
            raise Conflict("Eine Rücknahme lässt sich nicht zurücknehmen. Bitte neu buchen.")
        if other := await self._bookings.find_one({"undoes": original["_id"]}, ["number", "by"], session=session):
            raise Conflict(f"Schon zurückgenommen: {other['number']} von {other['by']['name']}.")
        return original

    async def _next_number(self) -> str:
        return f"B-{await self._numbers.next():06d}"


def _same(known: Document, origin: Origin) -> Document:
    if known["fingerprint"] != origin.fingerprint:
        raise Conflict(f"Unter diesem Schlüssel ist schon etwas anderes gebucht ({known['number']}).")
    return known


async def _by_id(
    collection: Collection, ids: Iterable[ObjectId | None], fields: Iterable[str], session: Session
) -> dict[str, Document]:
    wanted = [one for one in ids if one]
    found = collection.find({"_id": {"$in": wanted}}, list(fields), session=session)
    return {str(one["_id"]): one async for one in found}

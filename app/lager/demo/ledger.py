"""Books the movements of the example business on the days they are meant to have, as any other booking is made."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from lager.accounts.model import Role, User
from lager.articles.search import number_key
from lager.bookings.model import BookingInput, Kind, UndoInput
from lager.bookings.store import Bookings
from lager.demo.movements import Move, Movement
from lager.locations.model import code_key
from lager.problems import Problem
from lager.services import Services

NAMESPACE = uuid.UUID("6ac1d5de-5a0c-4b61-9d0c-6f2a1c1e7a11")


class _Calendar:
    """The clock of the example: it stands where the movement is that is booked now."""

    def __init__(self, today: datetime) -> None:
        self._midnight = datetime.combine(today.date(), time(), UTC)
        self.moment = self._midnight

    def turn_to(self, movement: Movement) -> None:
        self.moment = self._midnight - timedelta(days=movement.days_ago) + timedelta(hours=movement.hour)

    def now(self) -> datetime:
        return self.moment


@dataclass(frozen=True)
class _Bookkeeper:
    """``articles`` and ``places``: ids by number and by code. ``booked``: ids of bookings by their keys."""

    bookings: Bookings
    articles: Mapping[str, str]
    places: Mapping[str, str]
    booked: dict[str, str]

    async def book(self, movement: Movement) -> None:
        who = User("demo", "beispieldaten", movement.who, Role.STORE, False, 1, None)
        key = _key(movement.name)
        if movement.undoes:
            original = self.booked.get(_key(movement.undoes), "")
            posted = await self.bookings.undo(original, UndoInput(key=key), who)
        else:
            lines = [self._line(movement.kind, move) for move in movement.moves]
            fields = {"kind": movement.kind, "reason": movement.reason, "note": movement.note, "lines": lines}
            posted = await self.bookings.book(BookingInput.model_validate({"key": key, **fields}), who)
        self.booked[key] = str(posted.booking["_id"])

    def _line(self, kind: Kind, move: Move) -> dict[str, Any]:
        article = {"article_id": self.articles[number_key(move.number)]}
        source, target = (self.places[code_key(code)] if code else None for code in (move.source, move.target))
        if kind is Kind.CORRECTION:
            return article | {"location_id": source, "counted": str(move.amount)}
        return article | {"from_location_id": source, "to_location_id": target, "quantity": str(move.amount)}


async def book_movements(services: Services, told: Sequence[Movement], places: Mapping[str, str]) -> int:
    """How many were added. ``places``: the ids by code. What has become impossible meanwhile is left out."""
    found = services.database["bookings"].find({"key": {"$in": [_key(movement.name) for movement in told]}}, ["key"])
    booked = {one["key"]: str(one["_id"]) async for one in found}
    missing = [movement for movement in told if _key(movement.name) not in booked]
    calendar = _Calendar(datetime.now(UTC))
    bookings = Bookings(services.database, services.outbox, calendar.now)
    keeper = _Bookkeeper(bookings, await _article_ids(services) if missing else {}, places, booked)
    before = len(booked)
    for movement in missing:
        calendar.turn_to(movement)
        with suppress(Problem):
            await keeper.book(movement)
    return len(booked) - before


async def _article_ids(services: Services) -> dict[str, str]:
    found = services.database["articles"].find({}, ["number_key"])
    return {one["number_key"]: str(one["_id"]) async for one in found}


def _key(name: str) -> str:
    return str(uuid.uuid5(NAMESPACE, name))

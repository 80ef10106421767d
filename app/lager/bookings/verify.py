"""Is the ledger as it was written? The chain, the sums, the stock; all read as of one moment, while others book."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from lager.articles.model import Unit, spoken
from lager.bookings.chain import BEGINNING, CHAIN, UNSEALED, seal
from lager.bookings.lines import effects
from lager.bookings.stock import ZERO, Cell
from lager.database import Database, Document, Session


@dataclass
class Verified:
    """``broken`` has at most one finding per check, the first; empty when all is well."""

    sealed: int = 0
    unsealed: int = 0
    cells: int = 0
    head: str = BEGINNING
    broken: list[str] = field(default_factory=list)

    def view(self) -> dict[str, Any]:
        counts = {"sealed": self.sealed, "unsealed": self.unsealed, "cells": self.cells}
        return {"ok": not self.broken, **counts, "head": self.head, "broken": self.broken}

    def told(self) -> str:
        """German, a line per finding."""
        counts = f"{self.sealed} Buchungen gesiegelt, {self.unsealed} noch nicht, {self.cells} Bestände"
        verdict = "Nicht in Ordnung" if self.broken else "In Ordnung"
        return "\n".join([f"{verdict}: {counts}. Ende der Kette: {self.head}", *self.broken])


async def verify(database: Database) -> Verified:
    """Takes some seconds per 100,000 bookings; mongod keeps the moment for five minutes."""
    async with database.client.start_session(snapshot=True) as session:
        check = _Check(database, session)
        await check.chain()
        await check.stock()
    return check.found


class _Check:
    def __init__(self, database: Database, session: Session) -> None:
        self.found = Verified()
        self._database = database
        self._session = session
        self._sums: defaultdict[Cell, Decimal] = defaultdict(Decimal)
        self._names: dict[Cell, tuple[str, str, Unit]] = {}

    async def chain(self) -> None:
        """Every seal follows from the one before and from its booking; the newest is the one that was noted."""
        broken: str | None = None
        position, previous, last = 0, BEGINNING, "dem Anfang"
        bookings = self._database["bookings"]
        sealed = bookings.find({"seal.position": {"$gt": 0}}, session=self._session)
        async for booking in sealed.sort([("seal.position", 1), ("_id", 1)]):
            broken = broken or _misfit(booking, position + 1, previous, last)
            position, previous, last = booking["seal"]["position"], booking["seal"]["hash"], booking["number"]
            self.found.sealed += 1
            self._add(booking)
        async for booking in bookings.find(UNSEALED, session=self._session):
            self.found.unsealed += 1
            self._add(booking)
        self.found.head = previous
        broken = broken or await self._end_misfit(position, previous)
        self.found.broken += [broken] if broken else []

    async def _end_misfit(self, position: int, newest: str) -> str | None:
        head = await self._database["ledger"].find_one({"_id": CHAIN}, session=self._session)
        if head is None:
            return "Das Ende der Kette ist nirgends vermerkt (Sammlung ledger)." if position else None
        if (head["position"], head["hash"]) == (position, newest):
            return None
        return f"Ende der Kette: vermerkt ist Platz {head['position']}, vorhanden ist Platz {position}."

    def _add(self, booking: Document) -> None:
        for cell, delta in effects(booking["lines"]).items():
            self._sums[cell] += delta
        for line in booking["lines"]:
            for place in filter(None, (line["from"], line["to"])):
                named = line["article"]["number"], place["code"], Unit(line["article"]["unit"])
                self._names[Cell(line["article"]["id"], place["id"])] = named

    async def stock(self) -> None:
        """The stored stock is the ledger's sum, and less than nothing only where that is allowed."""
        stored: dict[Cell, Decimal] = {}
        async for one in self._database["stock"].find({}, session=self._session):
            stored[Cell(**one["_id"])] = one["quantity"].to_decimal()
        self.found.cells = len(stored)
        allowing = self._database["locations"].find({"allows_negative": True}, ["_id"], session=self._session)
        may_owe = {one["_id"] async for one in allowing}
        wrong = (cell for cell in sorted({*stored, *self._sums}) if stored.get(cell, ZERO) != self._sums[cell])
        owing = (cell for cell in sorted(stored) if stored[cell] < 0 and cell.location not in may_owe)
        if (cell := next(wrong, None)) is not None:
            sums, there = (self._told(cell, value) for value in (self._sums[cell], stored.get(cell, ZERO)))
            self.found.broken.append(f"Bestand {self._place(cell)}: laut Buchungen {sums}, gespeichert {there}.")
        if (cell := next(owing, None)) is not None:
            owed = self._told(cell, stored[cell])
            self.found.broken.append(f"Bestand {self._place(cell)}: {owed}; unter null ist dort nicht erlaubt.")

    def _place(self, cell: Cell) -> str:
        number, code, _ = self._names.get(cell, (f"Artikel {cell.article}", f"Ort {cell.location}", None))
        return f"{number} in {code}"

    def _told(self, cell: Cell, value: Decimal) -> str:
        return spoken(value, self._names[cell][2]) if cell in self._names else str(value)


def _misfit(booking: Document, position: int, previous: str, last: str) -> str | None:
    """What is wrong with this place of the chain; ``last`` names the booking before it."""
    sealed, number = booking["seal"], booking["number"]
    if sealed["position"] != position:
        return f"Kette: nach {last} müsste Platz {position} folgen, es folgt Platz {sealed['position']} ({number})."
    if sealed["previous"] != previous:
        return f"Kette, Platz {position} ({number}): schließt nicht an {last} an."
    if seal(booking, position, previous) != sealed:
        return f"Kette, Platz {position} ({number}): der Inhalt passt nicht zum Siegel; er wurde nachträglich geändert."
    return None

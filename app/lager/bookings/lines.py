"""From what somebody typed to the lines of a booking, against the articles, places and stock of one moment.

No database here. Problems are collected by field („lines.0.quantity“), so that the form can show all of them at once.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from bson import ObjectId

from lager.articles.model import LARGEST, Unit, spoken
from lager.bookings.model import BookingInput, Kind, LineInput, stored_line
from lager.bookings.stock import ZERO, Cell
from lager.database import Document, object_id, to_decimal128
from lager.problems import BadFields

LARGEST_LINE = Decimal(100_000)


@dataclass(frozen=True)
class Things:
    """The articles and locations that a booking names, by the id as text; what does not exist is absent."""

    articles: Mapping[str, Document]
    locations: Mapping[str, Document]


@dataclass
class Draft:
    """A booking before it is written: its other fields, its lines, the stock it found, and what is wrong with it."""

    fields: Document
    lines: list[Document]
    stock: Mapping[Cell, Decimal]
    problems: dict[str, str] = field(default_factory=dict)

    def refuse_if_wrong(self) -> None:
        if self.problems:
            raise BadFields(self.problems)


def cells(booking: BookingInput) -> list[Cell]:
    """Everything the booking touches."""
    found = {
        Cell(article, place)
        for line in booking.lines
        for text in line.places().values()
        if (article := object_id(line.article_id)) and (place := object_id(text))
    }
    return sorted(found)


def check_things(booking: BookingInput, things: Things) -> None:
    """Every article and place is there, and every amount fits the article's unit; else BadFields."""
    problems: dict[str, str] = {}
    for number, line in enumerate(booking.lines):
        found = {
            name: "Diesen Lagerort gibt es nicht (mehr)."
            for name, text in line.places().items()
            if text not in things.locations
        }
        article = things.articles.get(line.article_id)
        if article is None:
            found["article_id"] = "Diesen Artikel gibt es nicht (mehr)."
        else:
            found |= _amount_problems(line, Unit(article["unit"]))
        problems |= {f"lines.{number}.{name}": message for name, message in found.items()}
    if problems:
        raise BadFields(problems)


def _amount_problems(line: LineInput, unit: Unit) -> dict[str, str]:
    amounts = {"quantity": line.quantity, "counted": line.counted}
    return {name: found for name, value in amounts.items() if value is not None and (found := _unfit(value, unit))}


def _unfit(value: Decimal, unit: Unit) -> str | None:
    if value > LARGEST_LINE:
        return f"Das ist zu viel für eine Buchung; erlaubt sind höchstens {spoken(LARGEST_LINE, unit)}."
    if value != round(value, unit.decimals):
        if unit.decimals == 0:
            return f"In „{unit.value}“ wird nur in ganzen Zahlen gebucht."
        return f"In „{unit.value}“ sind höchstens {unit.decimals} Nachkommastellen möglich."
    return None


def drafted(booking: BookingInput, things: Things, fields: Document, stock: Mapping[Cell, Decimal]) -> Draft:
    """The booking's lines; a correction becomes the difference to what is there."""
    draft = Draft(fields, [], stock)
    for number, line in enumerate(booking.lines):
        article = things.articles[line.article_id]
        if booking.kind is Kind.CORRECTION:
            draft.lines.append(_difference(draft, number, line, article, things.locations[line.location_id or ""]))
        else:
            source, target = (things.locations.get(text or "") for text in (line.from_location_id, line.to_location_id))
            draft.lines.append(stored_line(article, source, target, line.quantity or ZERO))
    return draft


def _difference(draft: Draft, number: int, line: LineInput, article: Document, place: Document) -> Document:
    present, counted = draft.stock[Cell(article["_id"], place["_id"])], line.counted or ZERO
    if line.seen is not None and line.seen != present:
        now = spoken(present, Unit(article["unit"]))
        draft.problems[f"lines.{number}.counted"] = f"Der Bestand hat sich geändert: jetzt {now}. Bitte neu zählen."
    missing = present - counted
    source, target = (place, None) if missing > 0 else (None, place)
    return stored_line(article, source, target, abs(missing)) | {"counted": to_decimal128(counted)}


def reversed_lines(lines: Sequence[Document]) -> list[Document]:
    """The lines of the counter-booking."""
    kept = ("article", "quantity")
    return [{"from": line["to"], "to": line["from"], **{name: line[name] for name in kept}} for line in lines]


def effects(lines: Sequence[Document]) -> dict[Cell, Decimal]:
    """What the lines change, summed up per cell."""
    deltas: dict[Cell, Decimal] = {}
    for line in lines:
        quantity: Decimal = line["quantity"].to_decimal()
        for place, delta in ((line["from"], -quantity), (line["to"], quantity)):
            if place:
                cell = Cell(line["article"]["id"], place["id"])
                deltas[cell] = deltas.get(cell, ZERO) + delta
    return deltas


def owed(draft: Draft) -> set[ObjectId]:
    """The locations where less than nothing would remain."""
    deltas = effects(draft.lines)
    return {cell.location for cell, delta in deltas.items() if delta < 0 and draft.stock[cell] + delta < 0}


def check_result(draft: Draft, may_owe: Collection[ObjectId]) -> None:
    """Adds a problem for what would leave less than nothing where that is not allowed, or an absurd amount."""
    deltas = effects(draft.lines)
    for number, line in enumerate(draft.lines):
        for place in filter(None, (line["from"], line["to"])):
            cell = Cell(line["article"]["id"], place["id"])
            found = _impossible(line, place, draft.stock[cell], deltas[cell], place["id"] in may_owe)
            if found:
                draft.problems.setdefault(f"lines.{number}.{'counted' if 'counted' in line else 'quantity'}", found)


def _impossible(line: Document, place: Document, present: Decimal, delta: Decimal, may_owe: bool) -> str | None:
    after, unit = present + delta, Unit(line["article"]["unit"])
    if delta < 0 and after < 0 and not may_owe:
        there = f"sind nur {spoken(present, unit)}" if present > 0 else "ist davon nichts"
        return f"In {place['code']} ({place['name']}) {there}."
    if delta > 0 and after > LARGEST:
        return f"Mehr als {spoken(LARGEST, unit)} an einem Ort sind nicht möglich."
    return None

"""A booking as the API takes and shows it, and as it is stored: append-only, with the names of its day."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from lager.articles.model import Amount
from lager.bookings.stock import Cell
from lager.database import Document, amount_text, to_decimal128
from lager.fields import Body, ManyLines, OneLine
from lager.problems import BadFields

LINES_MAX = 100


class Kind(StrEnum):
    """What a booking does. Only ``Bookings.undo`` makes an UNDO."""

    IN = "in"
    OUT = "out"
    TRANSFER = "transfer"
    CORRECTION = "correction"
    UNDO = "undo"


NEEDED: dict[Kind, tuple[str, ...]] = {
    Kind.IN: ("to_location_id", "quantity"),
    Kind.OUT: ("from_location_id", "quantity"),
    Kind.TRANSFER: ("from_location_id", "to_location_id", "quantity"),
    Kind.CORRECTION: ("location_id", "counted"),
}
OPTIONAL = {Kind.CORRECTION: ("seen",)}
BY_KIND = ("from_location_id", "to_location_id", "location_id", "quantity", "counted", "seen")


def _uuid(text: str) -> str:
    try:
        return str(uuid.UUID(text))
    except ValueError as exc:
        raise PydanticCustomError("key", "Der Schlüssel der Buchung ist ungültig. Bitte die Seite neu laden.") from exc


def _bookable(kind: Kind) -> Kind:
    if kind not in NEEDED:
        raise PydanticCustomError("kind", "Bitte einen Wert aus der Liste wählen.")
    return kind


Key = Annotated[str, AfterValidator(_uuid)]


class LineInput(Body):
    """Which fields a line has depends on the booking's kind (NEEDED). ``seen`` is the stock the counter was shown."""

    article_id: str
    from_location_id: str | None = None
    to_location_id: str | None = None
    location_id: str | None = None
    quantity: Amount = None
    counted: Amount = None
    seen: Amount = None

    def places(self) -> dict[str, str]:
        """The ids of this line's locations by field name."""
        fields = ("from_location_id", "to_location_id", "location_id")
        return {name: value for name in fields if (value := getattr(self, name)) is not None}


class BookingInput(Body):
    """``key`` is made by the client, once per booking that somebody means: sending it again books nothing more."""

    key: Key
    kind: Annotated[Kind, Field(strict=False), AfterValidator(_bookable)]
    reason: OneLine = Field("", max_length=200)
    note: ManyLines = Field("", max_length=1000)
    lines: list[LineInput] = Field(min_length=1, max_length=LINES_MAX)

    def fingerprint(self) -> str:
        return hashlib.sha256(self.model_dump_json(exclude={"key"}).encode()).hexdigest()


class UndoInput(Body):
    """Why is asked, not demanded: who has just mistyped shall take it back at once."""

    key: Key
    reason: Annotated[OneLine, Field(max_length=200)] = ""

    def fingerprint(self, booking_id: str) -> str:
        return hashlib.sha256(" ".join(filter(None, ("undo", booking_id, self.reason))).encode()).hexdigest()


def check_shape(booking: BookingInput) -> None:
    """Raises BadFields for everything that can be told without the database."""
    problems: dict[str, str] = {}
    if booking.kind is Kind.CORRECTION and not booking.reason:
        problems["reason"] = "Bitte einen Grund angeben."
    counted: dict[tuple[str, str | None], int] = {}
    for place, line in enumerate(booking.lines):
        found = _line_problems(booking.kind, line)
        first = counted.setdefault((line.article_id, line.location_id), place)
        if booking.kind is Kind.CORRECTION and first != place:
            found.setdefault("article_id", f"Dieser Artikel ist an diesem Ort schon in Zeile {first + 1} gezählt.")
        problems |= {f"lines.{place}.{name}": message for name, message in found.items()}
    if problems:
        raise BadFields(problems)


def _line_problems(kind: Kind, line: LineInput) -> dict[str, str]:
    needed, allowed = NEEDED[kind], (*NEEDED[kind], *OPTIONAL.get(kind, ()))
    problems = {name: "Bitte ausfüllen." for name in needed if getattr(line, name) is None}
    for name in BY_KIND:
        if name not in allowed and getattr(line, name) is not None:
            problems[name] = "Diese Angabe passt nicht zu dieser Art von Buchung."
    if line.quantity == 0:
        problems["quantity"] = "Bitte eine Menge größer als null eingeben."
    if kind is Kind.TRANSFER and line.from_location_id and line.from_location_id == line.to_location_id:
        problems["to_location_id"] = "Von und nach sind derselbe Ort."
    return problems


def stored_line(article: Document, source: Document | None, target: Document | None, quantity: Decimal) -> Document:
    return {
        "article": {"id": article["_id"], **{name: article[name] for name in ("number", "name", "unit")}},
        "from": _place(source),
        "to": _place(target),
        "quantity": to_decimal128(quantity),
    }


def _place(location: Document | None) -> Document | None:
    return location and {"id": location["_id"], "name": location["name"], "code": location["code"]}


def in_milliseconds(moment: datetime) -> datetime:
    """As precise as MongoDB keeps it, so that an answer and its repetition are the same."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def view(booking: Document) -> dict[str, Any]:
    """``undone_by`` is not part of the document (nothing in it changes): the store adds it."""
    return {
        "id": str(booking["_id"]),
        "number": booking["number"],
        "kind": booking["kind"],
        "reason": booking["reason"],
        "note": booking["note"],
        "at": booking["at"].isoformat(),
        "by": booking["by"],
        "undoes": _text(booking["undoes"]),
        "undone_by": _text(booking.get("undone_by")),
        "lines": [_line_view(line) for line in booking["lines"]],
    }


def change(booking: Document, stock: Mapping[Cell, Decimal], deltas: Mapping[Cell, Decimal]) -> dict[str, Any]:
    """What other clients are told: the booking, and for each article and place the stock after it."""
    cells = [
        {
            "article_id": str(cell.article),
            "location_id": str(cell.location),
            "quantity": amount_text(stock[cell] + delta),
            "change": amount_text(delta),
        }
        for cell, delta in deltas.items()
    ]
    return {"id": str(booking["_id"]), "booking": view(booking), "stock": cells}


def _line_view(line: Document) -> dict[str, Any]:
    shown = {
        "article": line["article"] | {"id": str(line["article"]["id"])},
        "from": line["from"] and line["from"] | {"id": str(line["from"]["id"])},
        "to": line["to"] and line["to"] | {"id": str(line["to"]["id"])},
        "quantity": amount_text(line["quantity"].to_decimal()),
    }
    return shown | ({"counted": amount_text(line["counted"].to_decimal())} if "counted" in line else {})


def _text(value: object) -> str | None:
    return None if value is None else str(value)

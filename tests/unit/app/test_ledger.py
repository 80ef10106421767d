"""The ledger's rules that need no database."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from bson import Decimal128, ObjectId
from lager.articles.model import Unit, spoken
from lager.bookings.chain import BEGINNING, seal
from lager.bookings.lines import effects, reversed_lines
from lager.database import Document, amount_text

ARTICLE, HALL, VAN = (ObjectId(f"64b0c0ffee000000000000{n}0") for n in range(1, 4))


def line(source: ObjectId | None, target: ObjectId | None, quantity: str) -> Document:
    places = [place and {"id": place, "name": "x", "code": "x"} for place in (source, target)]
    article = {"id": ARTICLE, "number": "1", "name": "Rohr", "unit": "m"}
    return {"article": article, "from": places[0], "to": places[1], "quantity": Decimal128(quantity)}


def test_lines_that_meet_in_a_cell_add_up_and_the_counter_booking_takes_all_back() -> None:
    lines = [line(None, HALL, "10"), line(HALL, VAN, "2.5"), line(HALL, None, "0.5")]
    deltas = effects(lines)
    assert {cell.location: delta for cell, delta in deltas.items()} == {HALL: Decimal("7.0"), VAN: Decimal("2.5")}
    assert effects(reversed_lines(lines)) == {cell: -delta for cell, delta in deltas.items()}


def test_a_seal_is_spelled_the_same_for_ever() -> None:
    """If this fails, every ledger that was ever sealed would be reported as broken."""
    booking: Document = {
        "_id": ObjectId("64b0c0ffee00000000000099"),
        "number": "B-000001",
        "at": datetime(2026, 11, 21, 14, 5, 0, 123000, UTC),
        "by": {"id": "1", "name": "Jürgen"},
        "undoes": None,
        "lines": [line(HALL, VAN, "2.50")],
    }
    sealed = seal(booking, 1, BEGINNING)
    assert sealed == seal(dict(reversed(booking.items())) | {"seal": sealed}, 1, BEGINNING)
    assert sealed["hash"] == "d979416703319b948eacfec4697e29b6b44bd3c9819d1ef1536d2d57b0d6897b"
    assert seal(booking, 2, BEGINNING)["hash"] != sealed["hash"] != seal(booking, 1, "1" * 64)["hash"]


@pytest.mark.parametrize(
    ("value", "text", "said"),
    [
        ("0.00", "0", "0 m"),
        ("1E+2", "100", "100 m"),
        ("12.50", "12.5", "12,5 m"),
        ("-1234.5", "-1234.5", "-1.234,5 m"),
        ("9999999", "9999999", "9.999.999 m"),
    ],
)
def test_amounts_are_plain_digits_for_programs_and_german_for_people(value: str, text: str, said: str) -> None:
    assert amount_text(Decimal(value)) == text
    assert spoken(Decimal(value), Unit.METRE) == said

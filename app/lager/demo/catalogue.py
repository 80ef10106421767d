"""How the tables of example articles are written and read."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

from lager.articles.ean import check_digit
from lager.articles.model import Unit


@dataclass(frozen=True)
class Series:
    """Articles that differ in size only. ``sizes`` reads „size=price; size=price“; ``places`` are location codes."""

    group: str
    name: str
    unit: Unit
    category: str
    supplier: str
    places: tuple[str, ...]
    sizes: str
    minimum: int = 10
    description: str = ""


@dataclass(frozen=True)
class Example:
    number: str
    name: str
    series: Series
    price: str
    ean: str
    manufacturer_number: str


def examples(series: Series) -> list[Example]:
    """The articles of a series, the same ones on every call."""
    return [_example(series, place, *entry.strip().split("=")) for place, entry in enumerate(series.sizes.split(";"))]


def _example(series: Series, place: int, size: str, price: str) -> Example:
    number = f"{series.group}.{place + 1:02d}"
    digest = zlib.crc32(number.encode())
    digits = f"40{20 + digest % 70:02d}{digest % 10**8:08d}"
    return Example(
        number=number,
        name=series.name.format(size),
        series=series,
        price=price,
        ean=digits + check_digit(digits),
        manufacturer_number=f"{series.supplier[:2].upper()}{digest % 9000 + 1000}-{place + 1:02d}",
    )

"""An article as the API takes and shows it."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from lager.articles import ean as eans
from lager.articles.search import number_key
from lager.database import Document, amount_text, decimal_text, object_id, to_decimal128
from lager.fields import Body, ManyLines, OneLine

PLACES = 4
LARGEST = Decimal("9999999")


class Unit(StrEnum):
    """What one counts in."""

    PIECE = "Stk"
    METRE = "m"
    SQUARE_METRE = "m²"
    KILOGRAM = "kg"
    LITRE = "l"
    ROLL = "Rolle"
    BAR = "Stange"
    COIL = "Ring"
    PACK = "Paket"
    BOX = "Karton"
    BAG = "Beutel"
    CAN = "Dose"
    CARTRIDGE = "Kartusche"
    PAIR = "Paar"
    SET = "Satz"

    @property
    def decimals(self) -> int:
        """How finely one can count in it."""
        return _DECIMALS.get(self, 0)


_DECIMALS = {Unit.METRE: 2, Unit.SQUARE_METRE: 2, Unit.KILOGRAM: 3, Unit.LITRE: 2}


def spoken(value: Decimal, unit: Unit) -> str:
    """„1.234,5 m“"""
    digits = f"{value.normalize():,f}".translate(str.maketrans(",.", ".,"))
    return f"{digits} {unit.value}"


def _amount(value: object) -> object:
    if value is None or value == "":
        return None
    if isinstance(value, str):
        digits = value.strip()
        if digits.replace(".", "", 1).isdecimal() and digits.isascii():
            return Decimal(digits)
        if digits.startswith("-"):
            raise PydanticCustomError("amount", "Die Zahl darf nicht negativ sein.")
    raise PydanticCustomError("amount", "Bitte eine Zahl eingeben, zum Beispiel 12,50.")


def _within(value: Decimal | None) -> Decimal | None:
    if value is None:
        return None
    if value > LARGEST:
        raise PydanticCustomError("amount", "Die Zahl ist zu groß; erlaubt sind höchstens 9.999.999.")
    if -int(value.as_tuple().exponent) > PLACES:
        raise PydanticCustomError("amount", f"Höchstens {PLACES} Nachkommastellen.")
    return value


Amount = Annotated[Decimal | None, BeforeValidator(_amount), AfterValidator(_within)]


class ArticleInput(Body):
    """Amounts are strings of plain digits with a point („12.50“); an empty number asks for the next free one."""

    number: OneLine = Field("", max_length=40, pattern=r"^[\w.\-/+ ]*$")
    name: OneLine = Field(min_length=1, max_length=200)
    description: ManyLines = Field("", max_length=4000)
    unit: Annotated[Unit, Field(strict=False)] = Unit.PIECE
    ean: OneLine = Field("", max_length=20)
    category: OneLine = Field("", max_length=80)
    supplier: OneLine = Field("", max_length=120)
    manufacturer_number: OneLine = Field("", max_length=80)
    minimum_stock: Amount = None
    purchase_price: Amount = None
    location_ids: list[str] = Field(default_factory=list, max_length=40)

    @field_validator("ean")
    @classmethod
    def _valid_ean(cls, value: str) -> str:
        digits = "".join(value.split())
        problem = eans.problem_of(digits) if digits else None
        if problem:
            raise PydanticCustomError("ean", problem)
        return digits

    @field_validator("location_ids")
    @classmethod
    def _known_shape(cls, value: list[str], info: ValidationInfo) -> list[str]:
        if any(object_id(text) is None for text in value):
            raise PydanticCustomError("location", "Diesen Lagerort gibt es nicht.")
        return list(dict.fromkeys(value))


class ArticleEdit(ArticleInput):
    """``version`` is the one that was shown to the user."""

    number: OneLine = Field(min_length=1, max_length=40, pattern=r"^[\w.\-/+ ]*$")
    version: int = Field(ge=1)


def stored(article: ArticleInput, number: str) -> Document:
    """The fields an article is stored with, apart from the derived and the bookkeeping ones."""
    return {
        "number": number,
        "number_key": number_key(number),
        "name": article.name,
        "description": article.description,
        "unit": article.unit.value,
        "ean": article.ean or None,
        "category": article.category,
        "supplier": article.supplier,
        "manufacturer_number": article.manufacturer_number,
        "minimum_stock": to_decimal128(article.minimum_stock),
        "purchase_price": to_decimal128(article.purchase_price),
        "location_ids": [object_id(text) for text in article.location_ids],
    }


def described(document: Document) -> dict[str, Any]:
    """What one needs to find the article on the shelf."""
    return {
        "id": str(document["_id"]),
        "number": document["number"],
        "name": document["name"],
        "unit": document["unit"],
        "category": document["category"],
        "manufacturer_number": document["manufacturer_number"],
        "location_ids": [str(location) for location in document["location_ids"]],
        "decimals": Unit(document["unit"]).decimals,
    }


def row(document: Document) -> dict[str, Any]:
    """An article in the list. The store adds ``stock`` to the document."""
    return described(document) | {"stock": amount_text(document["stock"])}


def view(document: Document) -> dict[str, Any]:
    """The whole article."""
    return row(document) | {
        "description": document["description"],
        "ean": document["ean"] or "",
        "supplier": document["supplier"],
        "minimum_stock": decimal_text(document["minimum_stock"]),
        "purchase_price": decimal_text(document["purchase_price"]),
        "version": document["version"],
        "created_at": document["created_at"].isoformat(),
        "updated_at": document["updated_at"].isoformat(),
        "updated_by": document["updated_by"]["name"],
    }


def change(action: str, document: Document) -> dict[str, Any]:
    """What other clients are told: „created“, „changed“ or „deleted“, and the article's row in the list.

    Without its stock, of which only bookings tell: a change and a booking at the same moment do not see each other.
    """
    by = {"id": document["updated_by"]["id"], "name": document["updated_by"]["name"]}
    return {
        "id": str(document["_id"]),
        "action": action,
        "version": document["version"],
        "by": by,
        "row": described(document),
    }

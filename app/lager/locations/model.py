"""A storage location as the API takes and shows it."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError

from lager.database import Document, object_id
from lager.fields import Body, ManyLines, OneLine


class Kind(StrEnum):
    """What a location is; PARENTS says what may contain it."""

    STORE = "lager"
    VEHICLE = "fahrzeug"
    ROOM = "raum"
    SHELF = "regal"
    BIN = "fach"


PARENTS: dict[Kind, frozenset[Kind]] = {
    Kind.STORE: frozenset(),
    Kind.VEHICLE: frozenset(),
    Kind.ROOM: frozenset({Kind.STORE}),
    Kind.SHELF: frozenset({Kind.STORE, Kind.ROOM, Kind.VEHICLE}),
    Kind.BIN: frozenset({Kind.STORE, Kind.ROOM, Kind.VEHICLE, Kind.SHELF}),
}
LABELS = {
    Kind.STORE: "Lager",
    Kind.VEHICLE: "Fahrzeug",
    Kind.ROOM: "Raum",
    Kind.SHELF: "Regal",
    Kind.BIN: "Fach",
}


class LocationInput(Body):
    """``code`` is the short name on the label („H1-R2-F3“). ``allows_negative``: more may be booked out than is there
    (None: as it is; at first no)."""

    name: OneLine = Field(min_length=1, max_length=80)
    code: OneLine = Field(min_length=1, max_length=20, pattern=r"^[\w.\-/+ ]*$")
    kind: Annotated[Kind, Field(strict=False)]
    parent_id: str | None = None
    licence_plate: OneLine = Field("", max_length=12)
    note: ManyLines = Field("", max_length=1000)
    allows_negative: bool | None = None

    @field_validator("parent_id")
    @classmethod
    def _known_shape(cls, value: str | None) -> str | None:
        if value and object_id(value) is None:
            raise PydanticCustomError("location", "Diesen übergeordneten Ort gibt es nicht.")
        return value or None


class LocationEdit(LocationInput):
    """``version`` is the one that was shown to the user."""

    version: int = Field(ge=1)


def code_key(code: str) -> str:
    return "".join(code.casefold().split())


def stored(location: LocationInput) -> Document:
    fields = {
        "name": location.name,
        "code": location.code,
        "code_key": code_key(location.code),
        "kind": location.kind.value,
        "parent_id": object_id(location.parent_id) if location.parent_id else None,
        "licence_plate": location.licence_plate if location.kind is Kind.VEHICLE else "",
        "note": location.note,
    }
    return fields if location.allows_negative is None else fields | {"allows_negative": location.allows_negative}


def view(document: Document) -> dict[str, Any]:
    return {
        "id": str(document["_id"]),
        "name": document["name"],
        "code": document["code"],
        "kind": document["kind"],
        "parent_id": str(document["parent_id"]) if document["parent_id"] else None,
        "licence_plate": document["licence_plate"],
        "note": document["note"],
        "allows_negative": document.get("allows_negative", False),
        "version": document["version"],
        "updated_at": document["updated_at"].isoformat(),
        "updated_by": document["updated_by"]["name"],
    }


def change(action: str, document: Document) -> dict[str, Any]:
    """What other clients are told: „created“, „changed“ or „deleted“, and the whole location."""
    return {"id": str(document["_id"]), "action": action, "location": view(document)}

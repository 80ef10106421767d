"""Settings an admin edits in the app."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from lager.database import Document
from lager.fields import Body, ManyLines, OneLine


class Accent(StrEnum):
    """A closed palette: each one is checked for contrast in light and dark."""

    COPPER = "kupfer"
    PETROL = "petrol"
    BLUE = "blau"
    GREEN = "gruen"
    RED = "rot"
    VIOLET = "violett"
    GRAPHITE = "graphit"


class CompanyEdit(Body):
    """``version`` 0 stands for „never saved“."""

    name: OneLine = Field(min_length=1, max_length=80)
    accent: Annotated[Accent, Field(strict=False)]
    contact: ManyLines = Field("", max_length=400)
    version: int = Field(ge=0)


UNSAVED: Document = {"name": "Mein Betrieb", "accent": Accent.COPPER.value, "contact": "", "version": 0}


def view(document: Document) -> dict[str, Any]:
    return {key: document[key] for key in UNSAVED}

"""Field types shared by all request bodies: what is kept of what users type, and what is refused."""

from __future__ import annotations

import unicodedata
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict


def one_line(value: object) -> object:
    """NFC, no control characters, single spaces: what a name or a number looks like."""
    if not isinstance(value, str):
        return value
    shown = (" " if unicodedata.category(char) in ("Cc", "Zl", "Zp") else char for char in value)
    return unicodedata.normalize("NFC", " ".join("".join(shown).split()))


def many_lines(value: object) -> object:
    """NFC with line breaks kept; other control characters go."""
    if not isinstance(value, str):
        return value
    lines = value.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(str(one_line(text)) for text in lines).strip("\n")


OneLine = Annotated[str, BeforeValidator(one_line)]
ManyLines = Annotated[str, BeforeValidator(many_lines)]


class Body(BaseModel):
    """What a request brings: unknown fields are refused, nothing is coerced silently."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

"""pydantic's findings in German, a message per field."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import ValidationError

Context = Mapping[str, Any]

_MESSAGES: dict[str, Callable[[Context], str]] = {
    "missing": lambda _: "Bitte ausfüllen.",
    "string_type": lambda _: "Hier wird Text erwartet.",
    "string_too_short": lambda ctx: (
        "Bitte ausfüllen." if ctx["min_length"] == 1 else f"Mindestens {ctx['min_length']} Zeichen."
    ),
    "string_too_long": lambda ctx: f"Höchstens {ctx['max_length']} Zeichen.",
    "string_pattern_mismatch": lambda _: "Erlaubt sind Buchstaben, Ziffern, Leerzeichen und . - / _ +",
    "string_unicode": lambda _: "Der Text enthält ungültige Zeichen.",
    "enum": lambda _: "Bitte einen Wert aus der Liste wählen.",
    "int_type": lambda _: "Hier wird eine ganze Zahl erwartet.",
    "int_from_float": lambda _: "Hier wird eine ganze Zahl erwartet.",
    "bool_type": lambda _: "Hier wird ja oder nein erwartet.",
    "greater_than_equal": lambda ctx: f"Mindestens {ctx['ge']}.",
    "less_than_equal": lambda ctx: f"Höchstens {ctx['le']}.",
    "list_type": lambda _: "Hier wird eine Liste erwartet.",
    "too_short": lambda _: "Bitte mindestens eine Zeile ausfüllen.",
    "too_long": lambda ctx: f"Höchstens {ctx['max_length']} Einträge.",
    "extra_forbidden": lambda _: "Dieses Feld gibt es nicht.",
}
_OWN = ("amount", "ean", "key", "kind", "location")  # raised by our validators, already German


def field_messages(error: ValidationError) -> dict[str, str]:
    """The first finding per field; one inside a list of objects is named by its path („lines.0.quantity“)."""
    messages: dict[str, str] = {}
    for finding in error.errors(include_url=False, include_input=False):
        name = _name(finding["loc"])
        messages.setdefault(name, _message(finding["type"], finding["msg"], finding.get("ctx", {})))
    return messages


def _name(path: tuple[int | str, ...]) -> str:
    """An entry of a plain list counts for its field."""
    while path and isinstance(path[-1], int):
        path = path[:-1]
    return ".".join(str(step) for step in path)


def _message(kind: str, english: str, context: Context) -> str:
    if kind in _OWN:
        return english
    known = _MESSAGES.get(kind)
    return known(context) if known else "Diese Eingabe ist nicht gültig."

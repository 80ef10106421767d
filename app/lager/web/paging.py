"""Lists in pages: a cursor that means nothing to the client, and how many rows."""

from __future__ import annotations

import base64
import binascii

from lager.problems import BadRequest, NoSuchPage

PAGE = 50
PAGE_MAX = 200
TEXT_MAX = 200


def encoded(place: str | None) -> str | None:
    return base64.urlsafe_b64encode(place.encode()).decode() if place is not None else None


def decoded(cursor: str | None) -> str | None:
    if cursor is None:
        return None
    try:
        return base64.b64decode(cursor, altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError) as exc:
        raise NoSuchPage from exc


def limit_of(text: str | None) -> int:
    if text is None:
        return PAGE
    if not (text.isascii() and text.isdecimal() and 1 <= int(text[:6]) <= PAGE_MAX):
        raise BadRequest(f"limit={text[:20]}: erlaubt ist eine Zahl von 1 bis {PAGE_MAX}.")
    return int(text)

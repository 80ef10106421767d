"""EAN/GTIN: digits with a check digit (GS1 General Specifications, 7.9)."""

from __future__ import annotations

LENGTHS = (8, 12, 13, 14)


def check_digit(digits: str) -> str:
    """The digit that completes ``digits``."""
    weighted = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits)))
    return str(-weighted % 10)


def problem_of(ean: str) -> str | None:
    """Why this is no EAN, in German; None when it is one."""
    if not (ean.isascii() and ean.isdigit()):
        return "Eine EAN besteht nur aus Ziffern."
    if len(ean) not in LENGTHS:
        return f"Eine EAN hat 8, 12, 13 oder 14 Ziffern; hier sind es {len(ean)}."
    if check_digit(ean[:-1]) != ean[-1]:
        return "Die Prüfziffer stimmt nicht; vermutlich ein Tippfehler."
    return None

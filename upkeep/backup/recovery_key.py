"""A repository's password as a person types it from paper: groups of four without look-alikes, check digits per row.

Base 32 after Douglas Crockford (no I, L, O, U); reading takes small letters and what looks alike. Two check digits end
a row and know its number, four end the whole.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from upkeep.errors import Refused

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
ALIKE = str.maketrans({"O": "0", "I": "1", "L": "1"})
ROW, GROUP, ROW_CHECK, WHOLE_CHECK = 16, 4, 2, 4
LONGEST = 2000


class KeyMistyped(Refused):
    code = "recovery_key"


@dataclass(frozen=True)
class Row:
    groups: tuple[str, ...]
    check: str


def printed(password: str) -> tuple[tuple[Row, ...], str]:
    """Rows, and the check digits of the whole."""
    letters = _encoded(password.encode())
    rows = [letters[start : start + ROW] for start in range(0, len(letters), ROW)]
    return tuple(_row(number, row) for number, row in enumerate(rows, 1)), _whole(letters)


def typed(text: str) -> str:
    """The password. Raises KeyMistyped, with the row that is wrong."""
    signs = "".join(text.upper().translate(ALIKE).replace("-", " ").split())
    if strange := sorted(set(signs) - set(ALPHABET)):
        raise KeyMistyped("Dieses Zeichen kommt in keinem Schlüssel vor", observed=" ".join(strange[:5]))
    if len(signs) > LONGEST:
        raise KeyMistyped("Das ist zu lang für einen Schlüssel", observed=f"{len(signs)} Zeichen")
    letters = "".join(_rows(signs[:-WHOLE_CHECK]))
    if _whole(letters) != signs[-WHOLE_CHECK:]:
        raise KeyMistyped("Die letzten vier Zeichen passen nicht: Fehlt eine Zeile?")
    return _decoded(letters)


def _rows(signs: str) -> Iterator[str]:
    step = ROW + ROW_CHECK
    for number, start in enumerate(range(0, len(signs), step), 1):
        row, check = signs[start : start + step][:-ROW_CHECK], signs[start : start + step][-ROW_CHECK:]
        if _check(number, row) != check:
            raise KeyMistyped(f"In Zeile {number} ist ein Tippfehler", next_step="Die Zeile mit dem Blatt vergleichen.")
        yield row


def _row(number: int, row: str) -> Row:
    return Row(tuple(row[start : start + GROUP] for start in range(0, len(row), GROUP)), _check(number, row))


def _check(number: int, row: str) -> str:
    return _digits(zlib.crc32(f"{number}:{row}".encode()), ROW_CHECK)


def _whole(letters: str) -> str:
    return _digits(int.from_bytes(hashlib.sha256(letters.encode()).digest()[:8], "big"), WHOLE_CHECK)


def _digits(number: int, count: int) -> str:
    return "".join(ALPHABET[number >> 5 * place & 31] for place in range(count))


def _encoded(content: bytes) -> str:
    bits = "".join(f"{byte:08b}" for byte in content)
    return "".join(ALPHABET[int(bits[start : start + 5].ljust(5, "0"), 2)] for start in range(0, len(bits), 5))


def _decoded(letters: str) -> str:
    bits = "".join(f"{ALPHABET.index(letter):05b}" for letter in letters)
    whole = len(bits) // 8 * 8
    try:
        return bytes(int(bits[start : start + 8], 2) for start in range(0, whole, 8)).decode()
    except UnicodeDecodeError as exc:
        raise KeyMistyped("Das ist kein Schlüssel von einem Wiederherstellungsblatt") from exc

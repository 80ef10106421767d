"""Secrets of a stack out of what programs and containers print, before it reaches a report, a log or a journal."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import quote

MASK = "•••"
LINES = 40
WIDTH = 500
SHORT = 8  # single lines below this (a bracket, a heading) are no secret of their own
TRIFLE = 3  # below this nothing is
_ASSIGNED = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=(['\"]?)(.*)\1")


def secrets(directory: Path) -> tuple[str, ...]:
    """Every spelling under which the contents of secrets/ may show up, longest first."""
    found: set[str] = set()
    for file in directory.glob("*"):
        if file.is_file():
            found |= _spellings(file.read_bytes().decode("utf-8", "replace"))
    found |= {quote(text, safe="") for text in found}
    found = {text for text in found if len(text) >= TRIFLE}
    return tuple(sorted(found, key=len, reverse=True))


def _spellings(content: str) -> set[str]:
    whole = content.strip()
    lines = {line.strip() for line in whole.splitlines()}
    assigned = {match[2] for line in lines if (match := _ASSIGNED.fullmatch(line))}
    return {whole, *assigned} | {line for line in lines if len(line) >= SHORT}


def redacted(text: str, hidden: tuple[str, ...]) -> str:
    for secret in hidden:
        text = text.replace(secret, MASK)
    return text


def last_lines(text: str, hidden: tuple[str, ...]) -> list[str]:
    """The last `LINES` lines without secrets, none longer than `WIDTH` characters."""
    lines = [line.rstrip() for line in redacted(text, hidden).splitlines()]
    return [line[:WIDTH] for line in lines if line][-LINES:]

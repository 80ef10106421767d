"""What callers do: reads, writes with an id of their own, a few long answers and uploads; and the book they keep."""

from __future__ import annotations

import asyncio
import hashlib
import json
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field

from bench.load import Call

READ, WRITE, LONG, UPLOAD = "Lesen", "Schreiben", "lange Antwort", "Upload"
ROUND = 200  # calls after which the pattern repeats: 50 writes, 1 long answer, 1 upload, the rest reads
WRITE_EVERY, LONG_AT, UPLOAD_AT = 4, 1, 101
LONG_SECONDS = 3
PIECES, PIECE = 16, secrets.token_bytes(16 * 1024)
PIECE_SECONDS = 0.1
UPLOADED = hashlib.sha256(PIECE * PIECES).hexdigest()
HEADERS = {"X-Lager-Client": "lastprobe"}  # the app asks for it in every change


@dataclass(frozen=True)
class Accounts:
    """The callers' book against the database. `unconfirmed`: stored although the caller never heard of it."""

    acknowledged: int
    once: int
    missing: int
    twice: int
    unconfirmed: int

    @property
    def wrong(self) -> int:
        return self.missing + self.twice


@dataclass
class Ledger:
    """Writes of one stretch; their names begin with `prefix`, so that they are found again."""

    prefix: str = field(default_factory=lambda: f"Lastprobe {secrets.token_hex(4)}")
    acknowledged: set[str] = field(default_factory=set)

    def compare(self, stored: Sequence[str]) -> Accounts:
        """`stored`: the names found in the database, one for each document."""
        times = Counter(stored)
        return Accounts(
            acknowledged=len(self.acknowledged),
            once=sum(times[name] == 1 for name in self.acknowledged),
            missing=sum(times[name] == 0 for name in self.acknowledged),
            twice=sum(number > 1 for number in times.values()),
            unconfirmed=len(times.keys() - self.acknowledged),
        )


def calls(ledger: Ledger, articles: Sequence[str]) -> Iterator[Call]:
    """Endless; `articles` are ids of articles that may be read."""
    number = 0
    while True:
        place = number % ROUND
        if place % WRITE_EVERY == 0:
            yield _write(ledger, number)
        elif place == LONG_AT:
            yield Call(f"/probe/wait?seconds={LONG_SECONDS}", kind=LONG, accepts=_says("waited", LONG_SECONDS))
        elif place == UPLOAD_AT:
            yield Call("/probe/upload", "PUT", kind=UPLOAD, headers=HEADERS, stream=_pieces, accepts=_UPLOAD_IS_WHOLE)
        else:
            yield _read(number, articles)
        number += 1


def _write(ledger: Ledger, number: int) -> Call:
    name = f"{ledger.prefix}-{number}"

    def is_stored(body: bytes) -> bool:
        confirmed = bool(json.loads(body)["name"] == name)
        if confirmed:
            ledger.acknowledged.add(name)
        return confirmed

    return Call("/api/articles", "POST", {"name": name}, HEADERS, WRITE, _guarded(is_stored))


def _read(number: int, articles: Sequence[str]) -> Call:
    """Two thirds load the page that a browser begins with, the others look at an article."""
    if number % 2:
        return Call("/", kind=READ, headers={"Accept": "text/html"}, accepts=_is_the_page)
    article = articles[number % len(articles)]
    return Call(f"/api/articles/{article}", kind=READ, accepts=_says("id", article))


def _says(key: str, value: object) -> Callable[[bytes], bool]:
    """Is the answer JSON that says so?"""
    return _guarded(lambda body: bool(json.loads(body)[key] == value))


def _guarded(look: Callable[[bytes], bool]) -> Callable[[bytes], bool]:
    """What cannot be read is not what was asked for."""

    def accepts(body: bytes) -> bool:
        try:
            return look(body)
        except (ValueError, KeyError, TypeError, AttributeError):
            return False

    return accepts


def _is_the_page(body: bytes) -> bool:
    return b"</html>" in body[-20:]


_UPLOAD_IS_WHOLE = _says("sha256", UPLOADED)


async def _pieces() -> AsyncIterator[bytes]:
    """An upload over a slow line."""
    for _ in range(PIECES):
        yield PIECE
        await asyncio.sleep(PIECE_SECONDS)

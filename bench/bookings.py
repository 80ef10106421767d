"""Booking: how long it takes alone and with many writers, in turns with the simplest change there is."""

from __future__ import annotations

import asyncio
import random
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import requests

from bench.failure import BenchFailed
from bench.figures import Figure, Limit, Report
from bench.gate import sign_in
from bench.ground import Ground
from bench.load import Call, Tally, send, session_for
from workshop.progress import say

WRITERS = 20
BASELINE = "Artikel speichern"
METHOD = f"""\
Alle Anfragen gehen von dieser Maschine durch das Tor an einen Slot mit den Beispieldaten. Jeder Schreiber wartet auf
seine Antwort und bucht dann sofort wieder: Zugänge mit ein bis drei Zeilen, zufällig auf Artikel und Orte verteilt,
jeder unter einem neuen Schlüssel. Während der Messung siegelt der Slot die Buchungen und nummeriert ihre Meldungen.

Vergleich: dieselben Schreiber speichern je einen eigenen Artikel (ein Dokument und seine Meldung in einer Transaktion).
Buchen und Speichern wechseln sich ab, verglichen wird Runde für Runde; {WRITERS} Schreiber sind {WRITERS} Verbindungen
nebeneinander. Jede Antwort muss 200 oder 201 sein, sonst gilt die Messung nicht."""
Calls = Callable[[int], Iterator[Call]]


@dataclass(frozen=True)
class Shot:
    """One round of one kind of change."""

    p95_ms: float
    per_second: float


@dataclass(frozen=True)
class Desk:
    """Where it is booked: the app's address, the session, and what there is to book."""

    origin: str
    headers: dict[str, str]
    articles: Sequence[dict[str, Any]]
    places: Sequence[str]

    def bookings(self, writer: int) -> Iterator[Call]:
        """Never ends."""
        chance = random.Random(writer)
        while True:
            lines = [
                {
                    "article_id": chance.choice(self.articles)["id"],
                    "to_location_id": chance.choice(self.places),
                    "quantity": str(chance.randint(1, 9)),
                }
                for _ in range(chance.choice((1, 1, 2, 3)))
            ]
            yield Call("/api/bookings", "POST", {"key": str(uuid.uuid4()), "kind": "in", "lines": lines})

    def savings(self, writer: int) -> Iterator[Call]:
        """Always the same article, whose version grows by one each time; never ends."""
        article = self._get(f"/api/articles/{self.articles[writer]['id']}")
        kept = ("number", "name", "unit", "ean", "category", "supplier", "location_ids", "version")
        body = {name: article[name] for name in kept}
        while True:
            yield Call(f"/api/articles/{article['id']}", "PUT", dict(body))
            body["version"] += 1

    def _get(self, path: str) -> Any:
        return fetched(self.origin, path, self.headers)


def measure(ground: Ground, quick: bool) -> Report:
    desk = desk_of(ground)
    rounds, seconds = (1, 1) if quick else (7, 4)
    asyncio.run(_round(desk, desk.bookings, WRITERS, 1))  # connections and caches are warm
    alone = [asyncio.run(_pair(desk, 1, seconds)) for _ in range(rounds)]
    crowd = [asyncio.run(_pair(desk, WRITERS, seconds)) for _ in range(rounds)]
    crowded = f"{WRITERS} Schreiber"
    figures = [
        _figure("Buchen p95, ein Schreiber", alone, "p95_ms", "ms", Limit(50)),
        _figure(f"Buchen p95, {crowded}", crowd, "p95_ms", "ms", Limit(150)),
        _figure(f"Buchungen, {crowded}", crowd, "per_second", "1/s"),
    ]
    return Report("buchungen", "Buchen: allein und zu vielen", METHOD, figures)


def desk_of(ground: Ground) -> Desk:
    origin = f"http://{ground.address(ground.serving())}"
    headers = {"Cookie": sign_in(origin, ground.password), "X-Lager-Client": "bench"}
    articles = fetched(origin, "/api/articles?limit=200", headers)["articles"]
    places = [place["id"] for place in fetched(origin, "/api/locations", headers)["locations"]]
    return Desk(origin, headers, articles, places)


def fetched(origin: str, path: str, headers: dict[str, str]) -> Any:
    with requests.Session() as session:
        session.trust_env = False
        answer = session.get(origin + path, headers=headers, timeout=10)
    if answer.status_code != 200:
        raise BenchFailed(f"{origin}{path}: HTTP {answer.status_code} {answer.text[:200]}")
    return answer.json()


async def _pair(desk: Desk, writers: int, seconds: float) -> tuple[Shot, Shot]:
    """(booking, saving)"""
    booked = await _round(desk, desk.bookings, writers, seconds)
    saved = await _round(desk, desk.savings, writers, seconds)
    told = f"buchen p95 {booked.p95_ms:.1f} ms, {booked.per_second:.0f}/s; {BASELINE} p95 {saved.p95_ms:.1f} ms"
    say(f"  {writers} Schreiber: {told}")
    return booked, saved


async def _round(desk: Desk, calls: Calls, writers: int, seconds: float) -> Shot:
    tally, streams = Tally(), [calls(writer) for writer in range(writers)]
    async with session_for(desk.origin, desk.headers) as session, asyncio.TaskGroup() as all_writers:
        began = time.monotonic()
        for stream in streams:
            all_writers.create_task(_write(session, stream, began + seconds, tally))
    if tally.failures or not tally.samples:
        raise BenchFailed(f"{desk.origin}: nicht jede Änderung ging: {dict(tally.outcomes)}")
    return Shot(tally.percentile(0.95) * 1000, len(tally.samples) / (time.monotonic() - began))


async def _write(session: Any, stream: Iterator[Call], until: float, tally: Tally) -> None:
    while (now := time.monotonic()) < until:
        await send(session, next(stream), now, tally)


def _figure(name: str, pairs: Sequence[tuple[Shot, Shot]], value: str, unit: str, limit: Limit | None = None) -> Figure:
    booked, saved = ([getattr(pair[kind], value) for pair in pairs] for kind in (0, 1))
    return Figure(name, unit, booked, BASELINE, saved, limit)

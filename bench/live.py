"""Live updates: from one user's saving to another user's screen, and what a device costs the app."""

from __future__ import annotations

import asyncio
import time
from itertools import cycle, islice
from typing import Any

import aiohttp

from bench.devices import Device, connected
from bench.failure import BenchFailed
from bench.figures import Figure, Limit, Report
from bench.gate import sign_in
from bench.ground import SLOT, Ground

FEW, MANY = 50, 500
DEVICES_PER_SESSION = 50
WRITES = 100
PAUSE = 0.1  # seconds between two writes
ARRIVE = 30.0  # seconds
METHOD = """\
Geräte sind WebSockets, die wie die Oberfläche Socket.IO sprechen, über das Tor. Ein weiterer Benutzer ändert alle
100 ms einen Artikel. Gemessen wird je Änderung und Gerät vom Absenden der Anfrage (die Transaktion zählt also mit) bis
zum Eintreffen beim Gerät; angegeben ist das 95. Perzentil eines Durchgangs. Vergleich: dieselben Änderungen, gemessen
bis zur Antwort an den, der sie gespeichert hat.

Speicher je Gerät: Zuwachs des Prozesses (RSS) durch 500 Geräte, geteilt durch ihre Zahl. Die Geräte laufen auf
derselben Maschine mit."""


def measure(ground: Ground, quick: bool) -> Report:
    host = ground.serving()
    origin = f"http://{ground.address(host)}"
    cookies = [sign_in(origin, ground.password) for _ in range(MANY // DEVICES_PER_SESSION)]
    rounds = 1 if quick else 3
    writes = 20 if quick else WRITES
    before = _memory(ground, host)
    few = [asyncio.run(passed_on(origin, cookies, FEW, writes)) for _ in range(rounds)]
    many, grown = [], []
    for _ in range(rounds):
        run = asyncio.run(passed_on(origin, cookies, MANY, writes, lambda: _memory(ground, host)))
        many.append(run)
        grown.append((run["memory"] - before) * 1024 / MANY)
    saved = "bis zur Antwort an den Schreibenden"
    figures = [
        _delay(f"Speichern → {FEW} andere Geräte, p95", few, saved, Limit(150)),
        _delay(f"Speichern → {MANY} andere Geräte, p95", many, saved, Limit(300)),
        Figure("Speicher je Gerät", "KB", grown, "Prozess ohne Geräte", [before * 1024]),
    ]
    return Report("echtzeit", "Echtzeit: vom Speichern bis auf das andere Gerät", METHOD, figures)


def _delay(name: str, runs: list[dict[str, Any]], saved: str, limit: Limit) -> Figure:
    return Figure(name, "ms", [run["p95"] for run in runs], saved, [run["saved"] for run in runs], limit)


def _memory(ground: Ground, host: str) -> float:
    container = ground.on(host, "docker", "inspect", "-f", "{{.Id}}", SLOT)
    return float(ground.script(host, "footprint.py", container)[container]["rss_mb"])


async def passed_on(
    origin: str, cookies: list[str], count: int, writes: int, look: Any = lambda: 0.0
) -> dict[str, Any]:
    """One run: p95 in ms over all changes and devices, and what the writer waited; raises when a device missed one."""
    devices = [Device(lambda: origin, origin, cookie) for cookie in islice(cycle(cookies), count)]
    async with connected(devices), aiohttp.ClientSession(headers={"Cookie": cookies[0]}) as session:
        begun = await _write(session, origin, writes)
        await _arrived(devices, writes)
        memory = await asyncio.to_thread(look)
    delays = sorted(
        (device.seen[seq] - sent) * 1000
        for device in devices
        for seq, (sent, _) in zip(sorted(device.seen)[-writes:], begun, strict=True)
    )
    waited = sorted((answered - sent) * 1000 for sent, answered in begun)
    return {"p95": _p95(delays), "saved": _p95(waited), "memory": memory, "worst": delays[-1]}


async def _write(session: aiohttp.ClientSession, origin: str, writes: int) -> list[tuple[float, float]]:
    """When each change was sent and answered."""
    headers = {"X-Lager-Client": "bench", "Origin": origin}
    begun = []
    async with session.post(f"{origin}/api/articles", json={"name": "Messung"}, headers=headers) as reply:
        article = await reply.json()
    for number in range(writes):
        await asyncio.sleep(PAUSE)
        body = {"number": article["number"], "name": f"Messung {number}", "version": article["version"]}
        sent = time.monotonic()
        async with session.put(f"{origin}/api/articles/{article['id']}", json=body, headers=headers) as reply:
            article = await reply.json()
        begun.append((sent, time.monotonic()))
    return begun


async def _arrived(devices: list[Device], writes: int) -> None:
    """The creation of the article and its changes."""
    deadline = time.monotonic() + ARRIVE
    while not all(len(device.seen) > writes and device.is_complete() for device in devices):
        if time.monotonic() > deadline:
            fewest = min(len(device.seen) for device in devices)
            raise BenchFailed(
                f"Nach {ARRIVE:g} s fehlen Ereignisse: mindestens ein Gerät hat {fewest} von {writes + 1}"
            )
        await asyncio.sleep(0.05)


def _p95(ordered: list[float]) -> float:
    return ordered[int(len(ordered) * 0.95)]

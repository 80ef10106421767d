"""Load without anything else going on: the yardstick, and the search for the highest rate that counts."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from bench.proof.stage import Stage
from bench.proof.stretch import Stretch
from workshop.progress import say

LOWEST, HIGHEST, STEP = 200, 500, 25
P99_LIMIT_MS = 500.0
TRIAL_SECONDS = 10.0
SEARCH = f"""\
Gesucht wird durch Halbieren zwischen {LOWEST} und {HIGHEST} Anfragen/s in Schritten von {STEP}, je Versuch
{TRIAL_SECONDS:.0f} s, zuerst mit {HIGHEST}: höchstens fünf Versuche. Ein Versuch gelingt mit 0 Fehlern und p99 ≤ \
{P99_LIMIT_MS:.0f} ms."""


def lasting(seconds: float) -> Callable[[], Awaitable[None]]:
    async def wait() -> None:
        await asyncio.sleep(seconds)

    return wait


def counts(stretch: Stretch) -> bool:
    """Is this a rate at which an update may be blamed for failures?"""
    return stretch.failed == 0 and stretch.percentile(0.99) <= P99_LIMIT_MS


def highest_rate(stage: Stage) -> int:
    """By bisection, the highest rate first: most machines pass at once."""
    fine, bad = LOWEST, HIGHEST + STEP
    rate = HIGHEST
    while bad - fine > STEP:
        seen = stage.stretch(rate, lasting(TRIAL_SECONDS))
        say(f"  {rate}/s ohne Updates: {told(seen)}")
        fine, bad = (rate, bad) if counts(seen) else (fine, rate)
        rate = (fine + bad) // 2 // STEP * STEP
    return fine


def told(stretch: Stretch) -> str:
    return (
        f"{stretch.requests} Anfragen, {stretch.failed} Fehler, p50 {stretch.percentile(0.5):.1f} ms, "
        f"p99 {stretch.percentile(0.99):.1f} ms, Generator {stretch.own_cpu:.0%} eines Kerns, "
        f"Maschine {stretch.machine:.0%}, verspätet höchstens {stretch.lag * 1000:.0f} ms"
    )

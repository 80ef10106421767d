"""Rolling updates back and forth under load, between two stretches without any."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bench.proof.quiet import lasting, told
from bench.proof.stage import NEW, OLD, Stage
from bench.proof.stretch import Stretch
from workshop.progress import say

POLICY: dict[str, Any] = {"strategy": "rolling"}  # everything else as the product sets it
SHORT = {"drain_timeout": 8, "bake": 2}  # where it is not about how long callers wait
BEFORE_AND_AFTER = 1.0  # seconds of load before the first update and after the last
BETWEEN = 0.5


@dataclass(frozen=True)
class Update:
    """One run as its report tells it. `seconds`: from the command to its end."""

    result: str
    message: str
    seconds: float
    timings: dict[str, Any]


@dataclass(frozen=True)
class Rolled:
    """What callers saw without, with and again without updates."""

    without: Sequence[Stretch]
    with_updates: Stretch
    updates: Sequence[Update]

    def dump(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def load(cls, raw: dict[str, Any]) -> Rolled:
        without = [Stretch.load(item) for item in raw["without"]]
        return cls(without, Stretch.load(raw["with_updates"]), [Update(**item) for item in raw["updates"]])


def roll(stage: Stage, rate: int, number: int, quiet_seconds: float) -> Rolled:
    before = stage.stretch(rate, lasting(quiet_seconds))
    say(f"  {rate}/s ohne Updates: {told(before)}")
    updates: list[Update] = []

    async def updating() -> None:
        await asyncio.sleep(BEFORE_AND_AFTER)
        for turn in range(number):
            updates.append(await run(stage, "update", "--to", OLD if turn % 2 else NEW, "--force"))
            await asyncio.sleep(BETWEEN)
        await asyncio.sleep(BEFORE_AND_AFTER)

    during = stage.stretch(rate, updating)
    say(f"  {rate}/s mit {number} Updates: {told(during)}; {during.outcomes}")
    after = stage.stretch(rate, lasting(quiet_seconds))
    say(f"  {rate}/s ohne Updates: {told(after)}")
    return Rolled([before, after], during, updates)


async def run(stage: Stage, verb: str, *words: str) -> Update:
    """A run from the command line, over ssh; the load goes on meanwhile."""
    began = asyncio.get_running_loop().time()
    report = await asyncio.to_thread(stage.upkeep, verb, stage.stack, *words)
    seconds = asyncio.get_running_loop().time() - began
    update = Update(str(report.get("result", "refused")), str(report.get("message", report)), seconds, timings(report))
    say(f"  {verb} {' '.join(words)}: {update.result} nach {seconds:.1f} s; {update.message}")
    return update


def timings(report: dict[str, Any]) -> dict[str, Any]:
    return dict(report.get("timings") or {})

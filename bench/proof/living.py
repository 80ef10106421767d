"""Devices on live updates while slots are exchanged under them: who was away how long, who missed or doubled what."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import aiohttp

from bench.devices import Device, connected
from bench.failure import BenchFailed
from bench.proof.rolling import POLICY, SHORT, Update, run
from bench.proof.stage import NEW, OLD, Stage
from workshop.progress import say

DEVICES = 50
PAUSE = 0.1  # seconds between two changes
BEFORE_AND_AFTER = 1.0
ARRIVE = 30.0  # seconds, for the last event


@dataclass(frozen=True)
class Lived:
    """`away`: seconds of every interruption of every device. `incomplete`: devices that missed or doubled an event.
    `unanswered`: changes whose request got no 200; the gate lets none through to a slot that ends."""

    devices: int
    events: int
    incomplete: int
    resets: int
    unanswered: int
    away: list[float]
    updates: list[Update]

    def dump(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def load(cls, raw: dict[str, Any]) -> Lived:
        return cls(**{**raw, "updates": [Update(**item) for item in raw["updates"]]})

    def __str__(self) -> str:
        longest = f"{max(self.away):.2f} s" if self.away else "nie"
        return (
            f"{self.devices} Geräte, {self.events} Ereignisse, {self.incomplete} Geräte unvollständig, "
            f"{self.resets} neu geladen, {len(self.away)} Unterbrechungen, längste {longest}; "
            f"{self.unanswered} Änderungen ohne Antwort"
        )


def follow(stage: Stage, number: int) -> Lived:
    """`number` updates, back and forth."""
    stage.policy(POLICY | SHORT)
    return asyncio.run(_follow(stage, number))


async def _follow(stage: Stage, number: int) -> Lived:
    updates: list[Update] = []
    devices = [Device(lambda: stage.origin, stage.origin, stage.cookie) for _ in range(DEVICES)]
    async with connected(devices):
        for device in devices:
            device.resets = 0  # the first position is one
        stop = asyncio.Event()
        writing = asyncio.create_task(_write(stage, stop))
        await asyncio.sleep(BEFORE_AND_AFTER)
        for turn in range(number):
            updates.append(await run(stage, "update", "--to", OLD if turn % 2 else NEW, "--force"))
        await asyncio.sleep(BEFORE_AND_AFTER)
        stop.set()
        saved, unanswered = await writing
        await _until(lambda: all(len(device.seen) >= saved for device in devices), devices, saved)
    lived = Lived(
        devices=len(devices),
        events=saved,
        incomplete=sum(not device.is_complete() for device in devices),
        resets=sum(device.resets for device in devices),
        unanswered=unanswered,
        away=[gap for device in devices for gap in device.gaps],
        updates=updates,
    )
    say(f"  {lived}")
    return lived


async def _write(stage: Stage, stop: asyncio.Event) -> tuple[int, int]:
    """New articles until told to stop; how many were confirmed, and how many not."""
    saved = unanswered = 0
    headers = {"X-Lager-Client": "bench", "Origin": stage.origin, "Cookie": stage.cookie}
    async with aiohttp.ClientSession(headers=headers) as session:
        for number in itertools.count():
            if stop.is_set():
                return saved, unanswered
            try:
                async with session.post(f"{stage.origin}/api/articles", json={"name": f"Live {number}"}) as reply:
                    saved += reply.status == 201
                    unanswered += reply.status != 201
            except (aiohttp.ClientError, TimeoutError):
                unanswered += 1
            await asyncio.sleep(PAUSE)
    raise AssertionError


async def _until(happened: Callable[[], bool], devices: list[Device], saved: int) -> None:
    try:
        async with asyncio.timeout(ARRIVE):
            while not happened():
                await asyncio.sleep(0.05)
    except TimeoutError:
        fewest = min(len(device.seen) for device in devices)
        raise BenchFailed(f"Nach {ARRIVE:g} s hat ein Gerät {fewest} von {saved} Ereignissen") from None

"""Many devices on live updates at once: each one WebSocket that speaks Socket.IO as the page does, confirms included.

A device comes back by itself within 0.1 to 0.5 s with the number it knows, and keeps when it learnt of what.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import websockets

PATH = "/api/live/?EIO=4&transport=websocket"
OPEN, CONNECTED, PING, PONG = "0", "40", "2", "3"
AWAY = (OSError, websockets.WebSocketException, TimeoutError)


@dataclass
class Device:
    """`seen`: monotonic time by sequence number. `told`: numbers with what they were about („booking 64b0…"), in the
    order of arrival. `gaps`: how long each interruption was, in seconds."""

    address: Callable[[], str]
    origin: str
    cookie: str
    epoch: str | None = None
    seq: int = 0
    resets: int = 0
    seen: dict[int, float] = field(default_factory=dict)
    told: list[tuple[int, str]] = field(default_factory=list)
    doubled: int = 0
    gaps: list[float] = field(default_factory=list)
    is_live: bool = False
    lost_at: float | None = None

    async def stay(self) -> None:
        """Until cancelled."""
        while True:
            with contextlib.suppress(*AWAY):
                await self._follow()
            if self.is_live:
                self.is_live, self.lost_at = False, time.monotonic()
            await asyncio.sleep(random.uniform(0.1, 0.5))

    async def _follow(self) -> None:
        headers = {"Cookie": self.cookie}
        origin = websockets.Origin(self.origin)
        address = self.address().replace("http", "ws", 1) + PATH
        async with websockets.connect(
            address, origin=origin, additional_headers=headers, compression=None, ping_interval=None, proxy=None
        ) as socket:
            async for message in socket:
                answer = self._answer(str(message))
                if answer:
                    await socket.send(answer)

    def _answer(self, message: str) -> str | None:
        if message == PING:
            return PONG
        if message.startswith(OPEN):
            return CONNECTED + json.dumps({"epoch": self.epoch, "seq": self.seq})
        if not message.startswith("42"):
            return None
        number = message[2 : message.index("[")]
        name, told = json.loads(message[2 + len(number) :])
        if name == "position":
            self._placed(told)
        elif name == "events":
            self._take(told["events"])
        return f"43{number}[]" if number else None

    def _placed(self, position: dict[str, Any]) -> None:
        if self.lost_at is not None:
            self.gaps.append(time.monotonic() - self.lost_at)
        self.is_live, self.lost_at = True, None
        if position["reset"]:
            self.resets += 1
            self.epoch, self.seq = position["epoch"], position["seq"]

    def _take(self, events: list[dict[str, Any]]) -> None:
        now = time.monotonic()
        for event in events:
            self.doubled += event["seq"] in self.seen
            self.seen[event["seq"]] = now
            self.told.append((event["seq"], about(event["kind"], event["body"])))
            self.seq = event["seq"]

    def is_complete(self) -> bool:
        """Every number between the first and the last it saw, once each and in order."""
        numbers = list(self.seen)
        return not self.doubled and numbers == list(range(numbers[0], numbers[-1] + 1)) if numbers else True


def about(kind: str, body: dict[str, Any]) -> str:
    """The thing that an event is about."""
    return f"{kind} {body.get('id', '')}".strip()


@contextlib.asynccontextmanager
async def connected(devices: list[Device], within: float = 60.0) -> AsyncIterator[None]:
    """All of them live; they stay until the block ends."""
    staying = [asyncio.create_task(device.stay()) for device in devices]
    try:
        async with asyncio.timeout(within):
            while not all(device.is_live for device in devices):
                await asyncio.sleep(0.05)
        yield
    finally:
        for task in staying:
            task.cancel()
        await asyncio.gather(*staying, return_exceptions=True)

"""A few callers who keep a stream of events open, and come again when it ends."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp

PATH = "/probe/events"
COME_AGAIN_SECONDS = 0.1


@dataclass
class Streams:
    """`ended`: the server said goodbye; `cut`: the connection broke; `refused`: no stream was to be had.
    `longest_gap`: seconds between the last event of one stream and the first of the next, at worst."""

    opened: int = 0
    ended: int = 0
    cut: int = 0
    refused: int = 0
    events: int = 0
    longest_gap: float = 0.0


@asynccontextmanager
async def listening(origin: str, number: int, seen: Streams) -> AsyncIterator[None]:
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=10)
    async with aiohttp.ClientSession(origin, timeout=timeout) as session:
        tasks = [asyncio.create_task(_listen(session, seen)) for _ in range(number)]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def _listen(session: aiohttp.ClientSession, seen: Streams) -> None:
    last = time.monotonic()
    while True:
        try:
            async with session.get(PATH) as response:
                if response.status == 200:
                    seen.opened += 1
                    last = await _follow(response, seen, last)
                    seen.ended += 1
                else:
                    seen.refused += 1
        except (aiohttp.ClientConnectorError, aiohttp.ServerDisconnectedError):
            seen.refused += 1
        except (aiohttp.ClientError, OSError):
            seen.cut += 1
        await asyncio.sleep(COME_AGAIN_SECONDS)


async def _follow(response: aiohttp.ClientResponse, seen: Streams, last: float) -> float:
    """Until the stream ends; when the last event came."""
    async for line in response.content:
        if line.startswith(b"data:"):
            now = time.monotonic()
            seen.longest_gap = max(seen.longest_gap, now - last)
            seen.events, last = seen.events + 1, now
    return last

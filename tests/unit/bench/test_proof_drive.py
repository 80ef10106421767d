"""Callers against a small stand-in of the app: what they keep in their book, and how they follow streams of events."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from bench.proof import listeners, stretch, traffic
from bench.proof.listeners import Streams, listening
from bench.proof.quiet import lasting
from bench.proof.stretch import Callers

KEPT: list[str] = []


async def write(request: web.Request) -> web.Response:
    """Keeps everything but every tenth, which it only says it kept."""
    name = (await request.json())["name"]
    if not name.endswith("0"):
        KEPT.append(name)
    return web.json_response({"name": name}, status=201)


async def upload(request: web.Request) -> web.Response:
    return web.json_response({"sha256": hashlib.sha256(await request.read()).hexdigest()})


async def events(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    for _ in range(3):
        await response.write(b"data: 1\n\n")
        await asyncio.sleep(0.02)
    return response


@asynccontextmanager
async def stand_in() -> AsyncIterator[str]:
    async def article(request: web.Request) -> web.Response:
        return web.json_response({"id": request.match_info["id"]})

    async def page(_: web.Request) -> web.Response:
        return web.Response(text="<html></html>\n", content_type="text/html")

    async def wait(_: web.Request) -> web.Response:
        return web.json_response({"waited": traffic.LONG_SECONDS})

    app = web.Application(client_max_size=10**6)
    app.add_routes(
        [
            web.post("/api/articles", write),
            web.get("/api/articles/{id}", article),
            web.get("/", page),
            web.get("/probe/wait", wait),
            web.put("/probe/upload", upload),
            web.get("/probe/events", events),
        ]
    )
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def driven(during: Callable[[], Awaitable[None]]) -> tuple[stretch.Stretch, traffic.Ledger]:
    async with stand_in() as origin:
        return await Callers(origin, "lager=1", ["a1", "b2"]).drive(300, during)


def test_every_request_is_good_and_lost_writes_come_out_in_the_book(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traffic, "PIECE_SECONDS", 0.0)
    KEPT.clear()
    seen, ledger = asyncio.run(driven(lasting(0.5)))
    assert seen.failed == 0, seen.outcomes
    assert seen.of_kind(traffic.UPLOAD) == seen.of_kind(traffic.LONG) == 1
    assert seen.connections < seen.requests
    accounts = ledger.compare(KEPT)
    assert accounts.missing == accounts.acknowledged - accounts.once > 0
    assert accounts.acknowledged == seen.writes


def test_what_goes_wrong_meanwhile_is_raised_when_the_load_has_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traffic, "PIECE_SECONDS", 0.0)

    async def fails() -> None:
        raise RuntimeError("Update gescheitert")

    with pytest.raises(RuntimeError, match="Update gescheitert"):
        asyncio.run(driven(fails))


def test_a_stream_that_ends_is_opened_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listeners, "COME_AGAIN_SECONDS", 0.01)

    async def listen() -> Streams:
        seen = Streams()
        async with stand_in() as origin, listening(origin, 2, seen):
            await asyncio.sleep(0.3)
        return seen

    seen = asyncio.run(listen())
    assert seen.ended >= 2
    assert seen.events >= 3 * seen.ended
    assert (seen.cut, seen.refused) == (0, 0)


def test_a_stream_that_nobody_offers_is_refused() -> None:
    async def listen() -> Streams:
        seen = Streams()
        async with listening("http://127.0.0.1:9", 1, seen):
            await asyncio.sleep(0.05)
        return seen

    assert asyncio.run(listen()).refused == 1

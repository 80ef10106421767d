"""The load generator tells apart what callers of a gate may and may not see."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from bench.load import Call, Sample, Tally, describe, run_for, send, session_for

JSON = "Content-Type: application/json\r\n"
RETRY = "Retry-After: 2\r\n"
ANSWERS = {
    "/gut": ("200 OK", JSON + "X-Upkeep-Release: 1.0.0\r\n", "{}"),
    "/wartung": ("503 Closed", JSON + RETRY, '{"error":"Wartung","code":"maintenance","retry_after":2}'),
    "/ohne-retry": ("503 Closed", JSON, '{"error":"Wartung","retry_after":2}'),
    "/ohne-json": ("503 Closed", RETRY, "<h1>Wartung</h1>"),
    "/kaputt": ("502 Bad Gateway", JSON, "{}"),
}


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers by path; „/stumm“ hangs up without an answer, „/einmal“ does so from the second request on."""
    served = 0
    with_answers = {**ANSWERS, "/einmal": ANSWERS["/gut"]}
    while head := await reader.readuntil(b"\r\n\r\n"):
        path = head.split()[1].decode()
        served += 1
        if path == "/stumm" or (path == "/einmal" and served > 1):
            break
        if length := re.search(rb"Content-Length: (\d+)", head):
            await reader.readexactly(int(length[1]))
        status, headers, body = with_answers[path]
        writer.write(f"HTTP/1.1 {status}\r\n{headers}Content-Length: {len(body)}\r\n\r\n{body}".encode())
    writer.close()


async def _quietly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        await _serve(reader, writer)
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


@asynccontextmanager
async def server() -> AsyncIterator[str]:
    listening = await asyncio.start_server(_quietly, "127.0.0.1", 0)
    async with listening:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"


async def outcomes(*paths: str) -> list[str]:
    """One request after the other over kept connections."""
    tally = Tally()
    async with server() as origin, session_for(origin, {}) as session:
        for path in paths:
            await send(session, Call(path), 0.0, tally)
    return [sample.outcome for sample in tally.samples]


@pytest.mark.parametrize(
    ("path", "outcome"),
    [
        ("/gut", "ok"),
        ("/wartung", "maintenance"),
        ("/ohne-retry", "http-503"),
        ("/ohne-json", "http-503"),
        ("/kaputt", "http-502"),
        ("/stumm", "reset"),
    ],
)
def test_an_answer_is_counted_as_what_it_is(path: str, outcome: str) -> None:
    assert asyncio.run(outcomes(path)) == [outcome]


def test_a_kept_connection_that_breaks_counts_although_the_client_library_asks_again() -> None:
    assert asyncio.run(outcomes("/einmal", "/einmal")) == ["ok", "reset"]


def test_nobody_listening_is_refused() -> None:
    async def ask() -> list[str]:
        tally = Tally()
        with socket.socket() as reserved:
            reserved.bind(("127.0.0.1", 0))
            async with session_for(f"http://127.0.0.1:{reserved.getsockname()[1]}", {}) as session:
                await send(session, Call("/gut"), 0.0, tally)
        return [sample.outcome for sample in tally.samples]

    assert asyncio.run(ask()) == ["refused"]


def in_server(work: Callable[[str], Awaitable[Tally]]) -> Tally:
    async def run() -> Tally:
        async with server() as origin:
            return await work(origin)

    return asyncio.run(run())


def test_the_generator_sends_its_calls_in_turn_and_knows_who_answered() -> None:
    calls = [Call("/gut"), Call("/wartung", "POST", body={"name": "Rohr"})]
    tally = in_server(lambda origin: run_for(origin, calls, per_second=200, seconds=0.2))
    assert abs(tally.outcomes["ok"] - tally.outcomes["maintenance"]) <= 1
    assert tally.releases == {"1.0.0": tally.outcomes["ok"]}
    assert not tally.failures


def test_latency_counts_from_when_the_request_was_due() -> None:
    tally = Tally([Sample(due=1.0, sent=1.5, ended=2.0, outcome="ok", release="1.0.0")])
    assert tally.percentile(0.5) == 1.0
    assert "kam bis zu 500 ms zu spät" in describe(tally)


def test_the_closed_window_goes_from_the_first_503_to_the_last() -> None:
    seen = [(1.0, "ok"), (2.0, "maintenance"), (5.5, "maintenance"), (6.0, "ok")]
    tally = Tally([Sample(at, at, at, outcome, "") for at, outcome in seen])
    assert tally.closed_seconds() == 3.5

"""A small load generator that keeps connections alive, retries nothing and counts every outcome.

Outcomes: `ok` (2xx), `maintenance` (the gate's well-formed 503), `http-<status>` for any other answer, or the kind of
failure: `timeout`, `refused`, `reset`, `protocol`, and `malformed` for a 2xx that says something else than was asked
for. It is an open loop: a request is due at its time whatever became of the ones before, and latency counts from then,
so that neither a slow server nor a slow generator flatters the figures. Times are monotonic seconds.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import math
import time
from collections import Counter
from collections.abc import AsyncIterable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import aiohttp

from bench.outcomes import classify, classify_error

TIMEOUT_SECONDS = 10.0
MOST_REQUESTS = 1_000_000
MOST_CONNECTIONS = 200
ORDINARY = ""


def anything(_: bytes) -> bool:
    return True


@dataclass(frozen=True)
class Call:
    """One request to send; `path` begins with a slash, `body` is sent as JSON, or else what `stream` makes piece by
    piece. `accepts` looks at the body of a 2xx. `kind` names what the request is about, for counting apart."""

    path: str
    method: str = "GET"
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    kind: str = ORDINARY
    accepts: Callable[[bytes], bool] = anything
    stream: Callable[[], AsyncIterable[bytes]] | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """One request: when it was due, sent and over, what came of it, which release answered."""

    due: float
    sent: float
    ended: float
    outcome: str
    release: str
    kind: str = ORDINARY


@dataclass
class Tally:
    """Everything a run of the generator saw; `connections` counts those it opened."""

    samples: list[Sample] = field(default_factory=list)
    connections: int = 0

    @property
    def outcomes(self) -> Counter[str]:
        return Counter(sample.outcome for sample in self.samples)

    @property
    def releases(self) -> Counter[str]:
        """How many answers came from each release, in the order in which they first appeared."""
        return Counter(sample.release for sample in self.samples if sample.release)

    @property
    def failures(self) -> Counter[str]:
        """Outcomes that no caller should ever see."""
        return Counter({kind: n for kind, n in self.outcomes.items() if kind not in {"ok", "maintenance"}})

    def closed_seconds(self) -> float:
        """From the first 503 of the gate to the last, 0 when there was none."""
        closed = [sample.ended for sample in self.samples if sample.outcome == "maintenance"]
        return max(closed) - min(closed) if closed else 0.0

    def percentile(self, share: float) -> float:
        """Latency in seconds below which `share` (0 … 1) of the good answers stayed; nan without any."""
        taken = sorted(sample.ended - sample.due for sample in self.samples if sample.outcome == "ok")
        return taken[max(0, math.ceil(share * len(taken)) - 1)] if taken else math.nan

    def lag(self) -> float:
        """Seconds by which the generator itself was late at worst; large values mean that it was the bottleneck."""
        return max((sample.sent - sample.due for sample in self.samples), default=0.0)


async def send(session: aiohttp.ClientSession, call: Call, due: float, tally: Tally) -> None:
    sent, release, attempts = time.monotonic(), "", SimpleNamespace(connections=0, opened=0)
    try:
        async with session.request(
            call.method,
            call.path,
            json=call.body,
            data=call.stream() if call.stream else None,
            headers=call.headers,
            allow_redirects=False,
            trace_request_ctx=attempts,
        ) as response:
            body = await response.read()
            outcome = classify(response.status, response.headers, body)
            release = response.headers.get("X-Upkeep-Release", "")
        if outcome == "ok" and not call.accepts(body):
            outcome = "malformed"
    except (aiohttp.ClientError, OSError) as error:
        outcome = classify_error(error)
    if attempts.connections > 1:  # aiohttp sends a GET again when a kept connection breaks; callers may not
        outcome = "reset"
    tally.connections += attempts.opened
    tally.samples.append(Sample(due, sent, time.monotonic(), outcome, release, call.kind))


async def _count_new(_: aiohttp.ClientSession, context: SimpleNamespace, __: object) -> None:
    context.trace_request_ctx.connections += 1
    context.trace_request_ctx.opened += 1


async def _count_kept(_: aiohttp.ClientSession, context: SimpleNamespace, __: object) -> None:
    context.trace_request_ctx.connections += 1


def session_for(origin: str, headers: Mapping[str, str], connections: int = MOST_CONNECTIONS) -> aiohttp.ClientSession:
    """Connections to one server, like those of a program that knows no proxy and keeps no cookies of its own."""
    trace = aiohttp.TraceConfig()
    trace.on_connection_create_end.append(_count_new)
    trace.on_connection_reuseconn.append(_count_kept)
    return aiohttp.ClientSession(
        origin,
        connector=aiohttp.TCPConnector(limit=connections),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"Accept": "application/json", **headers},
        timeout=aiohttp.ClientTimeout(total=TIMEOUT_SECONDS),
        trace_configs=[trace],
    )


async def generate(
    origin: str,
    calls: Sequence[Call] | Iterator[Call],
    per_second: float,
    stop: asyncio.Event,
    tally: Tally,
    watch: Callable[[Tally], None] | None = None,
    headers: Mapping[str, str] | None = None,
    connections: int = MOST_CONNECTIONS,
) -> None:
    """Send `calls` (a sequence: in turn, again and again) at a fixed rate until `stop` is set; calls `watch` once a
    second."""
    endless = calls if isinstance(calls, Iterator) else itertools.cycle(calls)
    async with session_for(origin, headers or {}, connections) as session, asyncio.TaskGroup() as pending:
        began = time.monotonic()
        for n, call in zip(range(MOST_REQUESTS), endless, strict=False):
            due = began + n / per_second
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            if stop.is_set():
                break
            pending.create_task(send(session, call, due, tally))
            if watch and n % max(1, round(per_second)) == 0:
                watch(tally)


def describe(tally: Tally) -> str:
    """One German line: how many requests, how many of each outcome, latency."""
    parts = [f"{len(tally.samples)} Anfragen"]
    parts += [f"{kind}: {number}" for kind, number in sorted(tally.outcomes.items())]
    parts.append(f"p50 {tally.percentile(0.5) * 1000:.0f} ms, p99 {tally.percentile(0.99) * 1000:.0f} ms")
    if tally.lag() > 0.1:
        parts.append(f"der Lastgenerator selbst kam bis zu {tally.lag() * 1000:.0f} ms zu spät")
    return " · ".join(parts)


async def run_for(origin: str, calls: Sequence[Call], per_second: float, seconds: float) -> Tally:
    tally, stop = Tally(), asyncio.Event()
    asyncio.get_running_loop().call_later(seconds, stop.set)
    await generate(origin, calls, per_second, stop, tally)
    return tally


def main() -> None:
    parser = argparse.ArgumentParser(description="Gleichmäßige Last auf eine Adresse der eigenen Testhosts")
    parser.add_argument("origin", help="zum Beispiel http://127.0.0.1:8080")
    parser.add_argument("--path", default="/api/health")
    parser.add_argument("--rate", type=float, default=20.0, help="Anfragen je Sekunde")
    parser.add_argument("--seconds", type=float, default=10.0)
    arguments = parser.parse_args()
    calls = [Call(arguments.path)]
    print(describe(asyncio.run(run_for(arguments.origin, calls, arguments.rate, arguments.seconds))))


if __name__ == "__main__":
    main()

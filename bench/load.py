"""A small load generator that keeps connections alive, retries nothing and counts every outcome.

A request counts as `ok` (2xx), `maintenance` (503 with Retry-After and a JSON body), `http-<status>` for any other
status, or by the kind of failure: `timeout`, `refused`, `reset`, `protocol`. Latencies are in seconds.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx

TIMEOUT_SECONDS = 10.0


@dataclass(frozen=True)
class Sample:
    """One request: when it started and ended (monotonic seconds), what came of it, which release answered."""

    started: float
    ended: float
    outcome: str
    release: str


@dataclass
class Tally:
    """Everything a run of the generator saw."""

    samples: list[Sample] = field(default_factory=list)

    @property
    def outcomes(self) -> Counter[str]:
        return Counter(sample.outcome for sample in self.samples)

    @property
    def releases(self) -> Counter[str]:
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
        """Latency in seconds below which `share` (0 … 1) of the answered requests stayed; nan without any."""
        taken = sorted(sample.ended - sample.started for sample in self.samples if sample.outcome == "ok")
        return taken[min(len(taken) - 1, math.ceil(share * len(taken)) - 1)] if taken else math.nan


def classify(response: httpx.Response) -> str:
    if response.is_success:
        return "ok"
    if response.status_code == 503 and "retry-after" in response.headers:
        try:
            json.loads(response.content)
        except ValueError:
            return "http-503-malformed"
        return "maintenance"
    return f"http-{response.status_code}"


def classify_error(error: httpx.HTTPError) -> str:
    kinds = ((httpx.TimeoutException, "timeout"), (httpx.ConnectError, "refused"), (httpx.NetworkError, "reset"))
    return next((name for kind, name in kinds if isinstance(error, kind)), "protocol")


async def request(client: httpx.AsyncClient, url: str, tally: Tally) -> None:
    started = time.monotonic()
    release = ""
    try:
        response = await client.get(url)
        outcome = classify(response)
        release = response.headers.get("x-upkeep-release", "")
    except httpx.HTTPError as error:
        outcome = classify_error(error)
    tally.samples.append(Sample(started, time.monotonic(), outcome, release))


async def generate(
    url: str,
    per_second: float,
    stop: asyncio.Event,
    tally: Tally,
    watch: Callable[[Tally], None] | None = None,
    headers: dict[str, str] | None = None,
) -> None:
    """Send GETs at a fixed rate (open loop) until `stop` is set; calls `watch` once a second."""
    limits = httpx.Limits(max_connections=200, max_keepalive_connections=50)
    accept = {"Accept": "application/json"} | (headers or {})
    async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS, limits=limits, headers=accept) as client:
        pending: set[asyncio.Task[None]] = set()
        began = time.monotonic()
        for n in range(1_000_000):
            if stop.is_set():
                break
            await asyncio.sleep(max(0.0, began + n / per_second - time.monotonic()))
            task = asyncio.create_task(request(client, url, tally))
            pending.add(task)
            task.add_done_callback(pending.discard)
            if watch and n % max(1, round(per_second)) == 0:
                watch(tally)
        await asyncio.gather(*pending)


def describe(tally: Tally) -> str:
    """One German line: how many requests, how many of each outcome, latency."""
    parts = [f"{len(tally.samples)} Anfragen"]
    parts += [f"{kind}: {number}" for kind, number in sorted(tally.outcomes.items())]
    parts.append(f"p50 {tally.percentile(0.5) * 1000:.0f} ms, p99 {tally.percentile(0.99) * 1000:.0f} ms")
    return " · ".join(parts)


async def run_for(url: str, per_second: float, seconds: float) -> Tally:
    tally, stop = Tally(), asyncio.Event()
    asyncio.get_running_loop().call_later(seconds, stop.set)
    await generate(url, per_second, stop, tally)
    return tally


def main() -> None:
    parser = argparse.ArgumentParser(description="Gleichmäßige Last auf eine Adresse der eigenen Testhosts")
    parser.add_argument("url")
    parser.add_argument("--rate", type=float, default=20.0, help="Anfragen je Sekunde")
    parser.add_argument("--seconds", type=float, default=10.0)
    arguments = parser.parse_args()
    print(describe(asyncio.run(run_for(arguments.url, arguments.rate, arguments.seconds))))


if __name__ == "__main__":
    main()

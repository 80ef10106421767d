"""A stretch of load: the same traffic at one rate while something else happens, boiled down to what a table needs."""

from __future__ import annotations

import asyncio
import math
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from bench.load import Sample, Tally, generate
from bench.proof import traffic
from bench.proof.listeners import Streams, listening
from bench.proof.traffic import Accounts, Ledger

CONNECTIONS = 1000
LISTENERS = 6
STALL_SECONDS = 10.0
TICKS = 10_000  # latencies are kept in ticks of 0.1 ms: exact enough, and small
TIMED = (traffic.READ, traffic.WRITE)  # long answers and uploads take as long as they are asked to
GOOD = "ok"


@dataclass
class Stretch:
    """`outcomes`: „kind/outcome“ → how many. `latencies`: 0.1 ms → how many good answers to reads and writes.
    `own_cpu`: share of one core the generator used; `machine`: share of all cores in use, by whomever."""

    rate: int
    seconds: float
    outcomes: dict[str, int]
    releases: dict[str, int]
    latencies: dict[int, int]
    stalled: int
    lag: float
    connections: int
    own_cpu: float = 0.0
    machine: float = 0.0
    streams: Streams = field(default_factory=Streams)
    accounts: Accounts | None = None

    @property
    def requests(self) -> int:
        return sum(self.outcomes.values())

    @property
    def failed(self) -> int:
        """Whatever is no good answer. A maintenance page, too: nobody was to see one."""
        return sum(number for key, number in self.outcomes.items() if not key.endswith(f"/{GOOD}"))

    @property
    def writes(self) -> int:
        return self.of_kind(traffic.WRITE)

    def of_kind(self, kind: str) -> int:
        return sum(number for key, number in self.outcomes.items() if key.startswith(f"{kind}/"))

    def outcome(self, name: str) -> int:
        return sum(number for key, number in self.outcomes.items() if key.endswith(f"/{name}"))

    def percentile(self, share: float) -> float:
        """Milliseconds; nan without good answers."""
        return percentile(Counter(self.latencies), share)

    def dump(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def load(cls, raw: dict[str, Any]) -> Stretch:
        accounts = Accounts(**raw["accounts"]) if raw["accounts"] else None
        latencies = {int(tick): number for tick, number in raw["latencies"].items()}
        return cls(**{**raw, "latencies": latencies, "accounts": accounts, "streams": Streams(**raw["streams"])})


def percentile(latencies: Counter[int], share: float) -> float:
    """Milliseconds below which `share` (0 … 1) of them stayed; nan when there are none."""
    wanted, seen = max(1, math.ceil(share * latencies.total())), 0
    for tick in sorted(latencies):
        seen += latencies[tick]
        if seen >= wanted:
            return tick / 10
    return math.nan


def together(stretches: Sequence[Stretch]) -> Counter[int]:
    """The latencies of several stretches."""
    return sum((Counter(stretch.latencies) for stretch in stretches), Counter())


@dataclass(frozen=True)
class Callers:
    """Whom they call, who they are, and articles that they may read."""

    origin: str
    cookie: str
    articles: Sequence[str]

    async def drive(
        self, rate: int, during: Callable[[], Awaitable[None]], tally: Tally | None = None
    ) -> tuple[Stretch, Ledger]:
        """Load from before `during` begins until after it ended; what it raises is raised when the load has stopped.
        `tally` for who wants to know of each request."""
        tally = Tally() if tally is None else tally
        ledger, streams, stop = Ledger(), Streams(), asyncio.Event()
        began, cpu, machine = time.monotonic(), time.process_time(), _machine()
        async with listening(self.origin, LISTENERS, streams):
            load = asyncio.create_task(self._load(ledger, rate, stop, tally))
            try:
                await during()
            finally:
                stop.set()
                await load
        seconds = time.monotonic() - began
        own_cpu, busy = (time.process_time() - cpu) / seconds, _busy(machine, _machine())
        found = boiled_down(tally, rate, seconds, streams)
        return replace(found, own_cpu=round(own_cpu, 3), machine=round(busy, 3)), ledger

    async def _load(self, ledger: Ledger, rate: int, stop: asyncio.Event, tally: Tally) -> None:
        calls, headers = traffic.calls(ledger, self.articles), {"Cookie": self.cookie}
        await generate(self.origin, calls, rate, stop, tally, headers=headers, connections=CONNECTIONS)


def boiled_down(tally: Tally, rate: int, seconds: float, streams: Streams) -> Stretch:
    """Without what only the machine knows."""
    good = (sample for sample in tally.samples if sample.outcome == GOOD and sample.kind in TIMED)
    return Stretch(
        rate=rate,
        seconds=round(seconds, 1),
        outcomes=dict(Counter(f"{sample.kind}/{sample.outcome}" for sample in tally.samples)),
        releases=dict(tally.releases),
        latencies=dict(Counter(round(_latency(sample) * TICKS) for sample in good)),
        stalled=sum(_latency(sample) >= STALL_SECONDS for sample in tally.samples),
        lag=round(tally.lag(), 3),
        connections=tally.connections,
        streams=streams,
    )


def _latency(sample: Sample) -> float:
    return sample.ended - sample.due


def _machine() -> tuple[int, int]:
    """(idle, all) ticks of all cores since boot."""
    ticks = [int(word) for word in Path("/proc/stat").read_text(encoding="ascii").splitlines()[0].split()[1:9]]
    return ticks[3] + ticks[4], sum(ticks)


def _busy(before: tuple[int, int], after: tuple[int, int]) -> float:
    passed = after[1] - before[1]
    return 1 - (after[0] - before[0]) / passed if passed else 0.0

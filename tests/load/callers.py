"""Callers of the tiny app who write down what was confirmed to them; the same generator as in `make load`."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from bench.load import Call, Tally, describe, generate
from bench.proof.traffic import LONG, READ, WRITE, Accounts, Ledger
from tests.faults.managed import ManagedHost

PER_SECOND = 120
WRITE_EVERY, LONG_EVERY = 4, 101
BEFORE_AND_AFTER = 1.0


@dataclass
class Seen:
    """What the callers saw, and their book against what is stored."""

    tally: Tally = field(default_factory=Tally)
    ledger: Ledger = field(default_factory=Ledger)
    accounts: Accounts | None = None

    def __str__(self) -> str:
        wrong = Counter((sample.kind, sample.outcome) for sample in self.tally.samples if sample.outcome != "ok")
        return f"{describe(self.tally)} · {dict(self.tally.releases)} · {self.accounts} · {dict(wrong)}"


def during(host: ManagedHost, work: Callable[[], None]) -> Seen:
    """Load on the host's address while `work` goes on in a thread."""
    seen = Seen()
    asyncio.run(_drive(f"http://{host.address()}", seen, work))
    volume = host.run("docker", "volume", "inspect", "-f", "{{.Mountpoint}}", f"{host.stack}_entries")
    seen.accounts = seen.ledger.compare(host.run("cat", f"{volume}/entries").splitlines())
    return seen


async def _drive(origin: str, seen: Seen, work: Callable[[], None]) -> None:
    stop = asyncio.Event()
    load = asyncio.create_task(generate(origin, _calls(seen.ledger), PER_SECOND, stop, seen.tally))
    try:
        await asyncio.sleep(BEFORE_AND_AFTER)
        await asyncio.to_thread(work)
        await asyncio.sleep(BEFORE_AND_AFTER)
    finally:
        stop.set()
        await load


def _calls(ledger: Ledger) -> Iterator[Call]:
    for number in itertools.count():
        if number % LONG_EVERY == 1:
            yield Call("/slow=2", kind=LONG)
        elif number % WRITE_EVERY == 0:
            yield _entry(ledger, f"{ledger.prefix}-{number}")
        else:
            yield Call("/api/health", kind=READ)


def _entry(ledger: Ledger, name: str) -> Call:
    def confirmed(body: bytes) -> bool:
        if json.loads(body).get("entry") != name:
            return False
        ledger.acknowledged.add(name)
        return True

    return Call("/entries", "POST", name, kind=WRITE, accepts=confirmed)

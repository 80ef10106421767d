"""Steady callers of a testbed host's gate, a quarter of them writing, who retry nothing and keep books."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from bench.load import Call, Tally, describe, generate
from bench.proof.traffic import Accounts, Ledger
from tests.integration.upkeep.host import EngineHost

PER_SECOND = 100
WRITE_EVERY, LONG_EVERY = 4, 203
BEFORE_AND_AFTER = 1.0


@dataclass
class Seen:
    """What the callers saw, and their book against what is stored."""

    tally: Tally = field(default_factory=Tally)
    ledger: Ledger = field(default_factory=Ledger)
    accounts: Accounts | None = None

    def __str__(self) -> str:
        return f"{describe(self.tally)} · {dict(self.tally.releases)} · {self.accounts}"

    @property
    def nothing_lost(self) -> bool:
        """Every confirmed write is there exactly once."""
        assert self.accounts
        return self.accounts.once == self.accounts.acknowledged > 0 == self.accounts.wrong


def during(host: EngineHost, work: Callable[[], None], per_second: float = PER_SECOND) -> Seen:
    """Load on the host's address while `work` goes on in a thread."""
    seen = Seen()
    asyncio.run(_drive(f"http://{host.address()}", seen, work, per_second))
    volume = host.run("docker", "volume", "inspect", "-f", "{{.Mountpoint}}", "lager_entries").strip()
    seen.accounts = seen.ledger.compare(host.run("cat", f"{volume}/entries", check=False).splitlines())
    return seen


async def _drive(origin: str, seen: Seen, work: Callable[[], None], per_second: float) -> None:
    stop = asyncio.Event()
    load = asyncio.create_task(generate(origin, _calls(seen.ledger), per_second, stop, seen.tally))
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
            yield Call("/slow=1.5")
        elif number % WRITE_EVERY == 0:
            yield _entry(ledger, f"{ledger.prefix}-{number}")
        else:
            yield Call("/page")


def _entry(ledger: Ledger, name: str) -> Call:
    def confirmed(body: bytes) -> bool:
        if json.loads(body).get("entry") != name:
            return False
        ledger.acknowledged.add(name)
        return True

    return Call("/entries", "POST", name, accepts=confirmed)

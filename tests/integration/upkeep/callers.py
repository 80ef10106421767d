"""Steady callers of the tiny app at a host's gate, a quarter of them writing. They retry nothing and keep books; their
generator is that of `make load`."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from bench.load import Call, Tally, describe, generate
from bench.proof.traffic import LONG, READ, WRITE, Accounts, Ledger

WRITE_EVERY = 4
BEFORE_AND_AFTER = 1.0


class Host(Protocol):
    @property
    def stack(self) -> str: ...

    def address(self) -> str: ...

    def run(self, *argv: str) -> str: ...


@dataclass(frozen=True)
class Mix:
    """What is asked, and how often: `read` mostly, and once in `long_every` an answer that takes `long_seconds`."""

    per_second: float = 100
    read: str = "/page"
    long_every: int = 203
    long_seconds: float = 1.5


@dataclass
class Seen:
    """What the callers saw, and their book against what is stored."""

    tally: Tally = field(default_factory=Tally)
    ledger: Ledger = field(default_factory=Ledger)
    accounts: Accounts | None = None

    def __str__(self) -> str:
        wrong = Counter((sample.kind, sample.outcome) for sample in self.tally.samples if sample.outcome != "ok")
        return f"{describe(self.tally)} · {dict(self.tally.releases)} · {self.accounts} · {dict(wrong)}"

    @property
    def nothing_lost(self) -> bool:
        """Every confirmed write is there exactly once."""
        assert self.accounts
        return self.accounts.once == self.accounts.acknowledged > 0 == self.accounts.wrong


def during(host: Host, work: Callable[[], None], mix: Mix | None = None) -> Seen:
    """Load on the host's address while `work` goes on in a thread."""
    seen = Seen()
    asyncio.run(_drive(f"http://{host.address()}", seen, work, mix or Mix()))
    volume = host.run("docker", "volume", "inspect", "-f", "{{.Mountpoint}}", f"{host.stack}_entries").strip()
    seen.accounts = seen.ledger.compare(host.run("cat", f"{volume}/entries").splitlines())
    return seen


async def _drive(origin: str, seen: Seen, work: Callable[[], None], mix: Mix) -> None:
    stop = asyncio.Event()
    load = asyncio.create_task(generate(origin, _calls(seen.ledger, mix), mix.per_second, stop, seen.tally))
    try:
        await asyncio.sleep(BEFORE_AND_AFTER)
        await asyncio.to_thread(work)
        await asyncio.sleep(BEFORE_AND_AFTER)
    finally:
        stop.set()
        await load


def _calls(ledger: Ledger, mix: Mix) -> Iterator[Call]:
    for number in itertools.count():
        if number % mix.long_every == 1:
            yield Call(f"/slow={mix.long_seconds:g}", kind=LONG)
        elif number % WRITE_EVERY == 0:
            yield _entry(ledger, f"{ledger.prefix}-{number}")
        else:
            yield Call(mix.read, kind=READ)


def _entry(ledger: Ledger, name: str) -> Call:
    def confirmed(body: bytes) -> bool:
        if json.loads(body).get("entry") != name:
            return False
        ledger.acknowledged.add(name)
        return True

    return Call("/entries", "POST", name, kind=WRITE, accepts=confirmed)

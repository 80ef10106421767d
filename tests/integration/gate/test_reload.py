"""The configuration changes while people keep their connections: nobody loses a request over it."""

from __future__ import annotations

import asyncio
from pathlib import Path

from bench.load import Call, Tally, describe, generate
from tests.integration.gate.gate import Stand, eventually, stand

CALLS = (Call("/echo"), Call("/echo", "POST", {"menge": 1}))
PER_SECOND = 60
RELOADS = 5


def test_kept_connections_survive_every_reload(fresh_folder: Path) -> None:
    """Without `idle-close-on-response` about two requests of a reload are lost at this rate."""
    with stand(fresh_folder, "reload", stack__slots=2, stack__drain_timeout=10) as gate:
        gate.start_app("app-1")
        gate.start_app("app-2")
        tally = asyncio.run(load_during_reloads(gate))
        assert tally.failures == {}, describe(tally)
        assert tally.outcomes["ok"] > PER_SECOND


async def load_during_reloads(gate: Stand) -> Tally:
    tally, stop = Tally(), asyncio.Event()
    load = asyncio.create_task(generate(gate.url, CALLS, PER_SECOND, stop, tally))
    await asyncio.sleep(0.5)
    for number in range(RELOADS):
        await asyncio.to_thread(reload, gate, number)
        await asyncio.sleep(0.5)
    stop.set()
    await load
    return tally


def reload(gate: Stand, number: int) -> None:
    before = gate.runtime.worker()
    configuration = gate.folder / "gate" / "haproxy.cfg"
    configuration.write_text(f"{configuration.read_text()}# {number}\n")
    gate.containers["gate"].kill("SIGUSR2")
    eventually(lambda: gate.runtime.worker() not in (None, before), what="der neue Worker antwortet")

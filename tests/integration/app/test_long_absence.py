"""Ten real minutes offline while others book and a slot is exchanged: afterwards exactly what was missed, once each."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path

import pytest
from lager.services import Services

from bench.devices import Device
from tests.integration.app.bookers import crowd
from tests.integration.app.proof import Absence, prove, write_absence
from tests.integration.app.slots import until
from tests.integration.app.two_slots import Slots

pytestmark = [pytest.mark.anyio, pytest.mark.faults]

AWAY = 600.0  # seconds
CLIENTS = 5
PAUSE = 1.0  # seconds from one booking of a client to its next: a busy morning, not a storm


@pytest.fixture
def slots(environ: dict[str, str], tmp_path: Path) -> Iterator[Slots]:
    with ExitStack() as stack:
        found = Slots(environ, tmp_path, stack)
        found.start_both()
        yield found


@asynccontextmanager
async def offline(device: Device, slots: Slots) -> AsyncIterator[None]:
    """What it has is cut (each slot is exchanged once), and nothing answers it until the end."""
    way, device.address = device.address, nowhere
    for number in range(2):
        await slots.exchange(number)
    await until(lambda: not device.is_live)
    yield
    device.address = way


def nowhere() -> str:
    raise ConnectionError


@pytest.mark.timeout(int(AWAY) + 300)
async def test_who_was_offline_for_ten_minutes_gets_exactly_what_it_missed(services: Services, slots: Slots) -> None:
    enough = asyncio.Event()
    async with crowd(services, slots, CLIENTS) as people:
        booking = asyncio.gather(*(booker.book_until(enough, PAUSE) for booker in people.bookers))
        absent, present = people.devices[:2]
        await until(lambda: absent.told)
        async with offline(absent, slots):
            known = absent.seq
            await asyncio.sleep(AWAY)
            missed = present.seq - known
        came_back = time.monotonic()
        await until(lambda: absent.seq >= known + missed)
        caught_up = time.monotonic() - came_back
        enough.set()
        await booking
        proved = await prove(services, people)
    found = Absence(people.tally, people.devices, proved, max(absent.gaps), missed, caught_up)
    write_absence(found)
    assert missed > 0
    assert proved.is_good, proved

"""Twenty people book at random over two slots that are killed and exchanged meanwhile: nothing is lost or doubled."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from lager.services import Services

from tests.integration.app.bookers import Crowd, crowd
from tests.integration.app.proof import Storm, prove, write_storm
from tests.integration.app.two_slots import Slots

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

CLIENTS = 20


@pytest.fixture
def slots(environ: dict[str, str], tmp_path: Path) -> Iterator[Slots]:
    with ExitStack() as stack:
        found = Slots(environ, tmp_path, stack)
        found.start_both()
        yield found


async def book_in_a_storm(services: Services, slots: Slots, bookings: int, rounds: int) -> Storm:
    """``rounds`` times, spread over the bookings: one slot killed, then one exchanged, the next time the other way."""
    async with crowd(services, slots, CLIENTS) as people:
        began, calm = time.monotonic(), asyncio.Event()
        booking = asyncio.gather(*(booker.book(bookings // CLIENTS, calm) for booker in people.bookers))
        for number in range(rounds):
            await until_booked(people, bookings * (number + 1) // (rounds + 1))
            await slots.kill(number % 2)
            await slots.exchange(1 - number % 2)
        calm.set()  # however fast the machine books: whatever was done to a slot happened under load
        await booking
        seconds = time.monotonic() - began
        proved = await prove(services, people)
    return Storm(people.tally, people.devices, slots, proved, seconds)


async def until_booked(people: Crowd, count: int) -> None:
    while len(people.tally.booked) < count:
        await asyncio.sleep(0.02)


@pytest.mark.timeout(900)  # two processes and twenty people share the cores with whatever else runs
async def test_a_thousand_bookings_survive_the_death_and_the_exchange_of_slots(
    services: Services, slots: Slots
) -> None:
    storm = await book_in_a_storm(services, slots, 1_000, rounds=1)
    assert len(storm.tally.booked) >= 1_000
    assert (slots.killed, slots.exchanged) == (1, 1)
    assert storm.tally.repeated > 0
    assert storm.proved.is_good, storm.proved


@pytest.mark.faults
@pytest.mark.timeout(1500)
async def test_ten_thousand_bookings_survive_many_deaths_and_exchanges(services: Services, slots: Slots) -> None:
    storm = await book_in_a_storm(services, slots, 10_000, rounds=12)
    write_storm(storm)
    assert len(storm.tally.booked) >= 10_000
    assert (slots.killed, slots.exchanged) == (12, 12)
    assert storm.proved.is_good, storm.proved

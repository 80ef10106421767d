"""Twenty people book at random over two slots, and a slot is killed meanwhile: nothing is lost, nothing is doubled."""

from __future__ import annotations

import asyncio
import random
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from lager.accounts.model import Role
from lager.bookings.verify import Verified, verify
from lager.services import Services

from tests.integration.app.bookers import Booker, Tally
from tests.integration.app.mongod import free_port
from tests.integration.app.people import HEADERS, PASSWORD, Person
from tests.integration.app.process import Process, running
from tests.integration.app.shelf import article, place

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

CLIENTS = 20
ARTICLES = 60
PLACES = 6
SETTLED = 60  # seconds until everything is sealed and numbered


@dataclass
class Slots:
    """Two processes of the app on one database. ``losses`` counts how often one was taken away."""

    environ: dict[str, str]
    folder: Path
    stack: ExitStack
    processes: list[Process] = field(default_factory=list)
    losses: int = 0

    def start(self, number: int) -> None:
        environ = {**self.environ, "PORT": self.processes[number].environ["PORT"]}
        self.processes[number] = self.stack.enter_context(running(environ, self.folder / f"slot{number}"))

    def start_both(self) -> None:
        for number in range(2):
            environ = {**self.environ, "PORT": str(free_port())}
            self.processes.append(self.stack.enter_context(running(environ, self.folder / f"slot{number}")))
        for process in self.processes:
            process.until_ready()

    @property
    def urls(self) -> list[str]:
        return [process.url for process in self.processes]

    async def lose(self, number: int, how: signal.Signals) -> None:
        """Gone while others use it, and back soon after."""
        self.processes[number].popen.send_signal(how)
        await asyncio.to_thread(self.processes[number].popen.wait)
        self.losses += 1
        await asyncio.sleep(0.3)
        self.start(number)
        await asyncio.to_thread(self.processes[number].until_ready)


@pytest.fixture
def slots(environ: dict[str, str], tmp_path: Path) -> Iterator[Slots]:
    with ExitStack() as stack:
        found = Slots(environ, tmp_path, stack)
        found.start_both()
        yield found


@asynccontextmanager
async def crowd(services: Services, slots: Slots, tally: Tally) -> AsyncIterator[list[Booker]]:
    """Everybody is signed in; there are articles and places, and nothing in store."""
    await services.users.create("klaus", "Klaus", Role.STORE, PASSWORD)
    async with httpx.AsyncClient(timeout=30, headers={"X-Lager-Client": HEADERS["X-Lager-Client"]}) as client:
        client.base_url = httpx.URL(slots.urls[0])
        person = Person(client)
        await person.sign_in("klaus")
        articles = [await article(person, f"Teil {number}") for number in range(ARTICLES)]
        places = [await place(person, f"L{number}") for number in range(PLACES)]
        yield [Booker(client, slots.urls, articles, places, tally, random.Random(number)) for number in range(CLIENTS)]


async def book_and_lose_slots(services: Services, slots: Slots, bookings: int, losses: int) -> Tally:
    """``losses`` times, spread over the bookings, one slot goes: killed and stopped in turns."""
    tally = Tally()
    async with crowd(services, slots, tally) as bookers:
        booking = asyncio.gather(*(booker.book(bookings // CLIENTS) for booker in bookers))
        for number in range(losses):
            while tally.answered < bookings * (number + 1) / (losses + 1) and not booking.done():
                await asyncio.sleep(0.02)
            await slots.lose(number % 2, signal.SIGKILL if number % 3 != 2 else signal.SIGTERM)
        await booking
    return tally


async def settled(services: Services) -> Verified:
    """As it is when all is sealed and the outbox is empty."""
    async with asyncio.timeout(SETTLED):
        while (found := await verify(services.database)).unsealed or await _waiting(services):
            await asyncio.sleep(0.2)
    return found


async def _waiting(services: Services) -> bool:
    return await services.database["outbox"].find_one() is not None


async def check(services: Services, tally: Tally) -> None:
    found = await settled(services)
    assert found.broken == []
    assert found.sealed == len(tally.booked)
    stored = {one["key"]: str(one["_id"]) async for one in services.database["bookings"].find({}, ["key"])}
    assert stored == tally.booked
    assert not tally.refused & set(stored)
    assert await services.database["stock"].find_one({"quantity": {"$lt": 0}}) is None
    events = await services.database["events"].find({"kind": "booking"}).to_list()
    assert sorted(event["body"]["id"] for event in events) == sorted(tally.booked.values())
    numbers = [one["_id"] async for one in services.database["events"].find({}, ["_id"]).sort("_id")]
    assert numbers == list(range(1, len(numbers) + 1))


async def test_a_thousand_bookings_survive_the_death_of_a_slot(services: Services, slots: Slots) -> None:
    tally = await book_and_lose_slots(services, slots, 1_000, losses=1)
    assert (tally.answered, slots.losses) == (1_000, 1)
    assert tally.repeated > 0
    await check(services, tally)
    await services.client.close()


@pytest.mark.faults
@pytest.mark.timeout(1500)
async def test_ten_thousand_bookings_survive_many_deaths_and_stops(services: Services, slots: Slots) -> None:
    tally = await book_and_lose_slots(services, slots, 10_000, losses=12)
    assert (tally.answered, slots.losses) == (10_000, 12)
    print(f"{len(tally.booked)} booked, {len(tally.refused)} refused, {tally.repeated} repeated")
    await check(services, tally)
    await services.client.close()

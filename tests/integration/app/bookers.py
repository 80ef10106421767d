"""Many people who book at once over several slots, and remember exactly what was confirmed to them."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx
from lager.accounts.model import Role
from lager.services import Services

from bench.devices import Device, connected
from tests.integration.app.people import HEADERS, PASSWORD, Json, Person
from tests.integration.app.shelf import article, counted, incoming, key, moving, outgoing, place
from tests.integration.app.two_slots import Slots

ARTICLES = 60
PLACES = 6
GIVE_UP = 300  # seconds for one booking, with all its repetitions: only a deadline
ANSWERS = (200, 201, 409, 422)


@dataclass
class Tally:
    """``booked``: the ids by key, as they were confirmed; ``refused``: keys that were not booked; ``repeated``: times
    that nobody answered and the same request was sent again."""

    booked: dict[str, str] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    repeated: int = 0


@dataclass
class Booker:
    """One client. It goes to any slot, and to another one when that does not answer."""

    client: httpx.AsyncClient
    slots: Slots
    articles: Sequence[str]
    places: Sequence[str]
    tally: Tally
    chance: random.Random

    async def book(self, count: int, enough: asyncio.Event) -> None:
        """Until that many are confirmed, and on until it is enough; what is refused (nothing lies there any more) comes
        on top."""
        confirmed = 0
        while confirmed < count or not enough.is_set():
            confirmed += await self._try()

    async def book_until(self, enough: asyncio.Event, pause: float) -> None:
        while not enough.is_set():
            await self._try()
            await asyncio.sleep(pause)

    async def _try(self) -> bool:
        path, body = self._wish()
        reply = await self._send(path, body)
        if reply.status_code not in (200, 201):
            self.tally.refused.add(body["key"])
            return False
        self.tally.booked[body["key"]] = reply.json()["id"]
        return True

    def _wish(self) -> tuple[str, Json]:
        dice = self.chance.random()
        if dice < 0.1 and self.tally.booked:
            undone = self.chance.choice(list(self.tally.booked.values()))
            return f"/api/bookings/{undone}/undo", {"key": key()}
        body = self._line(dice)
        for _ in range(self.chance.choice((0, 0, 1, 3))):
            more = self._line(dice)["lines"][0]
            if body["kind"] != "correction":  # nothing is counted twice
                body["lines"].append(more)
        return "/api/bookings", body

    def _line(self, dice: float) -> Json:
        article, (place, other) = self.chance.choice(self.articles), self.chance.sample(self.places, 2)
        amount = str(self.chance.randint(1, 9))
        if dice < 0.2:
            return counted(article, place, str(self.chance.randint(0, 30)))
        if dice < 0.5:
            return incoming(article, place, amount)
        return outgoing(article, place, amount) if dice < 0.75 else moving(article, place, other, amount)

    async def _send(self, path: str, body: Json) -> httpx.Response:
        began, last = time.monotonic(), ""
        while time.monotonic() - began < GIVE_UP:
            try:
                reply = await self.client.post(self.chance.choice(self.slots.serving) + path, json=body)
                if reply.status_code in ANSWERS:
                    return reply
                assert reply.status_code in (500, 503), reply.text
                last = f"{reply.status_code} {reply.text}"
            except httpx.TransportError as exc:
                last = repr(exc)
            self.tally.repeated += 1
            await asyncio.sleep(0.05)
        raise AssertionError(f"nobody answered for {GIVE_UP} s (last: {last}): {body}")


@dataclass
class Crowd:
    """Everybody books on a line of their own and has a screen that shows what all book."""

    bookers: list[Booker]
    devices: list[Device]
    tally: Tally


@asynccontextmanager
async def crowd(services: Services, slots: Slots, clients: int) -> AsyncIterator[Crowd]:
    """Everybody is signed in and on line; there are articles and places, and nothing in store."""
    await services.users.create("klaus", "Klaus", Role.STORE, PASSWORD)
    tally = Tally()
    async with httpx.AsyncClient(timeout=30, headers={"X-Lager-Client": HEADERS["X-Lager-Client"]}) as client:
        client.base_url = httpx.URL(slots.serving[0])
        person = Person(client)
        await person.sign_in("klaus")
        articles = [await article(person, f"Teil {number}") for number in range(ARTICLES)]
        places = [await place(person, f"L{number}") for number in range(PLACES)]
        cookie = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
        chances = [random.Random(number) for number in range(clients)]
        bookers = [Booker(client, slots, articles, places, tally, chance) for chance in chances]
        devices = [Device(lambda: random.choice(slots.serving), slots.origin, cookie) for _ in range(clients)]
        async with connected(devices):
            yield Crowd(bookers, devices, tally)

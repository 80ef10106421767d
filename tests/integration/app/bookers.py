"""Many people who book at once over several slots, and remember exactly what was confirmed to them."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import httpx

from tests.integration.app.people import Json
from tests.integration.app.shelf import counted, incoming, key, moving, outgoing

GIVE_UP = 120  # seconds for one booking, with all its repetitions
ANSWERS = (200, 201, 409, 422)


@dataclass
class Tally:
    """``booked``: the ids by key, as they were confirmed; ``refused``: keys that were not booked; ``repeated``: times
    that nobody answered and the same request was sent again."""

    booked: dict[str, str] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    repeated: int = 0

    @property
    def answered(self) -> int:
        return len(self.booked) + len(self.refused)


@dataclass
class Booker:
    """One client. It goes to any slot, and to another one when that does not answer."""

    client: httpx.AsyncClient
    urls: Sequence[str]
    articles: Sequence[str]
    places: Sequence[str]
    tally: Tally
    chance: random.Random

    async def book(self, count: int) -> None:
        for _ in range(count):
            path, body = self._wish()
            reply = await self._send(path, body)
            if reply.status_code in (200, 201):
                self.tally.booked[body["key"]] = reply.json()["id"]
            else:
                self.tally.refused.add(body["key"])

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
        began = time.monotonic()
        while time.monotonic() - began < GIVE_UP:
            try:
                reply = await self.client.post(self.chance.choice(self.urls) + path, json=body)
                if reply.status_code in ANSWERS:
                    return reply
                assert reply.status_code in (500, 503), reply.text
            except httpx.TransportError:
                pass
            self.tally.repeated += 1
            await asyncio.sleep(0.05)
        raise AssertionError(f"nobody answered for {GIVE_UP} s: {body}")

"""Numbers for articles and bookings: each once, few questions however many ask at once."""

from __future__ import annotations

import asyncio
from typing import Any

import pymongo
import pytest
from lager.numbers import Numbers
from lager.services import Services
from pymongo.errors import ConnectionFailure

pytestmark = pytest.mark.anyio


@pytest.fixture
def numbers(services: Services) -> Numbers:
    return Numbers(services.database, "tests")


@pytest.fixture
def questions(numbers: Numbers, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many numbers each question to MongoDB was about."""
    asked: list[int] = []
    ask = numbers._raised_by

    async def counted(count: int) -> int:
        asked.append(count)
        return await ask(count)

    monkeypatch.setattr(numbers, "_raised_by", counted)
    return asked


async def test_they_count_up_from_one(numbers: Numbers) -> None:
    assert [await numbers.next() for _ in range(3)] == [1, 2, 3]


async def test_many_at_once_in_two_slots_get_each_number_once(
    numbers: Numbers, services: Services, questions: list[int]
) -> None:
    other = Numbers(services.database, "tests")
    got = await asyncio.gather(*(one.next() for _ in range(100) for one in (numbers, other)))
    assert sorted(got) == list(range(1, 201))
    assert sum(questions) == 100
    assert len(questions) <= 3


async def test_who_gives_up_loses_no_one_elses_number(numbers: Numbers) -> None:
    waiting = [asyncio.create_task(numbers.next()) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[1].cancel()
    assert [await waiting[0], await waiting[2]] == [1, 3]
    assert await numbers.next() == 4


async def test_what_goes_wrong_is_told_to_each_and_forgotten(numbers: Numbers, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(count: int) -> int:
        raise ConnectionFailure("away")

    with monkeypatch.context() as patched:
        patched.setattr(numbers, "_raised_by", away)
        found = await asyncio.gather(*(numbers.next() for _ in range(3)), return_exceptions=True)
    assert [type(one) for one in found] == [ConnectionFailure] * 3
    assert await numbers.next() == 1


async def test_the_deadline_of_who_asks_first_is_not_the_others(
    numbers: Numbers, monkeypatch: pytest.MonkeyPatch
) -> None:
    deadlines: list[Any] = []
    ask = numbers._raised_by

    async def slow(count: int) -> int:
        deadlines.append(pymongo._csot.get_timeout())
        return await ask(count)

    monkeypatch.setattr(numbers, "_raised_by", slow)
    with pymongo.timeout(5):
        await numbers.next()
    assert deadlines == [None]

"""Search and paging stay fast with many articles (10,000 here; 100,000 by hand, see articles/search.py)."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from bson import Decimal128
from lager import schema
from lager.articles.search import search_fields
from lager.articles.store import Wanted
from lager.database import Document
from lager.demo.load import all_examples
from lager.services import Services, build_services
from lager.settings import Settings

from tests.crowding import crowding

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

ARTICLES = 10_000
MEDIAN_LIMIT_MS = 100  # about ten times what it takes, so that a busy machine does not fail it
WORST_LIMIT_MS = 400


def many() -> list[Document]:
    chance, examples, now = random.Random(1), all_examples(), datetime.now(UTC)
    documents = []
    for n in range(ARTICLES):
        example = examples[n % len(examples)]
        document: Document = {
            "number": f"{example.number}-{n:05d}",
            "name": f"{example.name} {chance.choice('ABCDEFGH')}{chance.randint(1, 999)}",
            "description": "",
            "unit": "Stk",
            "ean": None,
            "category": example.series.category,
            "supplier": example.series.supplier,
            "manufacturer_number": str(chance.randint(10**6, 10**7)),
            "minimum_stock": Decimal128("1"),
            "purchase_price": Decimal128("1"),
            "location_ids": [],
            "version": 1,
            "created_at": now,
            "updated_at": now,
            "updated_by": {"id": "x", "name": "x"},
        }
        documents.append(document | search_fields(document))
    return documents


@pytest.fixture
async def stocked(settings: Settings) -> AsyncIterator[Services]:
    """A database of its own: emptying one with so many articles would take longer than dropping it."""
    services = build_services(Settings(**{**vars(settings), "database": "lager_test_speed"}))
    await services.client.drop_database("lager_test_speed")
    await schema.prepare(services.database)
    await services.database["articles"].insert_many(many(), ordered=False)
    yield services
    await services.client.drop_database("lager_test_speed")
    await services.close()


async def test_search_and_deep_pages_are_fast(stocked: Services) -> None:
    services = stocked
    deep = (await services.database["articles"].find().sort("sort_key").skip(ARTICLES - 100).limit(1).to_list())[0]
    wanted = [Wanted(text=text) for text in ("", "r", "rohr", "press bogen 22", "nym 3x1,5", "12345", "bogen wago")]
    wanted += [Wanted(after=deep["sort_key"]), Wanted(text="rohr", category="Heizung"), Wanted(text="2301.01-00100")]
    took: list[float] = []
    for one in wanted:
        await services.articles.page(one)
        for _ in range(3):
            began = time.perf_counter()
            await services.articles.page(one)
            took.append((time.perf_counter() - began) * 1000)
    assert statistics.median(took) < MEDIAN_LIMIT_MS * crowding(), took
    assert max(took) < WORST_LIMIT_MS * crowding(), took

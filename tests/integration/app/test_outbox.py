"""Every change leaves word of itself in the same transaction, or nothing at all. (No app runs here that reads it.)"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from bson import Timestamp
from lager import schema
from lager.accounts.model import Role, User
from lager.articles.model import ArticleEdit, ArticleInput
from lager.company.model import Accent, CompanyEdit
from lager.database import Session, in_transaction
from lager.locations.model import Kind, LocationEdit, LocationInput
from lager.problems import Problem
from lager.services import Services

pytestmark = pytest.mark.anyio

PETRA = User("64b0c0ffee0000000000beef", "petra", "Petra", Role.ADMIN, True, 1, None)


@pytest.fixture
async def stores(services: Services) -> Services:
    await schema.prepare(services.database)
    return services


async def recorded(stores: Services) -> list[dict[str, Any]]:
    return await stores.database["outbox"].find().sort("stamp").to_list()


async def test_article_tells_its_creation_change_and_deletion(stores: Services) -> None:
    made = await stores.articles.create(ArticleInput(name="Kupferrohr", number="KR-15"), PETRA)
    article_id = str(made["_id"])
    await stores.articles.edit(article_id, ArticleEdit(name="Rohr", number="KR-15", version=1), PETRA)
    await stores.articles.delete(article_id, 2)
    told = await recorded(stores)
    assert [(entry["kind"], entry["body"]["action"], entry["body"]["version"]) for entry in told] == [
        ("article", "created", 1),
        ("article", "changed", 2),
        ("article", "deleted", 2),
    ]
    assert told[1]["body"]["row"]["name"] == "Rohr"
    assert told[1]["body"]["by"] == {"id": PETRA.id, "name": "Petra"}
    assert all(isinstance(entry["stamp"], Timestamp) and entry["stamp"].time for entry in told)


async def test_location_and_company_tell_their_changes(stores: Services) -> None:
    made = await stores.locations.create(LocationInput(name="Halle", code="H1", kind=Kind.STORE), PETRA)
    place = LocationEdit(name="Halle 1", code="H1", kind=Kind.STORE, version=1)
    await stores.locations.edit(str(made["_id"]), place, PETRA)
    await stores.locations.delete(str(made["_id"]), 2)
    await stores.company.edit(CompanyEdit(name="Petersen", accent=Accent.COPPER, version=0), PETRA)
    told = await recorded(stores)
    assert [entry["kind"] for entry in told] == ["location"] * 3 + ["company"]
    assert [entry["body"]["location"]["name"] for entry in told[:3]] == ["Halle", "Halle 1", "Halle 1"]
    assert told[3]["body"]["name"] == "Petersen"


async def test_refused_changes_tell_nothing(stores: Services) -> None:
    made = await stores.articles.create(ArticleInput(name="Kupferrohr", number="KR-15"), PETRA)
    hall = await stores.locations.create(LocationInput(name="Halle", code="H1", kind=Kind.STORE), PETRA)
    await stores.company.edit(CompanyEdit(name="Petersen", accent=Accent.COPPER, version=0), PETRA)
    before = len(await recorded(stores))
    refused = [
        stores.articles.create(ArticleInput(name="Doppelt", number="kr-15"), PETRA),
        stores.articles.edit(str(made["_id"]), ArticleEdit(name="Alt", number="KR-15", version=7), PETRA),
        stores.articles.delete(str(made["_id"]), 7),
        stores.locations.create(LocationInput(name="Doppelt", code="h1", kind=Kind.STORE), PETRA),
        stores.locations.delete(str(hall["_id"]), 7),
        stores.company.edit(CompanyEdit(name="Alt", accent=Accent.COPPER, version=0), PETRA),
    ]
    for change in refused:
        with pytest.raises(Problem):
            await change
    assert len(await recorded(stores)) == before


async def test_transaction_that_fails_after_recording_leaves_no_word(stores: Services) -> None:
    async def fail(session: Session) -> None:
        await stores.outbox.record(session, "article", {"id": "1"})
        raise RuntimeError("cut off")

    with pytest.raises(RuntimeError):
        await in_transaction(stores.database, fail)
    assert await recorded(stores) == []


async def test_stamps_follow_the_order_of_changes_to_one_thing(stores: Services) -> None:
    """Twenty writers of one document, each telling the value it left behind: in stamp order the values grow."""
    await stores.database["counters"].insert_one({"_id": "probe", "value": 0})

    async def step(session: Session) -> None:
        found = await stores.database["counters"].find_one_and_update(
            {"_id": "probe"}, {"$inc": {"value": 1}}, session=session
        )
        await stores.outbox.record(session, "probe", {"value": found["value"] if found else None})

    await asyncio.gather(*(in_transaction(stores.database, step) for _ in range(20)))
    assert [entry["body"]["value"] for entry in await recorded(stores)] == list(range(20))

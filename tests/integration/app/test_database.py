"""Indexes, migrations, and a mongod that is away."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest
from lager import schema
from lager.accounts.model import Role
from lager.application import create_app
from lager.demo.load import load_demo
from lager.services import Services, build_services
from lager.settings import Settings
from pymongo.errors import InvalidOperation
from starlette.datastructures import Secret

from tests.crowding import crowding
from tests.integration.app.mongod import Mongod
from tests.integration.app.people import PASSWORD, Person, stranger

pytestmark = pytest.mark.anyio


async def test_two_slots_prepare_an_empty_database_at_once(settings: Settings, services: Services) -> None:
    fresh = Settings(**{**vars(settings), "database": "lager_test_slots"})
    slots = [build_services(fresh) for _ in range(3)]
    try:
        await slots[0].client.drop_database(fresh.database)
        await asyncio.gather(*(schema.prepare(slot.database) for slot in slots))
        await schema.prepare(slots[0].database)
        assert await slots[0].database["guards"].count_documents({}) == 2
        assert "login_key_1" in await slots[0].database["users"].index_information()
    finally:
        await slots[0].client.drop_database(fresh.database)
        for slot in [*slots, services]:
            await slot.close()


async def test_articles_of_an_older_version_get_the_new_search_fields(keeper: Person, services: Services) -> None:
    article = await keeper.post("/api/articles", {"name": "Kupferrohr"})
    await services.database["articles"].update_many({}, {"$set": {"search": {"version": 0, "text": "", "grams": []}}})
    assert (await keeper.get("/api/articles?q=rohr"))["articles"] == []
    await schema.refresh_search(services.database)
    assert [row["id"] for row in (await keeper.get("/api/articles?q=rohr"))["articles"]] == [article["id"]]
    assert (await keeper.get(f"/api/articles/{article['id']}"))["version"] == 1


async def test_search_uses_its_indexes(keeper: Person, services: Services) -> None:
    await load_demo(services)
    profile: Any = services.database["system.profile"]
    await services.database.command("profile", 2)
    try:
        for query in ("", "q=rohr", "q=4711", "q=r", "category=Fittings", "q=bogen&category=Fittings"):
            await keeper.get(f"/api/articles?{query}")
    finally:
        await services.database.command("profile", 0)
    plans = [p["planSummary"] async for p in profile.find({"ns": f"{services.database.name}.articles"})]
    await profile.drop()
    assert plans
    assert [plan for plan in plans if "COLLSCAN" in plan] == []


@pytest.fixture
def own_mongod(tmp_path: Path) -> Any:
    server = Mongod(tmp_path)
    yield server
    server.stop()


async def test_app_starts_without_mongod_says_so_and_recovers(settings: Settings, own_mongod: Mongod) -> None:
    services = build_services(Settings(**{**vars(settings), "mongodb_uri": Secret(own_mongod.uri)}))
    app = create_app(services.settings, services)
    async with app.router.lifespan_context(app), stranger(app) as person:
        health = await person.get("/api/health", expect=503)
        assert health["status"] == "unhealthy"
        assert health["checks"]["database"]["detail"] == "MongoDB antwortet nicht."
        reply = await person.client.get("/api/session")
        assert (reply.status_code, reply.headers["retry-after"]) == (503, "2")
        assert reply.json()["error"].startswith("Die Datenbank ist gerade nicht erreichbar.")
        assert (await person.client.get("/artikel")).status_code == 200

        own_mongod.start()
        await _until_healthy(person)
        await services.users.create("petra", "Petra", Role.ADMIN, PASSWORD)
        await person.sign_in("petra")

        own_mongod.stop()
        began = time.monotonic()
        await person.get("/api/articles", expect=503)
        assert time.monotonic() - began < 6 * crowding()
        await person.get("/api/health", expect=503)

        own_mongod.start()
        await _until_healthy(person)
        await person.get("/api/articles")


async def test_what_does_not_end_well_leaves_no_connection(
    settings: Settings, mongod: Mongod, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = build_services(settings)
    app = create_app(services.settings, services)

    stopping = services.live.stop

    async def stop() -> None:
        await stopping()
        raise RuntimeError("live")

    async def serve() -> None:
        async with app.router.lifespan_context(app), stranger(app) as person:
            await _until_healthy(person)

    monkeypatch.setattr(services.live, "stop", stop)
    with pytest.raises(RuntimeError, match="live"):
        await serve()
    for client in (services.client, services.own):
        with pytest.raises(InvalidOperation, match="close"):
            await client.admin.command("ping")


async def _until_healthy(person: Person) -> None:
    for _ in range(400):
        if (await person.client.get("/api/health")).status_code == 200:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(await person.get("/api/health"))

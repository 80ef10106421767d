"""Sign-in, sessions, throttling."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from lager.accounts import throttle
from lager.accounts.model import Role
from lager.application import create_app
from lager.services import Services, build_services
from lager.settings import Settings
from starlette.applications import Starlette
from starlette.datastructures import Secret

from tests.integration.app.people import PASSWORD, Person, stranger

pytestmark = pytest.mark.anyio


async def test_right_password_opens_a_session_with_a_safe_cookie(visitor: Person, services: Services) -> None:
    await services.users.create("Petra", "Petra P.", Role.ADMIN, PASSWORD)
    reply = await visitor.client.post("/api/session", json={"login": " PETRA ", "password": PASSWORD})
    assert reply.status_code == 200
    cookie = reply.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert (await visitor.get("/api/session"))["user"]["name"] == "Petra P."


async def test_https_cookie_is_secure_and_bound_to_the_host(settings: Settings) -> None:
    secured = Settings(**{**vars(settings), "public_origin": "https://lager.test"})
    services = build_services(secured)
    app = create_app(secured, services)
    async with app.router.lifespan_context(app), stranger(app, "https://lager.test") as person:
        person.client.headers["Origin"] = "https://lager.test"
        while not services.lifecycle.is_prepared:
            await asyncio.sleep(0.01)
        await services.users.create("petra", "Petra", Role.ADMIN, PASSWORD)
        reply = await person.client.post("/api/session", json={"login": "petra", "password": PASSWORD})
        assert reply.headers["set-cookie"].startswith("__Host-lager=")
        assert "Secure" in reply.headers["set-cookie"]
        assert "max-age" in reply.headers["strict-transport-security"]


async def test_wrong_password_and_unknown_account_look_the_same(visitor: Person, services: Services) -> None:
    await services.users.create("petra", "Petra", Role.ADMIN, PASSWORD)
    wrong = await visitor.sign_in("petra", "falsch falsch", expect=401)
    unknown = await visitor.sign_in("niemand", "falsch falsch", expect=401)
    assert wrong == unknown == {"error": "Anmeldename oder Passwort stimmt nicht.", "fields": {}}


async def test_session_id_changes_at_sign_in(visitor: Person, services: Services) -> None:
    await services.users.create("petra", "Petra", Role.ADMIN, PASSWORD)
    visitor.client.cookies.set("lager", "planted-by-an-attacker", domain="lager.test")
    await visitor.sign_in("petra")
    first = visitor.client.cookies["lager"]
    await visitor.sign_in("petra")
    assert visitor.client.cookies["lager"] not in (first, "planted-by-an-attacker")
    assert await services.database["sessions"].count_documents({}) == 1


async def test_database_holds_neither_token_nor_password(admin: Person, services: Services) -> None:
    stored = str([found async for found in services.database["sessions"].find()])
    stored += str([found async for found in services.database["users"].find()])
    assert admin.client.cookies["lager"] not in stored
    assert PASSWORD not in stored
    assert "$argon2id$" in stored


async def test_session_of_another_secret_is_worthless(admin: Person, settings: Settings) -> None:
    other = Settings(**{**vars(settings), "secret": Secret("t" * 40)})
    services = build_services(other)
    try:
        assert await services.sessions.visit(admin.client.cookies["lager"]) is None
    finally:
        await services.close()


async def test_sign_out_ends_the_session_on_the_server(admin: Person) -> None:
    token = admin.client.cookies["lager"]
    await admin.delete("/api/session")
    admin.client.cookies.set("lager", token, domain="lager.test")
    await admin.get("/api/articles", expect=401)


async def test_sign_out_everywhere_ends_every_session(app: Starlette, admin: Person) -> None:
    async with stranger(app) as phone:
        await phone.sign_in("petra")
        assert (await admin.get("/api/account"))["sessions"] == 2
        await admin.delete("/api/sessions")
        await phone.get("/api/account", expect=401)


async def test_expired_session_is_refused_even_before_it_is_deleted(admin: Person, services: Services) -> None:
    past = datetime.now(UTC) - timedelta(seconds=1)
    await services.database["sessions"].update_many({}, {"$set": {"expires_at": past}})
    assert (await admin.get("/api/articles", expect=401))["error"] == "Bitte melden Sie sich an."


async def test_used_session_lives_longer_but_not_for_ever(admin: Person, services: Services) -> None:
    sessions = services.database["sessions"]
    begun = datetime.now(UTC) - timedelta(days=58)
    await sessions.update_many({}, {"$set": {"created_at": begun, "touched_at": begun}})
    await admin.get("/api/account")
    found = await sessions.find_one()
    assert found is not None
    assert timedelta(days=1) < found["expires_at"] - datetime.now(UTC) < timedelta(days=3)


async def test_guessing_is_throttled_per_account_and_address(visitor: Person, services: Services) -> None:
    await services.users.create("petra", "Petra", Role.ADMIN, PASSWORD)
    for _ in range(throttle.PER_ACCOUNT):
        await visitor.sign_in("petra", "falsch falsch", expect=401)
    reply = await visitor.client.post("/api/session", json={"login": "petra", "password": PASSWORD})
    assert reply.status_code == 429
    assert 800 < int(reply.headers["retry-after"]) <= 900
    assert "15 Minuten" in reply.json()["error"]
    elsewhere = {"X-Forwarded-For": "198.51.100.9"}
    await visitor.post("/api/session", {"login": "petra", "password": PASSWORD}, expect=200, headers=elsewhere)


async def test_parallel_guesses_gain_nothing(visitor: Person, services: Services) -> None:
    await services.users.create("petra", "Petra", Role.ADMIN, PASSWORD)
    guess = {"login": "petra", "password": "falsch falsch"}
    replies = await asyncio.gather(*(visitor.client.post("/api/session", json=guess) for _ in range(12)))
    assert [reply.status_code for reply in replies].count(401) == throttle.PER_ACCOUNT


async def test_forged_forwarded_addresses_do_not_escape_the_throttle(visitor: Person, services: Services) -> None:
    codes = []
    for attempt in range(throttle.PER_ACCOUNT + 1):
        headers = {"X-Forwarded-For": f"10.0.0.{attempt}, 203.0.113.7"}
        body = {"login": "petra", "password": "falsch falsch"}
        codes.append((await visitor.client.post("/api/session", json=body, headers=headers)).status_code)
    assert codes[-1] == 429


async def test_success_forgets_earlier_mistakes(visitor: Person, services: Services) -> None:
    await services.users.create("petra", "Petra", Role.ADMIN, PASSWORD)
    for _ in range(2):
        for _ in range(throttle.PER_ACCOUNT - 1):
            await visitor.sign_in("petra", "falsch falsch", expect=401)
        await visitor.sign_in("petra")


async def test_password_change_asks_for_the_old_one_and_ends_other_sessions(app: Starlette, admin: Person) -> None:
    async with stranger(app) as phone:
        await phone.sign_in("petra")
        wrong = await admin.put("/api/account/password", {"current": "x", "password": "vier neue gute Wörter"}, 422)
        assert wrong["fields"] == {"current": "Das bisherige Passwort stimmt nicht."}
        weak = await admin.put("/api/account/password", {"current": PASSWORD, "password": "kurz"}, 422)
        assert "Mindestens 10 Zeichen" in weak["fields"]["password"]
        await admin.put("/api/account/password", {"current": PASSWORD, "password": "vier neue gute Wörter"})
        await phone.get("/api/account", expect=401)
        await admin.get("/api/account")
        await phone.sign_in("petra", expect=401)
        await phone.sign_in("petra", "vier neue gute Wörter")


async def test_empty_sign_in_names_both_fields(visitor: Person) -> None:
    reply = await visitor.post("/api/session", {}, expect=422)
    assert reply["fields"] == {"login": "Bitte ausfüllen.", "password": "Bitte ausfüllen."}

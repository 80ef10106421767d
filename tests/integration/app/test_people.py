"""Invitations, users, roles."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from lager.accounts.model import Role
from lager.services import Services
from starlette.applications import Starlette

from tests.integration.app.people import ORIGIN, PASSWORD, Person, stranger

pytestmark = pytest.mark.anyio


def token_of(link: str) -> str:
    return link.rsplit("/", 1)[1]


def acceptance(link: str, login: str = "neu", password: str = PASSWORD) -> dict[str, str]:
    return {"token": token_of(link), "login": login, "name": "Neu N.", "password": password}


async def test_first_admin_comes_by_a_link_that_works_once(visitor: Person, services: Services) -> None:
    path = await services.invitations.create_for_operator()
    assert path.startswith("/einladung/")
    looked = await visitor.post("/api/invitations/look", {"token": token_of(path)}, expect=200)
    assert (looked["role"], looked["reset"]) == ("admin", False)
    user = (await visitor.post("/api/invitations/accept", acceptance(path)))["user"]
    assert (user["login"], user["role"]) == ("neu", "admin")
    await visitor.get("/api/users")
    again = await visitor.post("/api/invitations/accept", acceptance(path, "zweiter"), expect=404)
    assert again["error"].startswith("Dieser Link ist abgelaufen oder wurde schon benutzt.")


async def test_a_link_used_twice_at_once_makes_one_account(app: Starlette, services: Services) -> None:
    path = await services.invitations.create_for_operator()
    async with stranger(app) as one, stranger(app) as two:
        bodies = [acceptance(path, login) for login in ("eins", "zwei")]
        replies = await asyncio.gather(
            *(p.client.post("/api/invitations/accept", json=b) for p, b in zip((one, two), bodies, strict=True))
        )
    assert sorted(reply.status_code for reply in replies) == [201, 404]
    assert len(await services.users.all()) == 1


async def test_mistakes_on_the_invitation_page_do_not_use_the_link_up(visitor: Person, services: Services) -> None:
    await services.users.create("petra", "Petra", Role.READ, PASSWORD)
    path = await services.invitations.create_for_operator()
    weak = await visitor.post("/api/invitations/accept", acceptance(path, password="kurz"), expect=422)
    assert set(weak["fields"]) == {"password"}
    taken = await visitor.post("/api/invitations/accept", acceptance(path, "PETRA"), expect=422)
    assert taken["fields"] == {"login": "Diesen Anmeldenamen gibt es schon. Bitte einen anderen wählen."}
    odd = await visitor.post("/api/invitations/accept", acceptance(path, "a b<c>"), expect=422)
    assert set(odd["fields"]) == {"login"}
    await visitor.post("/api/invitations/accept", acceptance(path))


async def test_expired_link_is_refused(visitor: Person, services: Services) -> None:
    path = await services.invitations.create_for_operator()
    past = datetime.now(UTC) - timedelta(seconds=1)
    await services.database["invitations"].update_many({}, {"$set": {"expires_at": past}})
    await visitor.post("/api/invitations/accept", acceptance(path), expect=404)
    assert not await services.invitations.is_admin_awaited()


async def test_token_is_only_stored_hashed(services: Services, app: Starlette) -> None:
    path = await services.invitations.create_for_operator()
    assert token_of(path) not in str([found async for found in services.database["invitations"].find()])


async def test_a_new_operator_link_replaces_the_old_one(visitor: Person, services: Services) -> None:
    old, new = [await services.invitations.create_for_operator() for _ in range(2)]
    await visitor.post("/api/invitations/accept", acceptance(old), expect=404)
    await visitor.post("/api/invitations/accept", acceptance(new))


async def test_admin_invites_and_revokes(admin: Person, visitor: Person) -> None:
    link = (await admin.post("/api/invitations", {"name": "Ali", "role": "lager"}))["link"]
    assert link.startswith(f"{ORIGIN}/einladung/")
    opened = (await admin.get("/api/users"))["invitations"]
    assert [(i["name"], i["role"]) for i in opened] == [("Ali", "lager")]
    await admin.delete(f"/api/invitations/{opened[0]['id']}")
    await visitor.post("/api/invitations/look", {"token": token_of(link)}, expect=404)


async def test_forgotten_password_is_reset_by_its_owner(admin: Person, keeper: Person, visitor: Person) -> None:
    klaus = next(u for u in (await admin.get("/api/users"))["users"] if u["login"] == "klaus")
    link = (await admin.post(f"/api/users/{klaus['id']}/password-link", {}))["link"]
    looked = await visitor.post("/api/invitations/look", {"token": token_of(link)}, expect=200)
    assert (looked["reset"], looked["login"]) == (True, "klaus")
    await visitor.post("/api/invitations/accept", acceptance(link, "jemand-anders", "ganz neue gute Wörter"))
    assert (await visitor.get("/api/session"))["user"]["login"] == "klaus"
    await keeper.get("/api/account", expect=401)
    await visitor.sign_in("klaus", "ganz neue gute Wörter")


async def test_disabling_signs_out_at_once(admin: Person, keeper: Person) -> None:
    klaus = next(u for u in (await admin.get("/api/users"))["users"] if u["login"] == "klaus")
    edit = {"name": "Klaus", "role": "lager", "active": False, "version": klaus["version"]}
    await admin.put(f"/api/users/{klaus['id']}", edit)
    await keeper.get("/api/articles", expect=401)
    await keeper.sign_in("klaus", expect=401)
    stale = await admin.put(f"/api/users/{klaus['id']}", edit, expect=409)
    assert stale["current"]["active"] is False


async def test_role_change_counts_at_once(admin: Person, keeper: Person) -> None:
    klaus = next(u for u in (await admin.get("/api/users"))["users"] if u["login"] == "klaus")
    edit = {"name": "Klaus", "role": "lesen", "active": True, "version": klaus["version"]}
    await admin.put(f"/api/users/{klaus['id']}", edit)
    await keeper.post("/api/articles", {"name": "Rohr"}, expect=403)


async def test_last_admin_cannot_be_lost(admin: Person) -> None:
    petra = (await admin.get("/api/users"))["users"][0]
    edit = {"name": "Petra", "role": "lager", "active": True, "version": petra["version"]}
    refused = await admin.put(f"/api/users/{petra['id']}", edit, expect=409)
    assert refused["error"].startswith("Das ist der letzte aktive Administrator.")
    await admin.put(f"/api/users/{petra['id']}", {**edit, "role": "admin", "active": False}, expect=409)
    assert (await admin.get("/api/users"))["users"][0]["role"] == "admin"


async def test_two_admins_demoting_each_other_leave_one(admin: Person, services: Services, app: Starlette) -> None:
    await services.users.create("paul", "Paul", Role.ADMIN, PASSWORD)
    users = {user["login"]: user for user in (await admin.get("/api/users"))["users"]}
    async with stranger(app) as paul:
        await paul.sign_in("paul")
        demoted = {"name": "X", "role": "lesen", "active": True, "version": 1}
        await asyncio.gather(
            admin.client.put(f"/api/users/{users['paul']['id']}", json=demoted),
            paul.client.put(f"/api/users/{users['petra']['id']}", json=demoted),
        )
    assert await services.users.has_admin()


async def test_own_name_can_be_changed_by_everyone(reader: Person) -> None:
    assert (await reader.put("/api/account", {"name": "Lena L."}))["user"]["name"] == "Lena L."
    assert (await reader.put("/api/account", {"name": "L", "role": "admin"}, expect=422))["fields"] == {
        "role": "Dieses Feld gibt es nicht."
    }

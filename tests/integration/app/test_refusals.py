"""What must not work: foreign pages, missing rights, operators in inputs, script in texts."""

from __future__ import annotations

import json
from typing import Any

import pytest
from lager.accounts.model import Role
from lager.services import Services
from lager.web.access import ACCESS
from starlette.applications import Starlette
from starlette.routing import Route, WebSocketRoute

from tests.integration.app.people import PASSWORD, Person, stranger

pytestmark = pytest.mark.anyio

PUBLIC = {
    ("GET", "/api/health"),
    ("GET", "/api/session"),
    ("POST", "/api/session"),
    ("POST", "/api/live/drain"),
    ("DELETE", "/api/session"),
    ("POST", "/api/invitations/look"),
    ("POST", "/api/invitations/accept"),
    ("GET", "/{path:path}"),
}
NOBODY = "0" * 24


def routes(app: Starlette) -> list[tuple[str, str, str]]:
    """(method, path, access) of every route."""
    found = []
    for route in app.routes:
        if isinstance(route, WebSocketRoute):
            assert route.path == "/api/live/"  # who is let in: test_live.py
            continue
        assert isinstance(route, Route)
        access = getattr(route.endpoint, ACCESS)
        found += [(method, route.path, access) for method in route.methods or () if method != "HEAD"]
    return found


async def test_only_the_listed_routes_are_public(app: Starlette) -> None:
    assert {(method, path) for method, path, access in routes(app) if access == "public"} == PUBLIC


async def test_every_other_route_refuses_strangers(app: Starlette, visitor: Person) -> None:
    for method, path, access in routes(app):
        if access != "public":
            reply = await visitor.call(method, path.replace("{id}", NOBODY), {}, expect=401)
            assert reply["error"] == "Bitte melden Sie sich an."


async def test_every_route_refuses_roles_below_its_own(app: Starlette, keeper: Person, reader: Person) -> None:
    for method, path, access in routes(app):
        for person, role in ((keeper, Role.STORE), (reader, Role.READ)):
            if access != "public" and not role.covers(Role(access)):
                reply = await person.call(method, path.replace("{id}", NOBODY), {}, expect=403)
                assert "Berechtigung" in reply["error"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://lager.test.evil.example"},
        {"Origin": "https://lager.test"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"X-Lager-Client": None},
    ],
    ids=str,
)
async def test_changes_from_foreign_pages_are_refused(admin: Person, headers: dict[str, str | None]) -> None:
    kept = {key: value for key, value in admin.client.headers.items() if key not in {h.lower() for h in headers}}
    sent = kept | {key: value for key, value in headers.items() if value is not None}
    admin.client.headers.clear()
    admin.client.headers.update(sent)
    await admin.post("/api/articles", {"name": "Rohr"}, expect=403)
    await admin.delete("/api/sessions", expect=403)
    assert (await admin.get("/api/articles"))["total"] == 0


async def test_programs_without_an_origin_may_call(admin: Person) -> None:
    del admin.client.headers["Origin"]
    await admin.post("/api/articles", {"name": "Rohr"})


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
async def test_only_json_is_read(admin: Person, kind: str) -> None:
    reply = await admin.client.post("/api/articles", content=b'{"name": "Rohr"}', headers={"Content-Type": kind})
    assert reply.status_code == 400
    assert "Erwartet wird JSON" in reply.json()["error"]


@pytest.mark.parametrize(
    "content", [b"", b"{", b'{"name": "\\ud800"}', b"\xff", b"[]", b"null", b'"x"', b'{"name":' + b"[" * 5000]
)
async def test_broken_json_is_refused_politely(admin: Person, content: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    reply = await admin.client.post("/api/articles", content=content, headers=headers)
    assert reply.status_code in (400, 422)
    assert reply.json()["error"]


async def test_oversized_bodies_are_refused(admin: Person) -> None:
    reply = await admin.client.post("/api/articles", json={"name": "x", "description": "x" * 1_100_000})
    assert reply.status_code == 413


OPERATORS: list[Any] = [{"$gt": ""}, {"$ne": None}, ["a"], {"$where": "sleep(1000)"}, True, None, 1]


@pytest.mark.parametrize("value", OPERATORS, ids=str)
async def test_operators_are_no_credentials(visitor: Person, services: Services, value: Any) -> None:
    await services.users.create("petra", "Petra", Role.ADMIN, PASSWORD)
    await visitor.post("/api/session", {"login": value, "password": PASSWORD}, expect=422)
    await visitor.post("/api/session", {"login": "petra", "password": value}, expect=422)
    await visitor.post("/api/invitations/look", {"token": value}, expect=422)


@pytest.mark.parametrize("value", OPERATORS[:4], ids=str)
async def test_operators_are_no_field_values(keeper: Person, value: Any) -> None:
    article = await keeper.post("/api/articles", {"name": "Rohr"})
    path = f"/api/articles/{article['id']}"
    for field in ("name", "number", "version", "category", "ean", "unit"):
        body = {"name": "Rohr", "number": "1", "version": 1, field: value}
        assert field in (await keeper.put(path, body, expect=422))["fields"]


async def test_operators_in_paths_and_queries_are_only_text(keeper: Person) -> None:
    await keeper.post("/api/articles", {"name": "Rohr"})
    for query in ("q[$gt]=", "category[$ne]=x", 'q={"$gt":""}', "q=.*", "q=(a%2B)%2B$", "supplier=$where"):
        assert (await keeper.get(f"/api/articles?{query}"))["articles"] is not None
    await keeper.get('/api/articles/{"$gt":""}', expect=404)
    await keeper.get("/api/articles/..%2f..%2fusers", expect=404)
    for query in ("limit=0", "limit=999", "limit=x", "after=%00", "after=x", "limit=-1", "limit=1e2"):
        await keeper.get(f"/api/articles?{query}", expect=400)


async def test_ids_of_one_thing_are_no_ids_of_another(admin: Person, keeper: Person) -> None:
    article = await keeper.post("/api/articles", {"name": "Rohr"})
    location = await keeper.post("/api/locations", {"name": "H", "code": "H", "kind": "lager"})
    user = (await admin.get("/api/users"))["users"][0]
    for wrong in (location["id"], user["id"], "x", NOBODY):
        await keeper.get(f"/api/articles/{wrong}", expect=404)
    edit = {"name": "X", "role": "admin", "active": True, "version": 1}
    await keeper.put(f"/api/users/{user['id']}", edit, expect=403)
    await admin.put(f"/api/users/{article['id']}", edit, expect=404)


async def test_html_is_text_in_every_answer_and_answers_are_never_html(keeper: Person) -> None:
    script = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    article = await keeper.post("/api/articles", {"name": script, "category": script[:60], "description": script})
    reply = await keeper.client.get(f"/api/articles/{article['id']}")
    assert reply.headers["content-type"] == "application/json"
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert json.loads(reply.text)["name"] == script


async def test_pages_come_with_a_policy_that_allows_no_foreign_and_no_inline_content(visitor: Person) -> None:
    for path in ("/", "/artikel/x", "/assets/app-1234.js", "/api/session", "/api/nothing"):
        headers = (await visitor.client.get(path, headers={"Accept-Encoding": "identity"})).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "http" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["referrer-policy"] == "same-origin"
        assert "server" not in headers


async def test_answers_of_the_api_are_not_stored(admin: Person) -> None:
    assert (await admin.client.get("/api/articles")).headers["cache-control"] == "no-store"


async def test_unknown_paths_and_methods_answer_in_german_json(app: Starlette) -> None:
    async with stranger(app) as visitor:
        assert (await visitor.get("/api/nothing", expect=404))["error"] == "Diese Adresse gibt es nicht."
        assert (await visitor.put("/api/session", {}, expect=405))["error"] == "Diese Methode ist hier nicht erlaubt."
        await visitor.get("/assets/old-9999.js", expect=404)


async def test_unexpected_error_is_told_with_a_number_and_without_details(
    admin: Person, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(_: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(services.articles, "page", broken)
    reply = await admin.client.get("/api/articles", headers={"X-Request-Id": "gate-4711"})
    assert reply.status_code == 500
    assert "gate-4711" in reply.json()["error"]
    assert "secret detail" not in reply.text
    assert "content-security-policy" in reply.headers

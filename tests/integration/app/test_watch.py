"""What the app observes about itself, as an admin sees it and as Prometheus does."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from unittest.mock import Mock

import httpx
import pytest
from lager.accounts.model import Role
from lager.application import create_app
from lager.services import Services, build_services
from lager.settings import Settings
from lager.watch import performance, security
from lager.watch.performance import Answered
from lager.watch.security import Severity
from pymongo.errors import ConnectionFailure
from starlette.applications import Starlette

from tests.integration.app.mongod import Mongod, free_port
from tests.integration.app.people import PASSWORD, Json, Person, signed_in, stranger

pytestmark = pytest.mark.anyio


def row(shown: Json, method: str, route: str) -> Json:
    found: Json = next(one for one in shown["routes"] if (one["method"], one["route"]) == (method, route))
    return found


def answered(milliseconds: float, *, status: int = 200, method: str = "GET") -> Answered:
    return Answered(method, "/api/articles/{id}", status, milliseconds, "req-00001234", None)


async def test_response_times_are_counted_by_route_not_by_path(admin: Person) -> None:
    for number in range(5):
        await admin.get(f"/api/articles/{number:024x}", expect=404)
    await admin.get("/api/nothing/../x", expect=404)
    shown = await admin.get("/api/performance")
    one = row(shown, "GET", "/api/articles/{id}")
    assert (one["count"], one["failed"]) == (5, 0)
    assert 0 < one["p50"] <= one["p95"] <= one["p99"] <= one["slowest"]
    assert all("0000" not in found["route"] for found in shown["routes"])


async def test_an_invented_method_adds_one_row_only(admin: Person) -> None:
    for method in ("BREW", "WHEN", "GETT"):
        await admin.client.request(method, "/api/articles")
    methods = {one["method"] for one in (await admin.get("/api/performance"))["routes"]}
    assert methods <= {*performance.METHODS, "OTHER"}


async def test_slow_requests_are_kept_with_their_request_id_newest_first(admin: Person, services: Services) -> None:
    services.performance.observe(answered(performance.SLOW_MS))
    services.performance.observe(answered(1500.4))
    services.performance.observe(answered(2500, status=503))
    shown = await admin.get("/api/performance")
    assert [(one["ms"], one["status"]) for one in shown["slow"]] == [(2500, 503), (1500, 200)]
    assert {one["request_id"] for one in shown["slow"]} == {"req-00001234"}
    assert row(shown, "GET", "/api/articles/{id}")["failed"] == 1


async def test_when_everything_is_slow_a_few_are_kept_and_all_are_counted(
    admin: Person, services: Services, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(performance.SLOW_NOTED + 30):
        services.performance.observe(answered(3000))
    await services.performance.flush()
    services.performance.observe(answered(4000))
    shown = await admin.get("/api/performance")
    assert [one["ms"] for one in shown["slow"]] == [4000] + [3000] * performance.SLOW_NOTED
    assert row(shown, "GET", "/api/articles/{id}")["count"] == performance.SLOW_NOTED + 31
    more = [one for one in caplog.records if getattr(one, "event", "") == "slow_requests_more"]
    assert [one.__dict__["count"] for one in more] == [30]


async def test_every_slot_shows_what_all_of_them_saw(app: Starlette, admin: Person, settings: Settings) -> None:
    other = build_services(Settings(**{**vars(settings), "slot": "app-2"}))
    other.performance.observe(answered(40))
    other.security.record("sign_in_failed", Severity.MEDIUM, address="198.51.100.4")
    await other.performance.flush()
    await other.security.flush()
    await other.close()
    await admin.get(f"/api/articles/{0:024x}", expect=404)
    shown = await admin.get("/api/performance")
    assert (shown["slots"], row(shown, "GET", "/api/articles/{id}")["count"]) == (["app", "app-2"], 2)
    events = (await admin.get("/api/security-events"))["events"]
    assert [one["slot"] for one in events if one["event"] == "sign_in_failed"] == ["app-2"]


async def test_what_one_process_saw_outlives_it(settings: Settings, admin: Person) -> None:
    services = build_services(Settings(**{**vars(settings), "slot": "app-2"}))
    app = create_app(settings, services)
    async with app.router.lifespan_context(app), stranger(app) as person:
        await person.get("/api/session")
    assert "app-2" in (await admin.get("/api/performance"))["slots"]


async def test_times_wait_in_memory_while_mongod_is_away_and_not_without_end(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [datetime(2026, 11, 21, 8, tzinfo=UTC)]
    away = build_services(settings, now=lambda: clock[0])
    for _ in range(performance.WAITING_MINUTES + 20):
        away.performance.observe(answered(3))
        clock[0] += timedelta(minutes=1)
    slow = performance.WAITING_SLOW + 2 * performance.SLOW_NOTED
    with monkeypatch.context() as patched:
        patched.setattr(away.performance, "_minute_write", Mock(side_effect=ConnectionFailure("away")))
        for number in range(slow):
            away.performance.observe(answered(3000))
            if number % performance.SLOW_NOTED == 0:
                with pytest.raises(ConnectionFailure):
                    await away.performance.flush()
    shown = await away.performance.view()
    assert row(shown, "GET", "/api/articles/{id}")["count"] == performance.WAITING_MINUTES - 1 + slow
    assert await away.database["slow_requests"].count_documents({}) == performance.WAITING_SLOW
    await away.close()


async def test_sign_ins_that_fail_are_throttled_or_come_from_foreign_pages_are_events(
    app: Starlette, admin: Person
) -> None:
    async with stranger(app) as visitor:
        for _ in range(5):
            await visitor.sign_in("petra", "falsch falsch", expect=401)
        await visitor.sign_in("petra", "falsch falsch", expect=429)
        await visitor.post("/api/session", {}, expect=403, headers={"Origin": "https://evil.example"})
    shown = await admin.get("/api/security-events")
    found = {one["event"]: one for one in shown["events"]}
    assert {name: (one["severity"], one["count"]) for name, one in found.items()} == {
        "signed_in": ("info", 1),
        "sign_in_failed": ("medium", 5),
        "sign_in_throttled": ("high", 1),
        "cross_site_refused": ("high", 1),
    }
    assert {one["address"] for one in found.values()} == {"203.0.113.7"}
    assert found["signed_in"]["user"]["name"] == "Petra"
    assert shown["counts"] == {"info": 1, "medium": 5, "high": 2}
    high = (await admin.get("/api/security-events?severity=high"))["events"]
    assert {one["event"] for one in high} == {"sign_in_throttled", "cross_site_refused"}
    await admin.get("/api/security-events?severity=laut", expect=400)


async def test_a_role_that_is_not_enough_is_an_event_with_its_user(
    app: Starlette, services: Services, admin: Person
) -> None:
    async with signed_in(app, services, Role.READ, "lena") as reader:
        await reader.get("/api/users", expect=403)
    events = (await admin.get("/api/security-events?severity=medium"))["events"]
    assert [(one["event"], one["user"]["name"]) for one in events] == [("role_refused", "Lena")]


async def test_a_password_guessed_at_an_open_session_is_an_event(admin: Person) -> None:
    await admin.put("/api/account/password", {"current": "geraten geraten", "password": PASSWORD}, expect=422)
    events = (await admin.get("/api/security-events?severity=medium"))["events"]
    assert [one["event"] for one in events] == ["password_guessed"]


async def test_who_hammers_from_many_addresses_fills_neither_memory_nor_list(
    admin: Person, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(security, "WAITING", 20)
    monkeypatch.setattr(security, "AT_MOST", 10)
    for number in range(1000):
        services.security.record("sign_in_failed", Severity.MEDIUM, address=f"2001:db8::{number:x}")
    await services.security.flush()
    assert await services.database["security_events"].count_documents({}) <= 10
    for number in range(1000):
        services.security.record("sign_in_failed", Severity.MEDIUM, address=f"2001:db8::{number:x}")
    assert len(vars(services.security)["_waiting"]) <= 21


async def test_events_survive_a_mongod_that_is_away(mongod: Mongod, admin: Person, services: Services) -> None:
    services.security.record("sign_in_throttled", Severity.HIGH, address="198.51.100.4")
    mongod.stop()
    try:
        with pytest.raises(Exception, match=r".+"):
            await services.security.flush()
        services.security.record("sign_in_throttled", Severity.HIGH, address="198.51.100.4")
    finally:
        await asyncio.to_thread(mongod.start)
    events = (await services.security.view(Severity.HIGH))["events"]
    assert {one["address"] for one in events} == {"198.51.100.4"}
    assert sum(one["count"] for one in events) == 2  # in two rows when ten minutes are over in between


async def test_everything_kept_expires(services: Services, admin: Person) -> None:
    services.performance.observe(answered(1500))
    await services.performance.flush()
    await services.security.flush()
    for collection in ("response_times", "slow_requests", "security_events"):
        found = await services.database[collection].find_one()
        assert found is not None
        assert found["expires_at"] > datetime.now(UTC)
        indexes = await services.database[collection].index_information()
        assert any(index.get("expireAfterSeconds") == 0 for index in indexes.values())


async def test_prometheus_reads_a_port_of_its_own_and_the_app_knows_no_such_path(
    settings: Settings, empty: str
) -> None:
    port = free_port()
    services = build_services(Settings(**{**vars(settings), "metrics_port": port, "host": "127.0.0.1"}))
    app = create_app(services.settings, services)
    async with app.router.lifespan_context(app), stranger(app) as person:
        await person.get("/api/articles", expect=401)
        await person.sign_in("niemand", expect=401)
        through_the_gate = await person.client.get("/metrics")
        text = (await asyncio.to_thread(httpx.get, f"http://127.0.0.1:{port}/metrics")).text
    assert 'lager_request_seconds_count{method="GET",route="/api/articles",status="4xx"} 1.0' in text
    assert 'lager_security_events_total{event="sign_in_failed",severity="medium"} 1.0' in text
    assert "process_resident_memory_bytes" in text
    assert 'version="1.2.3"' in text
    assert "lager_request_seconds" not in through_the_gate.text
    with pytest.raises(httpx.TransportError):
        await asyncio.to_thread(httpx.get, f"http://127.0.0.1:{port}/metrics")


async def test_a_metrics_port_that_is_taken_costs_the_metrics_not_the_app(settings: Settings, mongod: Mongod) -> None:
    services = build_services(Settings(**{**vars(settings), "metrics_port": mongod.port, "host": "127.0.0.1"}))
    app = create_app(services.settings, services)
    async with app.router.lifespan_context(app), stranger(app) as person:
        await person.get("/api/session")

"""The app's side of an update from the browser: what is shown, who gets a ticket, what is in it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest
from lager.accounts.model import Role
from lager.services import Services
from lager.settings import Settings
from starlette.applications import Starlette

from tests.integration.app.people import PASSWORD, Json, Person
from upkeep.tickets import ticket as tickets
from upkeep.tickets.actions import Action

pytestmark = pytest.mark.anyio

KEY, OLD_KEY = "n" * 43, "o" * 43
WISH = {"action": "start-update"}
PUBLISHED = {"version": "1.2.3", "actions": ["start-update", "check-update"], "history": []}


@pytest.fixture
def settings(settings: Settings, tmp_path: Path) -> Settings:
    published = tmp_path / "upkeep"
    published.mkdir()
    (published / "system.json").write_text(json.dumps(PUBLISHED))
    (tmp_path / "ticket-key").write_text(f"{KEY}\n{OLD_KEY}\n")
    return Settings(
        **{**vars(settings), "stack": "werkstatt", "ticket_key": tmp_path / "ticket-key", "published": published}
    )


def decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def claims(ticket: str, key: str = KEY) -> dict[str, Any]:
    """What the agent reads, once the signature is right."""
    body, signature = ticket.split(".")
    assert "=" not in ticket
    assert decoded(signature) == hmac.new(key.encode(), body.encode(), hashlib.sha256).digest()
    found: dict[str, Any] = json.loads(decoded(body))
    return found


async def test_an_admin_gets_a_ticket_for_one_thing_within_a_minute(admin: Person) -> None:
    answer = await admin.post("/api/v1/system/ticket", WISH)
    said = claims(answer["ticket"])
    assert set(said) == {"v", "aud", "stack", "action", "nonce", "iat", "exp", "sub"}
    assert (said["v"], said["aud"], said["stack"], said["action"]) == (1, "upkeep-door", "werkstatt", "start-update")
    assert (said["exp"] - said["iat"], said["sub"]) == (60, "petra")


async def test_the_agent_accepts_it(admin: Person) -> None:
    given = (await admin.post("/api/v1/system/ticket", {"action": "check-update"}))["ticket"]
    now = claims(given)["iat"]
    read = tickets.read(given, (KEY,), "werkstatt", Action.CHECK_UPDATE, now)
    assert read.starter == "door:petra"


async def test_the_longest_names_make_no_ticket_that_is_too_long(admin: Person, services: Services) -> None:
    long = "\U00020000" * 80  # a letter of four bytes
    await services.users.create(long, "Lang", Role.ADMIN, PASSWORD)
    await admin.sign_in(long)
    given = (await admin.post("/api/v1/system/ticket", WISH))["ticket"]
    assert claims(given)["sub"] == long
    assert len(given) <= 1024


async def test_no_two_tickets_are_alike(admin: Person) -> None:
    nonces = {claims((await admin.post("/api/v1/system/ticket", WISH))["ticket"])["nonce"] for _ in range(5)}
    assert len(nonces) == 5


async def test_the_newest_key_signs_and_a_new_one_counts_at_once(admin: Person, settings: Settings) -> None:
    settings.ticket_key.write_text("x" * 40)
    claims((await admin.post("/api/v1/system/ticket", WISH))["ticket"], "x" * 40)


async def test_others_get_none_and_trying_is_an_event(visitor: Person, keeper: Person, admin: Person) -> None:
    await visitor.post("/api/v1/system/ticket", WISH, expect=401)
    await keeper.post("/api/v1/system/ticket", WISH, expect=403)
    await admin.post("/api/v1/system/ticket", WISH, expect=403, headers={"Origin": "https://evil.example"})
    await admin.post("/api/v1/system/ticket", WISH)
    events = (await admin.get("/api/security-events"))["events"]
    told = {(one["event"], one["severity"], (one["user"] or {}).get("name")) for one in events}
    assert ("ticket_refused", "high", "Klaus") in told
    assert ("cross_site_refused", "high", None) in told
    assert ("ticket_issued", "info", "Petra") in told


@pytest.mark.parametrize(
    "wish", [{}, {"action": "start-restore"}, {"action": {"$ne": ""}}, {**WISH, "version": "9.9.9"}], ids=str
)
async def test_wishes_we_do_not_know_are_refused(admin: Person, wish: Json) -> None:
    assert (await admin.post("/api/v1/system/ticket", wish, expect=422))["fields"]


@pytest.mark.parametrize("content", [None, b"", b"\n\n"])
async def test_without_a_key_the_page_offers_nothing_and_says_why(
    admin: Person, settings: Settings, content: bytes | None
) -> None:
    assert (await admin.get("/api/v1/system"))["may"] == ["start-update", "check-update"]
    settings.ticket_key.unlink()
    if content is not None:
        settings.ticket_key.write_bytes(content)
    assert (await admin.get("/api/v1/system"))["may"] == []
    refused = await admin.post("/api/v1/system/ticket", WISH, expect=409)
    assert str(settings.ticket_key) in refused["error"]
    assert "site.yml" in refused["error"]


async def test_what_upkeep_publishes_is_shown_to_admins_as_it_is_now(admin: Person, settings: Settings) -> None:
    assert (await admin.get("/api/v1/system"))["version"] == "1.2.3"
    (settings.published / "system.json").write_text(json.dumps({**PUBLISHED, "actions": [], "version": "1.3.0"}))
    shown = await admin.get("/api/v1/system")
    assert (shown["version"], shown["may"], shown["problem"]) == ("1.3.0", [], None)
    (settings.published / "system.json").unlink()
    assert "noch nichts hinterlegt" in (await admin.get("/api/v1/system"))["problem"]


async def test_the_key_is_in_no_answer_and_no_log(
    app: Starlette, admin: Person, caplog: pytest.LogCaptureFixture
) -> None:
    given = (await admin.post("/api/v1/system/ticket", WISH))["ticket"]
    shown = str(await admin.get("/api/v1/system"))
    assert KEY not in shown + caplog.text
    assert given not in caplog.text

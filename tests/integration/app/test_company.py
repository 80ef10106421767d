"""Settings of the business, and the system section."""

from __future__ import annotations

import asyncio

import pytest

from tests.integration.app.people import Person

pytestmark = pytest.mark.anyio


async def test_settings_show_before_sign_in(admin: Person, visitor: Person) -> None:
    edit = {"name": "Petersen", "accent": "petrol", "contact": "Durchwahl 14", "version": 0}
    saved = await admin.put("/api/company", edit)
    assert saved == {**edit, "version": 1}
    session = await visitor.get("/api/session")
    assert session["company"] == saved
    assert (session["user"], session["version"]) == (None, "1.2.3")


async def test_of_two_first_saves_one_wins(admin: Person) -> None:
    edit = {"name": "Petersen", "accent": "rot", "contact": "", "version": 0}
    replies = await asyncio.gather(*(admin.client.put("/api/company", json=edit) for _ in range(4)))
    assert sorted(reply.status_code for reply in replies) == [200, 409, 409, 409]
    assert (await admin.put("/api/company", edit, expect=409))["current"]["version"] == 1


async def test_unknown_colour_is_refused(admin: Person) -> None:
    reply = await admin.put("/api/company", {"name": "P", "accent": "url(x)", "version": 0}, expect=422)
    assert reply["fields"] == {"accent": "Bitte einen Wert aus der Liste wählen."}


async def test_system_section_shows_version_instance_and_database(admin: Person) -> None:
    system = await admin.get("/api/system")
    assert system["health"]["version"] == "1.2.3"
    assert len(system["health"]["instance"]) == 16
    assert system["mongodb"].startswith("6.0")

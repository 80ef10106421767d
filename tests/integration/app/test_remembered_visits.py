"""Who is signed in is remembered by each slot, and forgotten when it ends anywhere (docs/adr/0062)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import httpx
import pytest
from lager.accounts.model import Role, User
from lager.live import live
from pymongo.monitoring import CommandListener, CommandStartedEvent, register

from tests.integration.app.people import PASSWORD
from tests.integration.app.slots import PATIENCE, Slot, session_of

pytestmark = pytest.mark.anyio


class Questions(CommandListener):
    """How often somebody looked for a session."""

    def __init__(self) -> None:
        self.asked = 0

    def started(self, event: CommandStartedEvent) -> None:
        self.asked += event.command.get("aggregate") == "sessions"

    def succeeded(self, event: object) -> None: ...

    def failed(self, event: object) -> None: ...


QUESTIONS = Questions()
register(QUESTIONS)


@pytest.fixture
async def token(one: Slot, petra: User) -> str:
    return await session_of(one.services, petra)


async def status(at: Slot, token: str, path: str = "/api/users") -> int:
    async with httpx.AsyncClient(cookies={"lager": token}) as client:
        return (await client.get(f"{at.url}{path}")).status_code


async def becomes(expected: int, look: Callable[[], Awaitable[int]]) -> None:
    async with asyncio.timeout(PATIENCE):
        while await look() != expected:
            await asyncio.sleep(0.01)


async def test_a_second_request_asks_for_no_session(one: Slot, token: str) -> None:
    assert await status(one, token) == 200
    asked = QUESTIONS.asked
    assert [await status(one, token) for _ in range(5)] == [200] * 5
    assert QUESTIONS.asked == asked


async def test_an_end_counts_at_once_here_and_soon_elsewhere(one: Slot, other: Slot, token: str) -> None:
    assert (await status(one, token), await status(other, token)) == (200, 200)
    await one.services.sessions.end(token)
    assert await status(one, token) == 401
    await becomes(401, lambda: status(other, token))


async def test_another_role_counts_at_once_here_and_soon_elsewhere(
    one: Slot, other: Slot, petra: User, token: str
) -> None:
    await one.services.users.create("anna", "Anna", Role.ADMIN, PASSWORD)
    assert (await status(one, token), await status(other, token)) == (200, 200)
    await one.services.users.edit(petra.id, petra.version, "Petra", Role.READ, True)
    assert await status(one, token) == 403
    await becomes(403, lambda: status(other, token))


async def test_a_slot_that_hears_nothing_asks_every_time(
    one: Slot, other: Slot, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await status(other, token) == 200
    await other.live_part("tail").stop()
    monkeypatch.setattr(live, "TRUST", 0.0)
    await one.services.sessions.end(token)
    assert await status(other, token) == 401


async def test_a_restored_collection_of_sessions_is_looked_at_afresh(one: Slot, token: str) -> None:
    assert await status(one, token) == 200
    database = one.services.database
    await database["sessions"].rename("sessions_before")
    await becomes(401, lambda: status(one, token))
    await database["sessions_before"].rename("sessions")
    await becomes(200, lambda: status(one, token))

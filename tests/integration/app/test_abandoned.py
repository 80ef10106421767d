"""What a slot that was killed in the middle of a transaction still holds, as mongod sees it."""

from __future__ import annotations

import asyncio
import time

import pytest
from lager import abandoned
from lager.accounts.passwords import Passwords
from lager.database import Session, in_transaction, open_client
from lager.settings import Settings
from pymongo.errors import OperationFailure

from tests.integration.app.conftest import QUICK
from tests.integration.app.slots import slot, until
from tests.integration.app.test_live import change

pytestmark = pytest.mark.anyio

NO_SUCH_TRANSACTION = 251


async def test_events_go_on_soon_after_a_slot_died_while_it_numbered_them(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(abandoned, "ABANDONED", 0.5)
    dead = open_client(str(settings.mongodb_uri))
    async with slot(settings, Passwords(QUICK)) as living, dead.start_session() as session:
        await session.start_transaction()
        counters = dead[settings.database]["counters"]
        await counters.update_one({"_id": "events"}, {"$inc": {"value": 1}}, session=session)
        await change(living.services, 0)
        await until(lambda: living.services.live.feed.newest == 1, patience=20)
        with pytest.raises(OperationFailure) as gone:
            await counters.find_one(session=session)
        assert gone.value.code == NO_SUCH_TRANSACTION
    await dead.close()


async def test_a_transaction_that_is_at_work_is_left_alone(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long it takes altogether, as long as it says something now and then."""
    monkeypatch.setattr(abandoned, "ABANDONED", 2.0)
    monkeypatch.setattr(abandoned, "LOOK", 0.05)
    attempts, longest = 0, 0.0
    async with slot(settings, Passwords(QUICK)) as living:

        async def work(session: Session) -> None:
            nonlocal attempts, longest
            attempts += 1
            for number in range(30):
                spoken = time.monotonic()
                await living.services.database["counters"].find_one({"_id": number}, session=session)
                await asyncio.sleep(0.1)
                longest = max(longest, time.monotonic() - spoken)

        await in_transaction(living.services.database, work)
    assert attempts == 1 or longest > 1  # a machine that stood still

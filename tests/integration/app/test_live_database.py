"""What happens to MongoDB, and what devices see of it: restarts, a history that is gone, a network that is cut."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from lager.accounts.model import Role, User
from lager.accounts.passwords import Passwords
from lager.health import check_live
from lager.live import live as live_parts
from lager.settings import Settings
from starlette.datastructures import Secret

from tests.integration.app.conftest import QUICK
from tests.integration.app.mongod import Mongod
from tests.integration.app.people import PASSWORD
from tests.integration.app.slots import Device, Slot, session_of, slot, until
from tests.integration.app.test_live import change, numbers

pytestmark = pytest.mark.anyio


@pytest.fixture
def own_mongod(tmp_path: Path) -> Iterator[Mongod]:
    server = Mongod(tmp_path / "own")
    server.directory.mkdir()
    server.start()
    yield server
    server.stop()


@pytest.fixture
async def one(settings: Settings, own_mongod: Mongod) -> AsyncIterator[Slot]:
    async with slot(Settings(**{**vars(settings), "mongodb_uri": Secret(own_mongod.uri)}), Passwords(QUICK)) as running:
        yield running


@pytest.fixture
async def petra(one: Slot) -> User:
    return await one.services.users.create("petra", "Petra", Role.ADMIN, PASSWORD)


@pytest.fixture
async def device(one: Slot, petra: User) -> AsyncIterator[Device]:
    made = Device(await session_of(one.services, petra))
    await made.connect(one)
    await until(lambda: made.epoch)
    yield made
    await made.leave()


async def test_events_go_on_after_a_restart_of_mongod(one: Slot, own_mongod: Mongod, device: Device) -> None:
    await change(one.services, 0)
    await until(lambda: len(device.events) == 1)
    await asyncio.to_thread(own_mongod.stop)
    await until(lambda: check_live(one.services.live).status == "warning")
    await asyncio.to_thread(own_mongod.start)
    await change(one.services, 1)
    await until(lambda: len(device.events) == 2)
    await until(lambda: check_live(one.services.live).status == "ok")
    assert (numbers(device), device.resets) == ([0, 1], 1)


async def test_what_no_stream_has_shown_is_read_from_the_events(one: Slot, own_mongod: Mongod, device: Device) -> None:
    tail = one.live_part("tail")
    await tail.stop()
    for number in range(5):
        await change(one.services, number)
    await one.services.live.numbering.number_some()
    tail.start()
    await until(lambda: len(device.events) == 5)
    assert (numbers(device), device.resets) == ([0, 1, 2, 3, 4], 1)


async def test_stream_whose_token_expired_is_replaced(one: Slot, own_mongod: Mongod, device: Device) -> None:
    """mongod's answer to a resume token that the oplog does not reach back to, at the next question."""
    await change(one.services, 0)
    await until(lambda: len(device.events) == 1)
    fault = {"failCommands": ["getMore"], "errorCode": 286, "closeConnection": False}
    admin = one.services.client.admin
    await admin.command({"configureFailPoint": "failCommand", "mode": {"times": 1}, "data": fault})
    tail = one.live_part("tail")
    await until(lambda: tail.restarts == 1)
    await change(one.services, 1)
    await until(lambda: len(device.events) == 2)
    assert (numbers(device), device.resets) == ([0, 1], 1)


async def test_silent_database_shows_in_health_and_sends_clients_away(
    one: Slot, own_mongod: Mongod, device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cut network does not close connections, it only says nothing any more; so does a stopped process."""
    monkeypatch.setattr(live_parts, "GRACE", 2.0)
    await change(one.services, 0)
    await until(lambda: len(device.events) == 1)
    assert own_mongod.process
    os.kill(own_mongod.process.pid, signal.SIGSTOP)
    try:
        await until(lambda: not len(one.sockets))
        found = check_live(one.services.live)
        assert found.status == "warning"
    finally:
        os.kill(own_mongod.process.pid, signal.SIGCONT)
    await change(one.services, 1)
    await until(lambda: len(device.events) == 2)
    await until(lambda: check_live(one.services.live).status == "ok")
    assert (numbers(device), device.resets) == ([0, 1], 1)

"""Fifty devices while slots are exchanged under them, one after the other, as a rolling update does it."""

from __future__ import annotations

import asyncio
import contextlib

import pytest
from lager.accounts.model import Role
from lager.accounts.passwords import Passwords
from lager.settings import Settings

from bench.devices import Device, connected
from tests.integration.app.conftest import QUICK
from tests.integration.app.people import ORIGIN, PASSWORD
from tests.integration.app.slots import COOKIE, Slot, session_of, slot, until
from tests.integration.app.test_live import change

pytestmark = pytest.mark.anyio

DEVICES = 50
EXCHANGES = 4


class Rotation:
    """Where the gate would send a new connection: the slot that serves and has the fewest."""

    def __init__(self) -> None:
        self.slots: list[Slot] = []

    def address(self) -> str:
        return min(self.slots, key=lambda found: len(found.sockets)).url


async def test_fifty_devices_through_exchanges_miss_and_double_nothing(settings: Settings) -> None:
    rotation = Rotation()
    written = 0
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(2):
            rotation.slots.append(await stack.enter_async_context(slot(settings, Passwords(QUICK))))
        first = rotation.slots[0].services
        petra = await first.users.create("petra", "Petra", Role.ADMIN, PASSWORD)
        cookie = f"{COOKIE}={await session_of(first, petra)}"
        devices = [Device(rotation.address, ORIGIN, cookie) for _ in range(DEVICES)]
        async with connected(devices):

            async def write() -> None:
                nonlocal written
                while True:
                    await change(rotation.slots[-1].services, written)
                    written += 1
                    await asyncio.sleep(0.02)

            writing = asyncio.create_task(write())
            for _ in range(EXCHANGES):
                old = rotation.slots.pop(0)
                old.sockets.drain()
                await until(lambda: all(device.is_live for device in devices))
                rotation.slots.append(await stack.enter_async_context(slot(settings, Passwords(QUICK))))
                await old.stop()
            writing.cancel()
            await asyncio.wait([writing])
            await until(lambda: all(len(device.seen) >= written for device in devices))
    assert [device for device in devices if not device.is_complete()] == []
    assert {device.resets for device in devices} == {1}  # the first position; afterwards each went on where it was
    assert sum(len(device.gaps) for device in devices) >= DEVICES

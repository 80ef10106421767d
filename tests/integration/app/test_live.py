"""Events to real clients: order, once each, two slots, who is let in, who else is there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest
from lager.accounts.model import Role, User
from lager.accounts.passwords import Passwords
from lager.database import Session, in_transaction
from lager.health import check_live
from lager.services import Services
from lager.settings import Settings
from lager.web import live_entrance, live_sockets
from lager.web.live_wire import Code

from tests.integration.app.conftest import QUICK
from tests.integration.app.people import ORIGIN, PASSWORD
from tests.integration.app.slots import Device, Slot, raw, refusal, session_of, slot, until

pytestmark = pytest.mark.anyio

Devices = Callable[..., Awaitable[Device]]


@pytest.fixture
async def klaus(one: Slot) -> User:
    return await one.services.users.create("klaus", "Klaus", Role.STORE, PASSWORD)


@pytest.fixture
async def devices(one: Slot) -> AsyncIterator[Devices]:
    made: list[Device] = []

    async def make(user: User, at: Slot | Callable[[], Slot], **more: str) -> Device:
        device = Device(await session_of(one.services, user), **more)
        made.append(device)
        await device.connect(at)
        await until(lambda: device.epoch)
        return device

    yield make
    for device in made:
        await device.leave()


async def change(services: Services, number: int) -> None:
    async def work(session: Session) -> None:
        await services.outbox.record(session, "probe", {"number": number})

    await in_transaction(services.database, work)


def numbers(device: Device) -> list[int]:
    return [event["body"]["number"] for event in device.events if event["kind"] == "probe"]


async def test_each_device_gets_each_change_once_in_the_same_gap_free_order(
    one: Slot, other: Slot, petra: User, klaus: User, devices: Devices
) -> None:
    there = [await devices(petra, one), await devices(klaus, other), await devices(klaus, one)]
    await asyncio.gather(*(change((one, other)[n % 2].services, n) for n in range(60)))
    await until(lambda: all(len(device.events) >= 60 for device in there))
    assert there[0].seqs == list(range(1, 61))
    assert sorted(numbers(there[0])) == list(range(60))
    assert [numbers(device) for device in there[1:]] == [numbers(there[0])] * 2


async def test_device_that_was_away_gets_exactly_what_it_missed(
    one: Slot, other: Slot, petra: User, devices: Devices
) -> None:
    device = await devices(petra, one)
    await change(one.services, 0)
    await until(lambda: len(device.events) == 1)
    await device.leave()
    for number in range(1, 6):
        await change(one.services, number)
    await until(lambda: other.services.live.feed.newest == 6)
    back = Device(device.token, epoch=device.epoch, seq=device.seq)
    await back.connect(other)
    await change(one.services, 6)
    await until(lambda: len(back.events) >= 6)
    await back.leave()
    assert (numbers(back), back.resets) == ([1, 2, 3, 4, 5, 6], 0)


async def test_slot_that_starts_later_serves_what_was_before_it(
    one: Slot, settings: Settings, petra: User, devices: Devices
) -> None:
    device = await devices(petra, one)
    for number in range(5):
        await change(one.services, number)
    await until(lambda: len(device.events) == 5)
    async with slot(settings, Passwords(QUICK)) as late:
        back = Device(device.token, epoch=device.epoch, seq=2)
        await back.connect(late)
        await until(lambda: len(back.events) == 3)
        await back.leave()
    assert numbers(back) == [2, 3, 4]


@pytest.mark.parametrize(("epoch", "seq"), [("another", 1), (None, 99), (None, -1), (None, "1"), (None, True)], ids=str)
async def test_position_that_makes_no_sense_here_means_loading_afresh(
    one: Slot, petra: User, devices: Devices, epoch: str | None, seq: int
) -> None:
    await change(one.services, 0)
    await until(lambda: one.services.live.feed.newest == 1)
    device = Device(await session_of(one.services, petra), epoch=epoch or one.services.live.feed.epoch, seq=seq)
    await device.connect(one)
    await until(lambda: device.resets)
    await device.leave()
    assert (device.epoch, device.seq, device.events) == (one.services.live.feed.epoch, 1, [])


async def test_events_that_are_not_kept_any_more_mean_loading_afresh(
    one: Slot, settings: Settings, petra: User
) -> None:
    for number in range(4):
        await change(one.services, number)
    await until(lambda: one.services.live.feed.newest == 4)
    await one.services.database["events"].delete_many({"_id": {"$lte": 2}})
    async with slot(settings, Passwords(QUICK)) as late:
        gone = Device(await session_of(late.services, petra), epoch=late.services.live.feed.epoch, seq=1)
        kept = Device(await session_of(late.services, petra), epoch=late.services.live.feed.epoch, seq=2)
        await gone.connect(late)
        await kept.connect(late)
        await until(lambda: gone.resets and len(kept.events) == 2)
        await asyncio.gather(gone.leave(), kept.leave())
    assert (gone.seq, gone.events, kept.resets) == (4, [], 0)


async def test_restored_database_is_another_epoch(one: Slot, petra: User, devices: Devices) -> None:
    """A restore puts another collection in the place of the events, as `rename` does here."""
    device = await devices(petra, one)
    await change(one.services, 0)
    await until(lambda: len(device.events) == 1)
    before, database = device.epoch, one.services.database
    await database["restored"].insert_one({"_id": 1, "at": petra.last_sign_in, "kind": "old", "body": {}, "by": ""})
    await database["restored"].rename("events", dropTarget=True)
    await until(lambda: device.epoch != before)
    await change(one.services, 1)
    await until(lambda: len(device.events) == 2)
    assert (device.resets, numbers(device)) == (2, [0, 1])


async def test_slow_client_gets_everything_in_larger_batches(
    one: Slot, petra: User, devices: Devices, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_sockets, "UNCONFIRMED", 3)
    slow, quick = await devices(petra, one), await devices(petra, one)
    slow.confirms.clear()
    for number in range(30):
        await change(one.services, number)
    await until(lambda: len(quick.events) == 30)
    slow.confirms.set()
    await until(lambda: len(slow.events) == 30)
    assert (slow.seqs, slow.resets) == (quick.seqs, 1)


async def test_client_that_confirms_nothing_is_dropped_and_comes_back(
    one: Slot, petra: User, devices: Devices, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_sockets, "CONFIRM_SECONDS", 0.3)
    monkeypatch.setattr(live_sockets, "UNCONFIRMED", 3)
    device = await devices(petra, one)
    device.confirms.clear()
    for number in range(5):
        await change(one.services, number)
    await until(lambda: not len(one.sockets))
    device.confirms.set()
    await until(lambda: len(device.events) >= 5)
    assert (numbers(device), device.resets) == ([0, 1, 2, 3, 4], 1)


async def test_killed_tail_starts_again_and_health_tells(one: Slot, petra: User, devices: Devices) -> None:
    device = await devices(petra, one)
    tail = one.live_part("tail")
    for number in range(3):
        tail.task.cancel()
        await until(lambda: tail.error)
        found = check_live(one.services.live)
        assert (found.status, "tail läuft gerade nicht (abgebrochen" in (found.detail or "")) == ("warning", True)
        await change(one.services, number)
        await until(lambda n=number: len(device.events) == n + 1)
    await until(lambda: check_live(one.services.live).status == "ok")
    assert (numbers(device), tail.restarts, device.resets) == ([0, 1, 2], 3, 1)


async def test_killed_numbering_is_replaced_by_the_other_slot(
    one: Slot, other: Slot, petra: User, devices: Devices
) -> None:
    device = await devices(petra, one)
    await one.live_part("numbering").stop()
    await change(one.services, 0)
    await change(other.services, 1)
    await change(one.services, 2)
    await until(lambda: len(device.events) == 3)
    assert numbers(device) == [0, 1, 2]
    assert "numbering läuft gerade nicht" in (check_live(one.services.live).detail or "")


async def test_end_of_the_session_ends_its_sockets_in_every_slot(
    one: Slot, other: Slot, petra: User, klaus: User, devices: Devices
) -> None:
    here, there, stays = await devices(klaus, one), await devices(klaus, other), await devices(petra, one)
    await one.services.sessions.end(here.token)
    await until(lambda: len(one.services.live.feed.epoch or "") and not here.client.connected)
    await asyncio.sleep(0.2)
    assert (there.client.connected, stays.client.connected) == (True, True)
    await one.services.users.edit(klaus.id, klaus.version, "Klaus", Role.STORE, False)
    await one.services.sessions.end_all(klaus.id)
    await until(lambda: not there.client.connected)
    assert stays.client.connected


async def test_session_that_ended_while_nobody_listened_is_noticed(one: Slot, petra: User, devices: Devices) -> None:
    device = await devices(petra, one)
    monkey = one.services.live
    await one.live_part("tail").stop()
    await one.services.sessions.end(device.token)
    assert device.client.connected
    one.live_part("tail").start()
    await until(lambda: not device.client.connected)
    assert monkey.is_on


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({}, 403),
        ({"Origin": ORIGIN, "Cookie": ""}, 401),
        ({"Origin": ORIGIN, "Cookie": "lager=made-up"}, 401),
    ],
    ids=str,
)
async def test_handshake_is_refused(one: Slot, petra: User, headers: dict[str, str], status: int) -> None:
    token = await session_of(one.services, petra)
    assert await refusal(one, {"Cookie": f"lager={token}", **headers}) == status


async def test_one_session_has_so_many_sockets_and_no_more(
    one: Slot, petra: User, klaus: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_entrance, "PER_SESSION", 2)
    token = await session_of(one.services, petra)
    headers = {"Cookie": f"lager={token}", "Origin": ORIGIN}
    async with raw(one, headers), raw(one, headers):
        assert await refusal(one, headers) == 429
        headers["Cookie"] = f"lager={await session_of(one.services, klaus)}"
        async with raw(one, headers):
            pass


async def test_who_never_speaks_socket_io_is_cut(one: Slot, petra: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_entrance, "HELLO_SECONDS", 0.2)
    headers = {"Cookie": f"lager={await session_of(one.services, petra)}", "Origin": ORIGIN}
    async with raw(one, headers) as socket:
        assert (await socket.recv()).startswith("0")
        await socket.wait_closed()
    assert socket.close_code == Code.TOO_SLOW


@pytest.mark.parametrize(
    "sent", ["x" * 9000, "9", "4", "42[", '42["watch",{"$gt":1}]', '42["nothing",1]', "41", b"\x00\xff"]
)
async def test_nonsense_from_a_client_harms_nobody(one: Slot, petra: User, devices: Devices, sent: str | bytes) -> None:
    device = await devices(petra, one)
    headers = {"Cookie": f"lager={await session_of(one.services, petra)}", "Origin": ORIGIN}
    async with raw(one, headers) as socket:
        await socket.send("40")
        await socket.send(sent)
        await change(one.services, 0)
        await until(lambda: len(device.events) == 1)
    assert check_live(one.services.live).status == "ok"


async def test_two_on_one_article_see_each_other_from_both_slots(
    one: Slot, other: Slot, petra: User, klaus: User, devices: Devices
) -> None:
    here, tab, there = await devices(petra, one), await devices(petra, one), await devices(klaus, other)
    article = {"kind": "article", "id": "64b0c0ffee0000000000beef"}
    for device in (here, tab, there):
        await device.client.emit("watch", article)
    await until(lambda: here.names == [["Klaus"]] and there.names == [["Petra"]])
    await there.client.emit("watch", None)
    await until(lambda: here.names == [["Klaus"], []])
    await there.client.emit("watch", article)
    await until(lambda: here.names[-1] == ["Klaus"])
    await there.leave()
    await until(lambda: here.names[-1] == [])


async def test_drain_closes_sockets_so_that_clients_come_back_elsewhere(
    one: Slot, other: Slot, petra: User, devices: Devices
) -> None:
    at = [one]
    device = await devices(petra, lambda: at[0])
    headers = {"Cookie": f"lager={device.token}", "Origin": ORIGIN}
    async with raw(one, headers) as socket, httpx.AsyncClient() as agent:
        at[0] = other
        through_the_gate = await agent.post(f"{one.url}/api/live/drain", headers={"X-Forwarded-For": "203.0.113.7"})
        assert (through_the_gate.status_code, len(one.sockets.entrance.wires)) == (404, 2)
        assert (await agent.post(f"{one.url}/api/live/drain")).status_code == 204
        await socket.wait_closed()
        assert socket.close_code == Code.SERVICE_RESTART
        await until(lambda: len(other.sockets) == 1)
        assert (await agent.get(f"{one.url}/api/health")).status_code == 200
    await change(one.services, 0)
    await until(lambda: len(device.events) == 1)
    assert device.resets == 1


async def test_sigterm_closes_sockets_and_lets_no_new_ones_in(one: Slot, petra: User) -> None:
    headers = {"Cookie": f"lager={await session_of(one.services, petra)}", "Origin": ORIGIN}
    one.server.drain_seconds = 1
    async with raw(one, headers) as socket:
        one.services.lifecycle.drain()
        await socket.wait_closed()
        assert socket.close_code == Code.SERVICE_RESTART
        assert await refusal(one, headers) == 503
    await one.serving

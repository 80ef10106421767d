"""The chain over the ledger: who seals, and that tampering is found and its place named."""

from __future__ import annotations

import asyncio

import pytest
from bson import Decimal128
from lager import schema
from lager.accounts.model import Role, User
from lager.articles.model import ArticleInput, Unit
from lager.bookings import chain
from lager.bookings.chain import BEGINNING, Sealing
from lager.bookings.model import BookingInput
from lager.bookings.verify import Verified, verify
from lager.database import Document
from lager.health import LedgerCheck, Status, check_ledger
from lager.locations.model import Kind, LocationInput
from lager.services import Services, build_services
from lager.settings import Settings
from starlette.datastructures import Secret

from tests.integration.app.mongod import free_port
from tests.integration.app.shelf import counted, incoming

pytestmark = pytest.mark.anyio

PETRA = User("64b0c0ffee0000000000beef", "petra", "Petra", Role.ADMIN, True, 1, None)


@pytest.fixture
async def stores(services: Services) -> Services:
    """Without an app, so that nobody else seals."""
    await schema.prepare(services.database)
    return services


async def booked(stores: Services, count: int) -> list[Document]:
    """``count`` bookings of one article at one place, one metre each."""
    if (pipe := await stores.database["articles"].find_one()) is None:
        pipe = await stores.articles.create(ArticleInput(name="Rohr", number="R-1", unit=Unit.METRE), PETRA)
    if (hall := await stores.database["locations"].find_one()) is None:
        hall = await stores.locations.create(LocationInput(name="Halle", code="HL", kind=Kind.STORE), PETRA)
    wishes = [BookingInput.model_validate(incoming(str(pipe["_id"]), str(hall["_id"]), "1")) for _ in range(count)]
    return [(await stores.bookings.book(wish, PETRA)).booking for wish in wishes]


async def seal_all(stores: Services) -> Verified:
    while await stores.sealing.seal_some():
        pass
    return await verify(stores.database)


async def test_an_empty_ledger_is_in_order(stores: Services) -> None:
    assert (await seal_all(stores)).view() == {
        "ok": True, "sealed": 0, "unsealed": 0, "cells": 0, "head": BEGINNING, "broken": [],
    }  # fmt: skip


async def test_sealed_bookings_follow_each_other_and_later_ones_join(stores: Services) -> None:
    await booked(stores, 3)
    first = await seal_all(stores)
    assert (first.sealed, first.unsealed, first.broken) == (3, 0, [])
    await booked(stores, 2)
    assert (await verify(stores.database)).view() | {"head": ""} == {
        "ok": True, "sealed": 3, "unsealed": 2, "cells": 1, "head": "", "broken": [],
    }  # fmt: skip
    last = await seal_all(stores)
    assert (last.sealed, last.unsealed, last.broken) == (5, 0, [])
    assert last.head != first.head
    links = await stores.database["bookings"].find().sort("seal.position").to_list()
    assert [one["seal"]["position"] for one in links] == [1, 2, 3, 4, 5]
    assert [one["seal"]["previous"] for one in links][1:] == [one["seal"]["hash"] for one in links][:-1]


async def test_two_slots_that_seal_at_once_make_one_chain(stores: Services) -> None:
    others = [Sealing(stores.database, f"slot-{number}") for number in range(3)]
    for _ in range(4):
        booking = asyncio.gather(booked(stores, 5), *(other.seal_some() for other in others))
        await stores.database["ledger"].update_one({}, {"$set": {"until": None}})  # the lease decides nothing
        await asyncio.gather(booking, *(other.seal_some() for other in others))
    found = await seal_all(stores)
    assert (found.sealed + found.unsealed, found.broken) == (20, [])


async def test_a_booking_that_nobody_seals_shows_in_health_until_it_is_sealed(
    stores: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chain, "LATE", 1.0)
    head = await stores.database["ledger"].find_one_and_delete({})
    await booked(stores, 1)
    async with asyncio.timeout(60):
        while "wartet seit" not in str(check_ledger(stores.sealing).detail):
            await stores.sealing.seal_some()
    found = check_ledger(stores.sealing)
    assert (found.status, found.unsealed_seconds >= 1.0) == ("warning", True)
    await stores.database["ledger"].insert_one(head)
    await seal_all(stores)
    await stores.sealing.seal_some()  # sees that nothing is left
    monkeypatch.undo()
    assert check_ledger(stores.sealing) == LedgerCheck(Status.OK, 0.0)


async def test_a_slot_that_cannot_look_for_unsealed_bookings_says_so(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chain, "LATE", 0.05)
    lost = build_services(Settings(**{**vars(settings), "mongodb_uri": Secret(f"mongodb://127.0.0.1:{free_port()}/")}))
    lost.sealing.part.start()
    await asyncio.sleep(0.1)
    found = check_ledger(lost.sealing)
    await lost.sealing.part.stop()
    await lost.close()
    assert found.status == "warning"
    assert "siegelt dieser Slot nicht" in str(found.detail)


async def test_the_lease_keeps_the_other_slot_out_until_its_end(stores: Services) -> None:
    other = Sealing(stores.database, "other")
    await booked(stores, 1)
    await other.seal_some()
    await booked(stores, 1)
    assert (await seal_all(stores)).unsealed == 1
    await stores.database["ledger"].update_one({}, {"$currentDate": {"until": True}})
    assert (await seal_all(stores)).unsealed == 0


TAMPERED: dict[str, tuple[Document, str]] = {
    "amount": (
        {"$set": {"lines.0.quantity": Decimal128("2")}},
        "Kette, Platz 3 (B-000003): der Inhalt passt nicht zum Siegel; er wurde nachträglich geändert.",
    ),
    "author": (
        {"$set": {"by.name": "Klaus"}},
        "Kette, Platz 3 (B-000003): der Inhalt passt nicht zum Siegel; er wurde nachträglich geändert.",
    ),
    "seal": ({"$set": {"seal.previous": BEGINNING}}, "Kette, Platz 3 (B-000003): schließt nicht an B-000002 an."),
    "unsealed": (
        {"$unset": {"seal": 1}},
        "Kette: nach B-000002 müsste Platz 3 folgen, es folgt Platz 4 (B-000004).",
    ),
}


@pytest.mark.parametrize("case", TAMPERED)
async def test_a_changed_booking_is_found_and_named(stores: Services, case: str) -> None:
    third = (await booked(stores, 5))[2]
    await seal_all(stores)
    change, finding = TAMPERED[case]
    await stores.database["bookings"].update_one({"_id": third["_id"]}, change)
    assert (await verify(stores.database)).broken[0] == finding


async def test_removed_bookings_are_missed_in_the_middle_at_the_end_and_in_the_sums(stores: Services) -> None:
    bookings = await booked(stores, 5)
    await seal_all(stores)
    await stores.database["bookings"].delete_one({"_id": bookings[4]["_id"]})
    assert (await verify(stores.database)).broken == [
        "Ende der Kette: vermerkt ist Platz 5, vorhanden ist Platz 4.",
        "Bestand R-1 in HL: laut Buchungen 4 m, gespeichert 5 m.",
    ]
    await stores.database["bookings"].delete_one({"_id": bookings[1]["_id"]})
    assert (await verify(stores.database)).broken == [
        "Kette: nach B-000001 müsste Platz 2 folgen, es folgt Platz 3 (B-000003).",
        "Bestand R-1 in HL: laut Buchungen 3 m, gespeichert 5 m.",
    ]


async def test_stock_that_no_booking_explains_is_found(stores: Services) -> None:
    await booked(stores, 2)
    await seal_all(stores)
    await stores.database["stock"].update_one({}, {"$set": {"quantity": Decimal128("-2.5")}})
    assert (await verify(stores.database)).broken == [
        "Bestand R-1 in HL: laut Buchungen 2 m, gespeichert -2,5 m.",
        "Bestand R-1 in HL: -2,5 m; unter null ist dort nicht erlaubt.",
    ]


async def test_every_kind_of_booking_keeps_its_seal_when_it_is_read_again(stores: Services) -> None:
    first = (await booked(stores, 1))[0]
    line = first["lines"][0]
    article, place = str(line["article"]["id"]), str(line["to"]["id"])
    body = counted(article, place, "0.75") | {"note": "ß\n„x“ <b>", "reason": "Bruch"}
    await stores.bookings.book(BookingInput.model_validate(body), PETRA)
    found = await seal_all(stores)
    assert (found.sealed, found.broken) == (2, [])

"""The ledger: what is booked, what is refused, and that the same request never books twice."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from lager.database import Document
from lager.services import Services

from tests.integration.app.people import Json, Person
from tests.integration.app.shelf import article, counted, incoming, key, moving, outgoing, place, stock

pytestmark = pytest.mark.anyio


async def book(person: Person, body: Json, expect: int = 201) -> Json:
    return await person.post("/api/bookings", body, expect)


async def test_goods_come_move_and_go(keeper: Person) -> None:
    pipe, store, van = await article(keeper, unit="m"), await place(keeper, "HL"), await place(keeper, "T1")
    came = await book(keeper, incoming(pipe, store, "12.50", note="Lieferschein 4711"))
    assert came["lines"][0] | {"article": came["lines"][0]["article"]["id"]} == {
        "article": pipe,
        "from": None,
        "to": {"id": store, "name": "Lager HL", "code": "HL"},
        "quantity": "12.5",
    }
    assert (came["kind"], came["by"]["name"], came["note"]) == ("in", "Klaus", "Lieferschein 4711")
    await book(keeper, moving(pipe, store, van, "4.5"))
    await book(keeper, outgoing(pipe, van, "0.25"))
    assert await stock(keeper, pipe) == {"HL": "8", "T1": "4.25"}
    assert (await keeper.get(f"/api/articles/{pipe}"))["stock"] == "12.25"
    assert (await keeper.get("/api/articles"))["articles"][0]["stock"] == "12.25"
    await book(keeper, moving(pipe, van, store, "4.25"))
    assert (await keeper.get(f"/api/articles/{pipe}/stock"))["total"] == "12.25"
    assert await stock(keeper, pipe) == {"HL": "12.25"}


async def test_several_lines_are_booked_together_or_not_at_all(keeper: Person) -> None:
    store, first, second = await place(keeper), await article(keeper, "Bogen"), await article(keeper, "Muffe")
    both = incoming(first, store, "3")
    both["lines"] += incoming(second, store, "1")["lines"]
    await book(keeper, both)
    greedy = outgoing(first, store, "2")
    greedy["lines"] += outgoing(second, store, "2")["lines"]
    refused = await book(keeper, greedy, expect=422)
    assert refused["fields"] == {"lines.1.quantity": "In HL (Lager HL) sind nur 1 Stk."}
    assert [await stock(keeper, one) for one in (first, second)] == [{"HL": "3"}, {"HL": "1"}]
    twice = outgoing(first, store, "2")
    twice["lines"] *= 2
    assert set((await book(keeper, twice, expect=422))["fields"]) == {"lines.0.quantity", "lines.1.quantity"}


async def test_a_correction_books_the_difference_to_what_was_counted(keeper: Person) -> None:
    clamp, store = await article(keeper), await place(keeper)
    await book(keeper, incoming(clamp, store, "10"))
    less = await book(keeper, counted(clamp, store, "7"))
    line = less["lines"][0]
    assert (line["from"]["id"], line["to"], line["quantity"], line["counted"]) == (store, None, "3", "7")
    more = (await book(keeper, counted(clamp, store, "9")))["lines"][0]
    assert (more["from"], more["to"]["id"], more["quantity"]) == (None, store, "2")
    same = (await book(keeper, counted(clamp, store, "9")))["lines"][0]
    assert (same["quantity"], same["counted"]) == ("0", "9")
    assert await stock(keeper, clamp) == {"HL": "9"}
    await book(keeper, counted(clamp, store, "0"))
    assert await stock(keeper, clamp) == {}


async def test_a_correction_needs_a_reason_and_a_stock_that_is_still_as_shown(keeper: Person) -> None:
    clamp, store = await article(keeper), await place(keeper)
    silent = await book(keeper, counted(clamp, store, "5") | {"reason": " "}, expect=422)
    assert silent["fields"] == {"reason": "Bitte einen Grund angeben."}
    await book(keeper, incoming(clamp, store, "10"))
    stale = await book(keeper, counted(clamp, store, "5", seen="9"), expect=422)
    assert stale["fields"] == {"lines.0.counted": "Der Bestand hat sich geändert: jetzt 10 Stk. Bitte neu zählen."}
    await book(keeper, counted(clamp, store, "5", seen="10"))


async def test_undoing_books_the_opposite_once(keeper: Person, admin: Person) -> None:
    clamp, store, van = await article(keeper), await place(keeper, "HL"), await place(keeper, "T1")
    came = await book(keeper, incoming(clamp, store, "10"))
    moved = await book(keeper, moving(clamp, store, van, "4"))
    undo = {"key": key(), "reason": "Falscher Artikel"}
    undone = await admin.post(f"/api/bookings/{moved['id']}/undo", undo)
    assert (undone["kind"], undone["undoes"], undone["by"]["name"]) == ("undo", moved["id"], "Petra")
    assert undone["reason"] == "Falscher Artikel"
    assert await stock(keeper, clamp) == {"HL": "10"}
    assert (await keeper.get(f"/api/bookings/{moved['id']}"))["undone_by"] == undone["id"]
    assert (await admin.post(f"/api/bookings/{moved['id']}/undo", undo, expect=200))["id"] == undone["id"]
    again = await keeper.post(f"/api/bookings/{moved['id']}/undo", {"key": key()}, expect=409)
    assert again["error"] == f"Schon zurückgenommen: {undone['number']} von Petra."
    twice = await keeper.post(f"/api/bookings/{undone['id']}/undo", {"key": key()}, expect=409)
    assert twice["error"].startswith("Eine Rücknahme lässt sich nicht zurücknehmen.")
    await book(keeper, outgoing(clamp, store, "8"))
    gone = await keeper.post(f"/api/bookings/{came['id']}/undo", {"key": key()}, expect=409)
    assert gone["error"] == "Nicht mehr möglich. In HL (Lager HL) sind nur 2 Stk."


async def told_to_all(services: Services, count: int) -> list[Document]:
    """The events about bookings, once there are ``count``."""
    async with asyncio.timeout(30):
        while len(told := await services.database["events"].find({"kind": "booking"}).sort("_id").to_list()) < count:
            await asyncio.sleep(0.05)
    return told


async def test_each_booking_tells_all_clients_what_it_did(keeper: Person, services: Services) -> None:
    pipe, hall, van = await article(keeper, unit="m"), await place(keeper, "HL"), await place(keeper, "T1")
    await book(keeper, incoming(pipe, hall, "12.5"))
    everything = moving(pipe, hall, van, "12.5")
    moved = await book(keeper, everything)
    await book(keeper, everything, expect=200)
    await book(keeper, outgoing(pipe, hall, "1"), expect=422)
    told = await told_to_all(services, 2)
    assert [event["body"]["booking"]["number"] for event in told] == ["B-000001", "B-000002"]
    assert told[1]["body"] == {
        "id": moved["id"],
        "booking": moved,
        "stock": [
            {"article_id": pipe, "location_id": hall, "quantity": "0", "change": "-12.5"},
            {"article_id": pipe, "location_id": van, "quantity": "12.5", "change": "12.5"},
        ],
    }


async def test_of_concurrent_undos_exactly_one_wins(keeper: Person) -> None:
    clamp, store = await article(keeper), await place(keeper)
    came = await book(keeper, incoming(clamp, store, "10"))
    path = f"/api/bookings/{came['id']}/undo"
    replies = await asyncio.gather(*(keeper.client.post(path, json={"key": key()}) for _ in range(6)))
    assert sorted(reply.status_code for reply in replies) == [201] + [409] * 5
    assert await stock(keeper, clamp) == {}


async def test_the_same_request_books_once_however_often_and_by_whom_it_is_sent(keeper: Person, admin: Person) -> None:
    clamp, store = await article(keeper), await place(keeper)
    await book(keeper, incoming(clamp, store, "10"))
    everything = outgoing(clamp, store, "10")
    senders = [keeper, admin] * 5
    replies = await asyncio.gather(*(person.client.post("/api/bookings", json=everything) for person in senders))
    assert sorted(reply.status_code for reply in replies) == [200] * 9 + [201], [reply.text for reply in replies]
    assert len({reply.text for reply in replies}) == 1
    other = await book(keeper, everything | {"note": "anders"}, expect=409)
    assert other["error"].startswith("Unter diesem Schlüssel ist schon etwas anderes gebucht (B-")
    assert await stock(keeper, clamp) == {}


async def test_concurrent_takers_never_take_more_than_is_there(keeper: Person) -> None:
    clamp, store, van = await article(keeper), await place(keeper, "HL"), await place(keeper, "T1")
    await book(keeper, incoming(clamp, store, "7"))
    wishes = [outgoing(clamp, store, "1") if turn % 2 else moving(clamp, store, van, "1") for turn in range(20)]
    replies = await asyncio.gather(*(keeper.client.post("/api/bookings", json=wish) for wish in wishes))
    assert sorted(reply.status_code for reply in replies) == [201] * 7 + [422] * 13
    assert (await stock(keeper, clamp)).get("HL") is None


async def test_a_location_may_allow_less_than_nothing(keeper: Person) -> None:
    clamp, van = await article(keeper), await place(keeper, "T1", allows_negative=True)
    await book(keeper, outgoing(clamp, van, "3"))
    assert await stock(keeper, clamp) == {"T1": "-3"}
    found = (await keeper.get("/api/locations"))["locations"][0]
    kept = ("name", "code", "kind", "parent_id", "licence_plate", "note", "version")
    edit = {name: found[name] for name in kept}
    refused = await keeper.put(f"/api/locations/{van}", edit | {"allows_negative": False}, expect=422)
    assert set(refused["fields"]) == {"allows_negative"}
    assert (await keeper.put(f"/api/locations/{van}", edit))["allows_negative"] is True
    await book(keeper, counted(clamp, van, "0"))
    changed = await keeper.put(f"/api/locations/{van}", edit | {"version": 2, "allows_negative": False})
    assert changed["allows_negative"] is False
    assert (await book(keeper, outgoing(clamp, van, "1"), expect=422))["fields"] == {
        "lines.0.quantity": "In T1 (Lager T1) ist davon nichts."
    }


async def test_what_is_in_the_ledger_cannot_be_deleted_and_keeps_its_unit(keeper: Person) -> None:
    clamp, store = await article(keeper, number="RS-1"), await place(keeper)
    await book(keeper, incoming(clamp, store, "1200"))
    kept = await keeper.delete(f"/api/articles/{clamp}?version=1", expect=409)
    assert kept["error"] == (
        "Zu diesem Artikel gibt es Buchungen und noch 1.200 Stk Bestand. Er lässt sich deshalb nicht mehr löschen."
    )
    full = await keeper.delete(f"/api/locations/{store}?version=1", expect=409)
    assert full["error"].startswith("Hier liegt laut Bestand noch ein Artikel.")
    await book(keeper, outgoing(clamp, store, "1200"))
    assert "Buchungen. Er" in (await keeper.delete(f"/api/articles/{clamp}?version=1", expect=409))["error"]
    assert "Buchungen. Er" in (await keeper.delete(f"/api/locations/{store}?version=1", expect=409))["error"]
    edit = {"name": "Schelle", "number": "RS-1", "version": 1}
    unit = await keeper.put(f"/api/articles/{clamp}", edit | {"unit": "kg"}, expect=422)
    assert unit["fields"] == {"unit": "Es gibt schon Buchungen in „Stk“; die Einheit steht fest."}
    assert (await keeper.put(f"/api/articles/{clamp}", edit))["version"] == 2
    await keeper.delete(f"/api/articles/{clamp}?version=1", expect=409)
    old = (await keeper.get("/api/bookings"))["rows"][-1]
    assert old["lines"][0]["article"]["name"] == "Rohrschelle"


async def test_first_bookings_and_deletions_at_the_same_moment_leave_nothing_dangling(
    keeper: Person, services: Services
) -> None:
    store = await place(keeper)
    clamps = [await article(keeper, f"Schelle {turn}") for turn in range(8)]
    calls = [
        call
        for clamp in clamps
        for call in (
            keeper.client.post("/api/bookings", json=incoming(clamp, store, "1")),
            keeper.client.delete(f"/api/articles/{clamp}?version=1"),
        )
    ]
    replies = await asyncio.gather(*calls)
    for booked, deleted in zip(replies[::2], replies[1::2], strict=True):
        assert (booked.status_code, deleted.status_code) in ((201, 409), (422, 204))
    left = {one["_id"] async for one in services.database["articles"].find({}, ["_id"])}
    assert {one["_id"]["article"] async for one in services.database["stock"].find()} == left


async def test_history_is_newest_first_by_article_place_and_kind(keeper: Person) -> None:
    hall, van = await place(keeper, "HL"), await place(keeper, "T1")
    shelf = await place(keeper, "HL-R1", kind="regal", parent_id=hall)
    pipe, bend = await article(keeper, "Rohr"), await article(keeper, "Bogen")
    numbers = []
    for turn in range(5):
        numbers.append((await book(keeper, incoming(pipe, shelf, str(turn + 1))))["number"])
    bent = (await book(keeper, incoming(bend, van, "1")))["number"]
    moved = (await book(keeper, moving(pipe, shelf, van, "1")))["number"]
    newest = [moved, bent, *reversed(numbers)]

    async def listed(query: str) -> list[str]:
        return [row["number"] for row in (await keeper.get(f"/api/bookings?{query}"))["rows"]]

    assert await listed("") == newest
    assert await listed(f"article={pipe}") == [moved, *reversed(numbers)]
    assert await listed(f"location={hall}") == [moved, *reversed(numbers)]
    assert await listed(f"location={van}&kind=in") == [bent]
    assert (
        await listed(f"article={'0' * 24}") == await listed(f"location={'0' * 24}") == await listed("article=x") == []
    )
    seen: list[str] = []
    after: str | None = ""
    while after is not None:
        page = await keeper.get(f"/api/bookings?limit=3&after={after}" if after else "/api/bookings?limit=3")
        seen += [row["number"] for row in page["rows"]]
        after = page["after"]
    assert seen == newest


async def test_a_place_tells_what_lies_in_it_and_inside_it_page_by_page(keeper: Person) -> None:
    store = await place(keeper, "HL")
    shelf = await place(keeper, "HL-1", kind="regal", parent_id=store)
    for name, where, quantity in (
        ("Bogen", store, "1"),
        ("Bogen", shelf, "2"),
        ("Muffe", shelf, "3"),
        ("Rohr", store, "4"),
    ):
        found = await keeper.get(f"/api/articles?q={name}")
        one = found["articles"][0]["id"] if found["articles"] else await article(keeper, name)
        await book(keeper, incoming(one, where, quantity))
    await book(keeper, outgoing(one, store, "4"))

    async def lying(path: str) -> list[tuple[str, str]]:
        return [(row["article"]["name"], row["quantity"]) for row in (await keeper.get(path))["rows"]]

    assert await lying(f"/api/locations/{store}/stock") == [("Bogen", "3"), ("Muffe", "3")]
    assert await lying(f"/api/locations/{shelf}/stock") == [("Bogen", "2"), ("Muffe", "3")]
    first = await keeper.get(f"/api/locations/{store}/stock?limit=1")
    assert await lying(f"/api/locations/{store}/stock?limit=1&after={first['after']}") == [("Muffe", "3")]
    await keeper.get("/api/locations/0123456789abcdef01234567/stock", 404)


async def test_bookings_that_want_the_same_cells_in_opposite_order_all_get_through(keeper: Person) -> None:
    store = await place(keeper)
    first, second = await article(keeper, "A"), await article(keeper, "B")

    def pair(one: str, other: str) -> Json:
        body: dict[str, Any] = incoming(one, store, "1")
        return body | {"lines": body["lines"] + incoming(other, store, "1")["lines"]}

    wishes = [pair(first, second) if turn % 2 else pair(second, first) for turn in range(20)]
    replies = await asyncio.gather(*(keeper.client.post("/api/bookings", json=wish) for wish in wishes))
    assert [reply.status_code for reply in replies] == [201] * 20
    assert await stock(keeper, first) == await stock(keeper, second) == {"HL": "20"}

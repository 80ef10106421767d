"""What must not be booked: every refusal names its field in German, and nothing has changed afterwards."""

from __future__ import annotations

from typing import Any

import pytest
from lager.services import Services

from tests.integration.app.people import Json, Person
from tests.integration.app.shelf import article, counted, incoming, key, moving, outgoing, place, stock

pytestmark = pytest.mark.anyio

NOBODY = "0" * 24
LONG = "ß" * 500
SCRIPT = "<img src=x onerror=alert(1)>"
NO_NUMBER = "Bitte eine Zahl eingeben, zum Beispiel 12,50."
QUANTITIES = {
    "-1": "Die Zahl darf nicht negativ sein.",
    "0": "Bitte eine Menge größer als null eingeben.",
    "0.000": "Bitte eine Menge größer als null eingeben.",
    "1.5": "In „Stk“ wird nur in ganzen Zahlen gebucht.",
    "100001": "Das ist zu viel für eine Buchung; erlaubt sind höchstens 100.000 Stk.",
    "9" * 400: "Die Zahl ist zu groß; erlaubt sind höchstens 9.999.999.",
    "1e3": NO_NUMBER,
    "1,5": NO_NUMBER,
    "NaN": NO_NUMBER,
    "Infinity": NO_NUMBER,
    "٣": NO_NUMBER,
    SCRIPT: NO_NUMBER,
    LONG: NO_NUMBER,
    "": "Bitte ausfüllen.",
}
STRANGE: list[Any] = [{"$gt": ""}, {"$ne": None}, ["a"], 12.5, True, {"$numberDecimal": "1"}]


async def refused(person: Person, body: Json, expect: int = 422) -> dict[str, str]:
    fields: dict[str, str] = (await person.post("/api/bookings", body, expect))["fields"]
    return fields


async def test_amounts_that_make_no_sense_are_refused_at_their_line(keeper: Person) -> None:
    clamp, store = await article(keeper), await place(keeper)
    for quantity, message in QUANTITIES.items():
        assert await refused(keeper, incoming(clamp, store, quantity)) == {"lines.0.quantity": message}, quantity
    for value in STRANGE:
        assert set(await refused(keeper, incoming(clamp, store) | {"lines": [_line(clamp, store, value)]})) == {
            "lines.0.quantity"
        }
    negative = await refused(keeper, counted(clamp, store, "-1"))
    assert negative == {"lines.0.counted": "Die Zahl darf nicht negativ sein."}
    assert (await keeper.get("/api/bookings"))["rows"] == []


def _line(article_id: Any, location_id: Any, quantity: Any) -> Json:
    return {"article_id": article_id, "to_location_id": location_id, "quantity": quantity}


async def test_units_decide_how_fine_an_amount_may_be(keeper: Person) -> None:
    store = await place(keeper)
    decimals = (await keeper.get("/api/articles/options"))["decimals"]
    for unit, places in decimals.items():
        one = await article(keeper, f"In {unit}", unit=unit)
        assert (await keeper.get(f"/api/articles/{one}"))["decimals"] == places
        fine = "1." + "0" * places + "1"
        assert set(await refused(keeper, incoming(one, store, fine))) == {"lines.0.quantity"}
        await keeper.post("/api/bookings", incoming(one, store, fine[:-1].rstrip(".")))


async def test_more_than_a_place_can_hold_is_refused(keeper: Person, services: Services) -> None:
    clamp, store = await article(keeper), await place(keeper)
    full = incoming(clamp, store, "100000")
    full["lines"] *= 99
    await keeper.post("/api/bookings", full)
    assert await refused(keeper, incoming(clamp, store, "100000")) == {
        "lines.0.quantity": "Mehr als 9.999.999 Stk an einem Ort sind nicht möglich."
    }


async def test_lines_have_the_fields_of_their_kind(keeper: Person) -> None:
    clamp, store = await article(keeper), await place(keeper)
    misfit = "Diese Angabe passt nicht zu dieser Art von Buchung."
    wrong_way = await refused(keeper, incoming(clamp, store) | {"kind": "out"})
    assert wrong_way == {"lines.0.from_location_id": "Bitte ausfüllen.", "lines.0.to_location_id": misfit}
    circle = await refused(keeper, moving(clamp, store, store, "1"))
    assert circle == {"lines.0.to_location_id": "Von und nach sind derselbe Ort."}
    twice = counted(clamp, store, "1")
    twice["lines"] *= 2
    again = await refused(keeper, twice)
    assert again == {"lines.1.article_id": "Dieser Artikel ist an diesem Ort schon in Zeile 1 gezählt."}
    for lines in ([], None, {}, "x", [None], ["x"]):
        assert set(await refused(keeper, incoming(clamp, store) | {"lines": lines})) == {"lines"}
    assert set(await refused(keeper, incoming(clamp, store) | {"lines": [_line(clamp, store, "1")] * 101})) == {"lines"}
    for kind in ("undo", "", "IN", {"$ne": 1}, None):
        assert set(await refused(keeper, incoming(clamp, store) | {"kind": kind})) == {"kind"}
    for bad in ("", "1", LONG, {"$gt": ""}, None):
        assert set(await refused(keeper, incoming(clamp, store) | {"key": bad})) == {"key"}
    assert set(await refused(keeper, incoming(clamp, store) | {"number": "B-000001"})) == {"number"}
    assert await stock(keeper, clamp) == {}


async def test_things_that_do_not_exist_are_named_and_ids_of_others_are_not_accepted(
    keeper: Person, admin: Person
) -> None:
    clamp, store = await article(keeper), await place(keeper)
    user = (await admin.get("/api/users"))["users"][0]["id"]
    for wrong in (NOBODY, user, store, "x", LONG, '{"$gt": ""}'):
        fields = await refused(keeper, incoming(wrong, store))
        assert fields == {"lines.0.article_id": "Diesen Artikel gibt es nicht (mehr)."}
    for wrong in (NOBODY, user, clamp, "x", LONG):
        fields = await refused(keeper, moving(clamp, store, wrong, "1"))
        assert fields == {"lines.0.to_location_id": "Diesen Lagerort gibt es nicht (mehr)."}
    for value in STRANGE:
        assert set(await refused(keeper, incoming(value, store))) == {"lines.0.article_id"}
        assert set(await refused(keeper, outgoing(clamp, value))) == {"lines.0.from_location_id"}


async def test_a_deleted_article_is_refused_and_the_other_lines_are_not_booked(keeper: Person) -> None:
    clamp, gone, store = await article(keeper), await article(keeper, "Weg"), await place(keeper)
    await keeper.delete(f"/api/articles/{gone}?version=1")
    both = incoming(clamp, store)
    both["lines"] += incoming(gone, store)["lines"]
    assert await refused(keeper, both) == {"lines.1.article_id": "Diesen Artikel gibt es nicht (mehr)."}
    assert await stock(keeper, clamp) == {}


async def test_long_texts_are_refused_and_html_stays_text(keeper: Person) -> None:
    clamp, store = await article(keeper, SCRIPT), await place(keeper)
    assert await refused(keeper, incoming(clamp, store, reason=LONG)) == {"reason": "Höchstens 200 Zeichen."}
    assert set(await refused(keeper, incoming(clamp, store, note="x" * 1001))) == {"note"}
    booked = await keeper.post("/api/bookings", incoming(clamp, store, reason=SCRIPT, note=SCRIPT))
    assert (booked["reason"], booked["note"], booked["lines"][0]["article"]["name"]) == (SCRIPT, SCRIPT, SCRIPT)
    reply = await keeper.client.get(f"/api/bookings/{booked['id']}")
    assert reply.headers["content-type"] == "application/json"


async def test_queries_are_only_text_and_foreign_ids_find_nothing(keeper: Person) -> None:
    clamp, store = await article(keeper), await place(keeper)
    booked = await keeper.post("/api/bookings", incoming(clamp, store))
    for query in ("kind=undo%00", "kind[$ne]=in", "limit=0", "limit=x", "after=x", "after=eDp4", "after=MWU5OTk6eA=="):
        reply = await keeper.client.get(f"/api/bookings?{query}")
        assert reply.status_code == (200 if "[" in query else 400), query
    for query in ("article[$ne]=x", 'article={"$gt":""}', f"article={booked['id']}", f"location={clamp}"):
        found = (await keeper.get(f"/api/bookings?{query}"))["rows"]
        assert found == [] or "[" in query
    for wrong in (NOBODY, clamp, store, "x", '{"$gt":""}'):
        await keeper.get(f"/api/bookings/{wrong}", expect=404)
        await keeper.post(f"/api/bookings/{wrong}/undo", {"key": key()}, expect=404)
        await keeper.post(f"/api/bookings/{wrong}/undo", {"key": key(), "reason": "x" * 201}, expect=422)
    for wrong in (NOBODY, store, booked["id"], "x"):
        await keeper.get(f"/api/articles/{wrong}/stock", expect=404)


async def test_readers_look_but_do_not_book_and_strangers_do_neither(
    keeper: Person, reader: Person, visitor: Person
) -> None:
    clamp, store = await article(keeper), await place(keeper)
    booked = await keeper.post("/api/bookings", incoming(clamp, store))
    assert len((await reader.get("/api/bookings"))["rows"]) == 1
    await reader.post("/api/bookings", incoming(clamp, store), expect=403)
    await reader.post(f"/api/bookings/{booked['id']}/undo", {"key": key()}, expect=403)
    await visitor.get("/api/bookings", expect=401)
    await visitor.post("/api/bookings", incoming(clamp, store), expect=401)
    assert await stock(keeper, clamp) == {"HL": "10"}

"""The tree of storage locations."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.integration.app.people import Json, Person

pytestmark = pytest.mark.anyio


async def place(person: Person, code: str, kind: str, parent: Json | None = None, expect: int = 201) -> Json:
    body: dict[str, Any] = {"code": code, "name": f"Ort {code}", "kind": kind}
    return await person.post("/api/locations", body | {"parent_id": parent["id"] if parent else None}, expect)


def edited(location: Json, **changes: Any) -> Json:
    kept = ("name", "code", "kind", "parent_id", "licence_plate", "note", "version")
    return {key: location[key] for key in kept} | changes


async def test_a_store_with_shelves_and_a_vehicle(keeper: Person) -> None:
    store = await place(keeper, "HL", "lager")
    shelf = await place(keeper, "HL-R1", "regal", store)
    await place(keeper, "HL-R1-1", "fach", shelf)
    body = {"code": "T1", "name": "Transporter", "kind": "fahrzeug", "licence_plate": "HB-LG 1"}
    await keeper.post("/api/locations", body)
    found = {one["code"]: one for one in (await keeper.get("/api/locations"))["locations"]}
    assert found["HL-R1-1"]["parent_id"] == shelf["id"]
    assert found["T1"]["licence_plate"] == "HB-LG 1"


async def test_places_that_fit_nowhere_are_refused_with_a_reason(keeper: Person) -> None:
    homeless = await place(keeper, "R1", "regal", expect=422)
    assert homeless["fields"] == {"parent_id": "Wo ist dieses Regal? Bitte den übergeordneten Ort wählen."}
    store = await place(keeper, "HL", "lager")
    bin_ = await place(keeper, "F1", "fach", store)
    inside_bin = await place(keeper, "R2", "regal", bin_, expect=422)
    assert "kann nicht in einem „Fach“ sein" in inside_bin["fields"]["parent_id"]
    nested = await place(keeper, "AL", "lager", store, expect=422)
    assert set(nested["fields"]) == {"parent_id"}
    missing = await place(keeper, "F2", "fach", {"id": "0" * 24}, expect=422)
    assert missing["fields"] == {"parent_id": "Diesen übergeordneten Ort gibt es nicht mehr."}


async def test_taken_code_names_the_location_that_has_it(keeper: Person) -> None:
    await place(keeper, "HL", "lager")
    taken = await place(keeper, "h l", "lager", expect=422)
    assert taken["fields"] == {"code": "Dieses Kürzel hat schon „Ort HL“."}


async def test_stale_edit_is_refused_with_the_newer_values(admin: Person, keeper: Person) -> None:
    store = await place(keeper, "HL", "lager")
    await admin.put(f"/api/locations/{store['id']}", edited(store, name="Halle"))
    stale = await keeper.put(f"/api/locations/{store['id']}", edited(store, name="Werkstatt"), expect=409)
    assert (stale["current"]["name"], stale["current"]["version"]) == ("Halle", 2)


async def test_kind_cannot_change_when_its_contents_would_not_fit(keeper: Person) -> None:
    store = await place(keeper, "HL", "lager")
    await place(keeper, "HL-K", "raum", store)
    refused = await keeper.put(f"/api/locations/{store['id']}", edited(store, kind="fahrzeug"), expect=422)
    assert refused["fields"] == {"kind": "„Ort HL-K“ liegt darin; das geht nicht in einem Fahrzeug."}


async def test_concurrent_moves_never_make_a_cycle(keeper: Person) -> None:
    store = await place(keeper, "HL", "lager")
    shelves = [await place(keeper, f"R{n}", "regal", store) for n in range(2)]
    for shelf in shelves:
        await keeper.put(f"/api/locations/{shelf['id']}", edited(shelf, parent_id=shelf["id"]), expect=422)
    bins = [await place(keeper, f"F{n}", "fach", shelves[n]) for n in range(2)]
    moves = [edited(bins[n], parent_id=shelves[1 - n]["id"]) for n in range(2)]
    replies = await asyncio.gather(
        *(keeper.client.put(f"/api/locations/{one['id']}", json=m) for one, m in zip(bins, moves, strict=True))
    )
    assert [reply.status_code for reply in replies] == [200, 200]


async def test_only_empty_places_can_be_deleted(keeper: Person) -> None:
    store = await place(keeper, "HL", "lager")
    bin_ = await place(keeper, "F1", "fach", store)
    article = await keeper.post("/api/articles", {"name": "Rohr", "location_ids": [bin_["id"]]})
    full = await keeper.delete(f"/api/locations/{store['id']}?version=1", expect=409)
    assert full["error"].startswith("Dieser Lagerort enthält noch andere.")
    used = await keeper.delete(f"/api/locations/{bin_['id']}?version=1", expect=409)
    assert used["error"].startswith("Hierher gehört noch ein Artikel.")
    await keeper.delete(f"/api/articles/{article['id']}?version=1")
    await keeper.delete(f"/api/locations/{bin_['id']}?version=1")
    await keeper.delete(f"/api/locations/{store['id']}?version=1")


async def test_articles_of_a_place_include_those_of_the_places_inside(keeper: Person) -> None:
    store = await place(keeper, "HL", "lager")
    bin_ = await place(keeper, "F1", "fach", store)
    await keeper.post("/api/articles", {"name": "Rohr", "location_ids": [bin_["id"]]})
    await keeper.post("/api/articles", {"name": "Anderswo"})
    for one in (store, bin_):
        assert (await keeper.get(f"/api/articles?location={one['id']}"))["total"] == 1
    assert (await keeper.get(f"/api/articles?location={'0' * 24}"))["articles"] == []

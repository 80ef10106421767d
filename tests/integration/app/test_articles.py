"""Articles: create, edit with versions, list, search."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from lager.demo.load import load_demo
from lager.services import Services

from tests.integration.app.people import Json, Person

pytestmark = pytest.mark.anyio

PIPE: dict[str, Any] = {
    "number": "KR-15",
    "name": "Kupferrohr 15 × 1 mm",
    "unit": "Stange",
    "ean": "4006381333931",
    "category": "Rohre",
    "supplier": "Rheinhaus",
    "manufacturer_number": "RH 4711",
    "minimum_stock": "6",
    "purchase_price": "26.90",
}


async def names(person: Person, query: str) -> list[str]:
    return [row["name"] for row in (await person.get(f"/api/articles?{query}"))["articles"]]


async def test_created_article_comes_back_as_it_was_typed(keeper: Person) -> None:
    created = await keeper.post("/api/articles", PIPE)
    shown = await keeper.get(f"/api/articles/{created['id']}")
    assert {key: shown[key] for key in PIPE} == PIPE
    assert (shown["version"], shown["updated_by"]) == (1, "Klaus")


async def test_empty_number_gets_the_next_free_one(keeper: Person) -> None:
    await keeper.post("/api/articles", {"name": "Belegt", "number": "a-00002"})
    numbers = [(await keeper.post("/api/articles", {"name": f"Teil {n}"}))["number"] for n in range(3)]
    assert numbers == ["A-00001", "A-00003", "A-00004"]


async def test_taken_number_and_ean_name_the_article_that_has_them(keeper: Person) -> None:
    await keeper.post("/api/articles", PIPE)
    same_number = await keeper.post("/api/articles", {"name": "X", "number": "kr -15"}, expect=422)
    assert same_number["fields"] == {"number": "Diese Artikelnummer hat schon „Kupferrohr 15 × 1 mm“ (KR-15)."}
    same_ean = await keeper.post("/api/articles", {"name": "X", "number": "Y", "ean": PIPE["ean"]}, expect=422)
    assert same_ean["fields"] == {"ean": "Diese EAN hat schon „Kupferrohr 15 × 1 mm“ (KR-15)."}


async def test_stale_edit_is_refused_with_the_newer_values(admin: Person, keeper: Person) -> None:
    article = await keeper.post("/api/articles", PIPE)
    path = f"/api/articles/{article['id']}"
    await admin.put(path, {**PIPE, "purchase_price": "30", "version": 1})
    stale = await keeper.put(path, {**PIPE, "name": "Anders", "version": 1}, expect=409)
    assert stale["error"] == "Petra hat diesen Artikel inzwischen geändert. Ihre Eingaben sind noch da."
    assert (stale["current"]["purchase_price"], stale["current"]["version"]) == ("30", 2)
    saved = await keeper.put(path, {**PIPE, "name": "Anders", "version": 2})
    assert (saved["name"], saved["version"]) == ("Anders", 3)


async def test_of_concurrent_edits_exactly_one_wins(keeper: Person) -> None:
    article = await keeper.post("/api/articles", PIPE)
    edits = [{**PIPE, "name": f"Name {n}", "version": 1} for n in range(10)]
    replies = await asyncio.gather(*(keeper.client.put(f"/api/articles/{article['id']}", json=e) for e in edits))
    assert sorted(reply.status_code for reply in replies) == [200] + [409] * 9


async def test_edited_article_is_found_by_its_new_name_only(keeper: Person) -> None:
    article = await keeper.post("/api/articles", PIPE)
    await keeper.put(f"/api/articles/{article['id']}", {**PIPE, "name": "Messingbogen", "version": 1})
    assert await names(keeper, "q=messing") == ["Messingbogen"]
    assert await names(keeper, "q=kupfer") == []


async def test_deleting_asks_for_the_version_that_was_shown(keeper: Person) -> None:
    article = await keeper.post("/api/articles", PIPE)
    path = f"/api/articles/{article['id']}"
    await keeper.put(path, {**PIPE, "name": "Neu", "version": 1})
    await keeper.delete(f"{path}?version=1", expect=409)
    await keeper.delete(path, expect=400)
    await keeper.delete(f"{path}?version=2")
    gone = await keeper.get(path, expect=404)
    assert gone["error"] == "Diesen Artikel gibt es nicht (mehr)."


async def test_pages_show_every_article_once_in_order(keeper: Person, services: Services) -> None:
    await load_demo(services)
    seen: list[Json] = []
    query = "limit=50"
    first = await keeper.get(f"/api/articles?{query}")
    page = first
    while True:
        seen += page["articles"]
        if page["after"] is None:
            break
        page = await keeper.get(f"/api/articles?{query}&after={page['after']}")
    assert first["total"] == len(seen) == len({row["id"] for row in seen}) >= 300
    pipes = [row["name"] for row in seen if row["name"].startswith("Kupferrohr blank")]
    assert [name.split()[2] for name in pipes] == ["12", "15", "18", "22", "28", "35", "42"]


async def test_paging_goes_on_correctly_while_articles_are_added(keeper: Person) -> None:
    for letter in "BDFH":
        await keeper.post("/api/articles", {"name": f"{letter}-Teil"})
    page = await keeper.get("/api/articles?limit=2")
    await keeper.post("/api/articles", {"name": "A-Teil"})
    await keeper.post("/api/articles", {"name": "E-Teil"})
    rest = await keeper.get(f"/api/articles?limit=5&after={page['after']}")
    assert [row["name"] for row in rest["articles"]] == ["E-Teil", "F-Teil", "H-Teil"]


async def test_search_finds_parts_of_words_numbers_and_umlauts(keeper: Person, services: Services) -> None:
    await load_demo(services)
    assert len(await names(keeper, "q=d%C3%BCbel")) == len(await names(keeper, "q=DUEBEL")) == 4
    assert await names(keeper, "q=nym-j 5x2,5") == ["Mantelleitung NYM-J 5 × 2,5 mm², Ring 100 m"]
    assert all("bogen" in name.lower() for name in await names(keeper, "q=press bogen"))
    assert (await names(keeper, "q=2203.02"))[0] == "FI-Schutzschalter 40 A / 30 mA Typ A, 4-polig"
    assert await names(keeper, "q=gibtesnicht") == []


async def test_exact_number_comes_first_and_only_once(keeper: Person) -> None:
    for number, name in (("15", "Zange"), ("A1", "Rohr 15 mm"), ("A2", "Rohr 150 mm")):
        await keeper.post("/api/articles", {"name": name, "number": number})
    assert await names(keeper, "q=15") == ["Zange", "Rohr 15 mm", "Rohr 150 mm"]
    page = await keeper.get("/api/articles?q=15&limit=1")
    rest = await keeper.get(f"/api/articles?q=15&after={page['after']}")
    found = [row["name"] for row in page["articles"] + rest["articles"]]
    assert sorted(found) == ["Rohr 15 mm", "Rohr 150 mm", "Zange"]


async def test_scanned_ean_shows_exactly_its_article(keeper: Person) -> None:
    await keeper.post("/api/articles", PIPE)
    await keeper.post("/api/articles", {"name": "Hinweis auf 4006381333931"})
    assert await names(keeper, "q=4006381333931") == [PIPE["name"]]


async def test_filters_combine_with_search(keeper: Person, services: Services) -> None:
    await load_demo(services)
    found = await names(keeper, "q=15 mm&category=Fittings")
    assert found
    assert all(name.startswith(("Pressfitting", "Messing")) for name in found)
    vehicle = next(p for p in (await keeper.get("/api/locations"))["locations"] if p["code"] == "T2")
    inside = (await keeper.get(f"/api/articles?location={vehicle['id']}&q=wago"))["articles"]
    assert inside
    assert all("Wago" in row["name"] for row in inside)


async def test_options_list_what_is_in_use(keeper: Person) -> None:
    await keeper.post("/api/articles", PIPE)
    options = await keeper.get("/api/articles/options")
    assert options["categories"] == ["Rohre"]
    assert options["suppliers"] == ["Rheinhaus"]
    assert "Stk" in options["units"]


async def test_unknown_location_is_refused_at_its_field(keeper: Person) -> None:
    reply = await keeper.post("/api/articles", {**PIPE, "location_ids": ["0" * 24]}, expect=422)
    assert set(reply["fields"]) == {"location_ids"}

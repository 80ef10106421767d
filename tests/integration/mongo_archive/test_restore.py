"""Loading beside the live data, switching everything at once, and back; against a real mongod."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from typing import Any

import bson
import pytest
from pymongo import MongoClient
from pymongo.errors import OperationFailure

from tests.integration.app.mongod import Mongod
from tests.integration.mongo_archive import transfers
from tests.threads import Threads
from upkeep.errors import Refused
from upkeep.mongo_archive import (
    ArchiveDamaged,
    Move,
    StageFailed,
    StageRefused,
    SwitchFailed,
    drop,
    dump,
    exchange,
    is_done,
    layout,
    old,
    set_views,
    stage,
    staged,
    switch,
    undo,
)
from upkeep.mongo_archive.catalogue import Collection
from upkeep.mongo_archive.checksum import crc64

Client = MongoClient[dict[str, Any]]
NAMES = ("articles", "bookings", "stock")
QUERY_PLAN_KILLED = 175


def beside(namespace: str) -> str:
    return staged(namespace, "r1")


def aside(namespace: str) -> str:
    return old(namespace, "r1")


def archive(client: Client) -> bytes:
    sink = io.BytesIO()
    dump(client, sink)
    return sink.getvalue()


def fill(client: Client, generation: int, documents: int = 500) -> None:
    """The same collections with something else in them."""
    for name in NAMES:
        client["shop"][name].delete_many({})
        rows = ({"_id": number, "number": number, "generation": generation} for number in range(documents))
        client["shop"][name].insert_many(rows)


def generations(client: Client) -> set[int]:
    return {one["generation"] for name in NAMES for one in client["shop"][name].find({}, ["generation"]).limit(1)}


def load(client: Client, data: bytes) -> tuple[Move, ...]:
    """Staged, and the moves that put it in place."""
    report = stage(client, io.BytesIO(data), beside)
    pairs = [(one.target, one.source) for one in report.collections]
    return exchange(client, pairs, aside, ["shop"])


def test_everything_comes_back_with_options_and_indexes(client: Client) -> None:
    fill(client, 1)
    shop = client["shop"]
    shop["articles"].create_index([("number", 1), ("generation", -1)], unique=True, name="both")
    shop["articles"].create_index("text", partialFilterExpression={"generation": {"$gt": 0}})
    shop["articles"].create_index([("words", "text")], default_language="german")
    shop.create_collection("people", collation={"locale": "de"}, validator={"name": {"$type": "string"}})
    shop.create_collection("log", capped=True, size=50_000)
    shop["log"].insert_many({"number": number} for number in range(100))
    shop.create_collection("few", viewOn="articles", pipeline=[{"$limit": 3}])
    before = described(client, "shop", lambda name: name)
    report = stage(client, io.BytesIO(archive(client)), beside)
    assert described(client, "shop", lambda name: name.removeprefix("upkeep-staged.r1."), "upkeep-staged.") == before
    assert {one.source: one.documents for one in report.collections}["shop.log"] == 100
    assert [one["number"] for one in shop["upkeep-staged.r1.log"].find()] == list(range(100))
    assert [(view.name, view.options["viewOn"]) for view in report.views] == [("few", "articles")]


def described(client: Client, database: str, renamed: Callable[[str], str], prefix: str = "") -> dict[str, Any]:
    """Options and indexes of the collections by name, and all their documents' sum."""
    found = {}
    for entry in client[database].list_collections(filter={"type": "collection"}):
        name = entry["name"]
        if name.startswith(prefix) and not name.startswith("system."):
            indexes = sorted(client[database][name].list_indexes(), key=lambda one: str(one["name"]))
            count = client[database][name].count_documents({})
            found[renamed(name)] = (entry["options"], [dict(index) for index in indexes], count)
    return found


def test_expired_documents_are_loaded_before_the_server_may_delete_them(client: Client) -> None:
    client["shop"]["sessions"].insert_many({"number": number} for number in range(100))
    client["shop"]["sessions"].create_index("until", expireAfterSeconds=0)
    data = archive(client)
    report = stage(client, io.BytesIO(data), beside)
    assert [one.documents for one in report.collections] == [100]


def test_documents_that_the_validator_would_refuse_today_come_back(client: Client) -> None:
    client["shop"]["people"].insert_one({"name": 1})
    client["shop"].command({"collMod": "people", "validator": {"name": {"$type": "string"}}})
    stage(client, io.BytesIO(archive(client)), beside)
    assert client["shop"]["upkeep-staged.r1.people"].count_documents({}) == 1


def test_only_what_is_wanted_is_loaded(client: Client) -> None:
    fill(client, 1)
    data = archive(client)
    report = stage(client, io.BytesIO(data), lambda name: beside(name) if name == "shop.stock" else None)
    assert [one.source for one in report.collections] == ["shop.stock"]
    assert {one.name for one in report.left_out if one.database == "shop"} == {"articles", "bookings"}


@pytest.mark.parametrize("damage", ["cut", "flipped"])
def test_a_damaged_archive_leaves_nothing_behind(client: Client, damage: str) -> None:
    fill(client, 1, 5_000)
    data = archive(client)
    middle = len(data) // 2
    bad = data[:middle] if damage == "cut" else data[:middle] + bytes([data[middle] ^ 4]) + data[middle + 1 :]
    with pytest.raises((ArchiveDamaged, StageFailed)):
        stage(client, io.BytesIO(bad), beside)
    assert sorted(client["shop"].list_collection_names()) == sorted(NAMES)


def test_duplicate_values_under_a_unique_index_are_named_and_nothing_stays(client: Client) -> None:
    """As an archive from elsewhere may hold them."""
    fill(client, 1)
    index = {"v": 2, "key": {"number": 1}, "name": "number_1", "unique": True}
    one = Collection("elsewhere", "articles", "collection", "", {}, (index,))
    rows = b"".join(bson.encode({"_id": number, "number": 7}) for number in range(2))
    parts = [layout.prelude("6.0.5", "test", (one,)), *layout.block(one, rows), layout.closing(one, crc64(rows))]
    with pytest.raises(StageFailed, match="E11000 duplicate key"):
        stage(client, io.BytesIO(b"".join(parts)), lambda _: "shop.upkeep-staged.r1.articles")
    assert sorted(client["shop"].list_collection_names()) == sorted(NAMES)


def test_leftovers_of_an_earlier_restore_are_told_and_kept(client: Client) -> None:
    fill(client, 1)
    data = archive(client)
    client["shop"]["upkeep-staged.r1.stock"].insert_one({})
    with pytest.raises(StageRefused, match="Rest eines früheren Zurückspielens"):
        stage(client, io.BytesIO(data), beside)
    assert client["shop"]["upkeep-staged.r1.stock"].count_documents({}) == 1


def test_an_archive_of_a_newer_server_is_refused(client: Client) -> None:
    fill(client, 1)
    data = archive(client).replace(b"6.0.5\x00", b"9.0.5\x00", 1)
    with pytest.raises(StageRefused, match="neueren MongoDB"):
        stage(client, io.BytesIO(data), beside)


def test_what_lies_aside_is_not_in_the_next_dump(client: Client) -> None:
    fill(client, 1)
    data = archive(client)
    stage(client, io.BytesIO(data), beside)
    sink = io.BytesIO()
    report = dump(client, sink)
    assert {one.name for one in report.collections if one.database == "shop"} == set(NAMES)
    assert "beim Zurückspielen beiseitegelegt" in {one.why for one in report.left_out}


def test_switch_and_undo_move_everything_and_may_be_repeated(client: Client) -> None:
    fill(client, 1)
    data = archive(client)
    fill(client, 2)
    client["shop"]["newer"].insert_one({})
    moves = load(client, data)
    assert (generations(client), is_done(client, moves)) == ({2}, False)
    for _ in range(2):
        switch(client, moves)
        assert (generations(client), is_done(client, moves)) == ({1}, True)
        assert "newer" not in client["shop"].list_collection_names()
    for _ in range(2):
        undo(client, moves)
        assert (generations(client), is_done(client, moves)) == ({2}, False)
        assert "newer" in client["shop"].list_collection_names()
    switch(client, moves)
    drop(client, [move.target for move in moves if ".upkeep-old." in move.target])
    assert sorted(client["shop"].list_collection_names()) == sorted(NAMES)


def test_a_switch_that_was_cut_in_the_middle_is_finished_or_taken_back(client: Client) -> None:
    fill(client, 1)
    data = archive(client)
    fill(client, 2)
    moves = load(client, data)
    switch(client, moves[:2])
    switch(client, moves)
    assert generations(client) == {1}
    undo(client, moves[3:])
    undo(client, moves)
    assert generations(client) == {2}


def test_a_switch_without_its_data_touches_nothing(client: Client) -> None:
    fill(client, 1)
    data = archive(client)
    fill(client, 2)
    moves = load(client, data)
    drop(client, ["shop.upkeep-staged.r1.stock"])
    with pytest.raises(SwitchFailed, match=r"upkeep-staged\.r1\.stock liegt bei niemandem"):
        switch(client, moves)
    assert generations(client) == {2}


def test_a_place_that_is_taken_stops_the_switch_before_anything_moves(client: Client) -> None:
    fill(client, 1)
    data = archive(client)
    fill(client, 2)
    moves = load(client, data)
    client["shop"]["upkeep-old.r1.stock"].insert_one({})
    with pytest.raises(SwitchFailed, match=r"upkeep-old\.r1\.stock ist besetzt"):
        switch(client, moves)
    assert (generations(client), is_done(client, moves[:1])) == ({2}, False)


def test_live_data_are_never_dropped(client: Client) -> None:
    fill(client, 1)
    with pytest.raises(Refused, match="lebende Daten"):
        drop(client, ["shop.stock"])


def test_views_are_set_and_given_back(client: Client) -> None:
    fill(client, 1)
    client["shop"].create_collection("few", viewOn="articles", pipeline=[{"$limit": 3}])
    report = stage(client, io.BytesIO(archive(client)), beside)
    client["shop"].drop_collection("few")
    client["shop"].create_collection("few", viewOn="stock", pipeline=[])
    client["shop"].create_collection("many", viewOn="stock", pipeline=[])
    before = set_views(client, "shop", report.views)
    assert client["shop"]["few"].count_documents({}) == 3
    set_views(client, "shop", before)
    assert (client["shop"]["few"].count_documents({}), client["shop"]["many"].count_documents({})) == (500, 500)


def test_readers_see_the_old_or_the_new_and_never_a_half(mongod: Mongod, client: Client) -> None:
    fill(client, 1)
    data = archive(client)
    fill(client, 2)
    moves = load(client, data)
    seen: list[set[int]] = []
    threads = Threads([lambda: reading(mongod, threads, seen)] * 2)
    with threads:
        for _ in range(5):
            switch(client, moves)
            time.sleep(0.05)
            undo(client, moves)
            time.sleep(0.05)
    assert [one for one in seen if len(one) != 1] == []
    assert {1, 2} == set.union(*seen)


def reading(mongod: Mongod, threads: Threads, seen: list[set[int]]) -> None:
    """All collections in one question each time, as one aggregation sees them. One that a switch interrupts is asked
    again, as drivers do."""
    unions = [{"$unionWith": {"coll": name, "pipeline": [{"$limit": 1}]}} for name in NAMES[1:]]
    with mongod.client() as client:
        while not threads.over:
            try:
                rows = list(client["shop"][NAMES[0]].aggregate([{"$limit": 1}, *unions]))
            except OperationFailure as error:
                if error.code != QUERY_PLAN_KILLED:
                    raise
                continue
            seen.append({row["generation"] for row in rows} if len(rows) == len(NAMES) else set())


def test_a_restored_dump_under_writers_is_consistent(mongod: Mongod, client: Client) -> None:
    wrong = restored_wrong(mongod, client, 2)
    assert wrong == 0


@pytest.mark.faults
@pytest.mark.timeout(1500)
def test_none_of_a_hundred_restored_dumps_is_inconsistent(mongod: Mongod, client: Client) -> None:
    assert restored_wrong(mongod, client, 100) == 0


def restored_wrong(mongod: Mongod, client: Client, times: int) -> int:
    transfers.prepare(client)
    wrong = 0
    with transfers.writing(mongod) as done:
        for _ in range(times):
            before = done()
            report = stage(client, io.BytesIO(archive(client)), beside)
            sums = {
                one.source.partition(".")[2]: total(client, one.target)
                for one in report.collections
                if one.source.startswith(f"{transfers.DATABASE}.")
            }
            wrong += not transfers.is_consistent(sums["left"], sums["right"], sums["moves"])
            drop(client, [one.target for one in report.collections])
            transfers.until(lambda before=before: done() > before)  # type: ignore[misc]
    return wrong


def total(client: Client, namespace: str) -> int:
    database, _, name = namespace.partition(".")
    group = {"$group": {"_id": None, "amount": {"$sum": "$amount"}}}
    return int(next(iter(client[database][name].aggregate([group])))["amount"])

"""What a dump holds and when it refuses, against a real mongod; the archive is judged by a reader of its own."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from json import dumps, loads
from typing import Any

import bson
import pytest
from pymongo import MongoClient

from tests.integration.app.mongod import Mongod
from tests.integration.mongo_archive.description import understand
from tests.integration.mongo_archive.sinks import At, Full, Hanging
from upkeep.mongo_archive import DumpRefused, DumpReport, DumpSpoiled, LeftOut, SinkFailed, check, dump, dump_report

Client = MongoClient[dict[str, Any]]
MANY = 20_000  # documents of 1 KB: several answers of the server, the last after a sink's first block


def dumped(client: Client, sink: io.BytesIO | None = None, **options: Any) -> tuple[bytes, DumpReport]:
    sink = sink or io.BytesIO()
    report = dump(client, sink, **options)
    return sink.getvalue(), report


def fill(client: Client, name: str, documents: int = 10) -> None:
    client["shop"][name].insert_many({"number": number, "text": "x" * 1000} for number in range(documents))


def test_archive_follows_the_description(client: Client) -> None:
    fill(client, "articles", 300)
    client["shop"]["articles"].create_index([("number", -1)], unique=True)
    client["other"].create_collection("names", collation={"locale": "de"}, validator={"text": {"$type": "string"}})
    client["shop"].create_collection("few", viewOn="articles", pipeline=[{"$limit": 3}])
    data, report = dumped(client)
    archive = understand(data)
    assert archive.header["server_version"] == "6.0.5"
    assert list(archive.collections) == ["other.names", "shop.articles", "shop.few"]
    articles = archive.collections["shop.articles"]
    assert {bson.decode(one)["number"] for one in articles.documents} == set(range(300))
    key = {"number": {"$numberInt": "-1"}}
    assert articles.metadata["indexes"][1] == {
        "v": {"$numberInt": "2"}, "key": key, "name": "number_-1", "unique": True,
    }  # fmt: skip
    assert archive.collections["other.names"].metadata["options"]["collation"]["locale"] == "de"
    assert archive.collections["shop.few"].type == "view"
    assert [(one.namespace, one.documents) for one in report.collections] == [
        ("other.names", 0), ("shop.articles", 300), ("shop.few", 0),
    ]  # fmt: skip
    assert (report.server, report.feature) == ("6.0.5", "6.0")
    check(io.BytesIO(data), report)


def test_accounts_of_all_databases_are_in_it(client: Client) -> None:
    client["shop"].command("createUser", "clerk", pwd="secret", roles=[])
    try:
        data, _ = dumped(client)
    finally:
        client["shop"].command("dropUser", "clerk")
    users = understand(data).collections["admin.system.users"].documents
    assert [bson.decode(one)["user"] for one in users] == ["clerk"]


def test_report_survives_json(client: Client) -> None:
    fill(client, "articles")
    _, report = dumped(client)
    assert dump_report(loads(dumps(asdict(report)))) == report


def test_empty_server_gives_an_archive_too(client: Client) -> None:
    data, report = dumped(client)
    assert {name for name in understand(data).collections if not name.startswith("admin.")} == set()
    check(io.BytesIO(data), report)


def test_what_is_left_out_is_told_with_its_reason(client: Client) -> None:
    fill(client, "articles")
    fill(client, "sessions")
    data, report = dumped(client, leave_out=lambda _, name: "laut Policy" if name == "sessions" else None)
    assert "shop.sessions" not in understand(data).collections
    assert LeftOut("shop", "sessions", "laut Policy") in report.left_out
    assert LeftOut("local", "", "Verwaltungsdaten des Servers") in report.left_out


def test_capped_collection_is_read_beside_the_snapshot_and_told_so(client: Client) -> None:
    client["shop"].create_collection("log", capped=True, size=100_000)
    fill(client, "log", 5)
    fill(client, "articles", 5)
    data, report = dumped(client)
    assert len(understand(data).collections["shop.log"].documents) == 5
    assert {one.name: one.in_snapshot for one in report.collections if one.database == "shop"} == {
        "articles": True, "log": False,
    }  # fmt: skip


def test_time_series_is_refused_unless_it_is_left_out(client: Client) -> None:
    client["shop"].create_collection("heat", timeseries={"timeField": "at"})
    with pytest.raises(DumpRefused, match=r"shop\.heat ist eine Zeitreihe"):
        dumped(client)
    _, report = dumped(client, leave_out=lambda _, name: "Messwerte" if name == "heat" else None)
    assert LeftOut("shop", "heat", "Messwerte") in report.left_out


def test_many_collections(client: Client) -> None:
    for number in range(40):
        client["shop"][f"c{number:03}"].insert_one({"number": number})
    data, _ = dumped(client)
    assert len([name for name in understand(data).collections if name.startswith("shop.")]) == 40


@pytest.mark.parametrize("when_read", ["before", "after"])
def test_collection_dropped_meanwhile_spoils_the_dump(client: Client, when_read: str) -> None:
    fill(client, "big", MANY)
    name = "aaa" if when_read == "before" else "zzz"
    fill(client, name)
    with pytest.raises(DumpSpoiled, match=rf"verschwanden während der Sicherung \(gefunden: shop\.{name}\)"):
        dumped(client, At(lambda: client["shop"].drop_collection(name)))


def test_collection_renamed_meanwhile_spoils_the_dump(client: Client) -> None:
    fill(client, "big", MANY)
    fill(client, "zzz")
    with pytest.raises(DumpSpoiled, match=r"shop\.zzz"):
        dumped(client, At(lambda: client["shop"]["zzz"].rename("yyy")))


def test_collection_dropped_and_made_again_spoils_the_dump(client: Client) -> None:
    fill(client, "big", MANY)
    fill(client, "zzz")

    def replace_it() -> None:
        client["shop"].drop_collection("zzz")
        fill(client, "zzz")

    with pytest.raises(DumpSpoiled, match="Es wird neu begonnen"):
        dumped(client, At(replace_it))


def test_collection_dropped_while_it_is_read_spoils_the_dump(client: Client) -> None:
    fill(client, "big", MANY)
    with pytest.raises(DumpSpoiled):
        dumped(client, At(lambda: client["shop"].drop_collection("big")))


def test_collection_made_after_the_moment_is_not_in_it_and_told_so(client: Client) -> None:
    fill(client, "big", MANY)
    data, report = dumped(client, At(lambda: fill(client, "new")))
    assert "shop.new" not in understand_names(data)
    assert LeftOut("shop", "new", "nach dem Zeitpunkt der Sicherung angelegt") in report.left_out


def understand_names(data: bytes) -> set[str]:
    return set(check(io.BytesIO(data)).collections)


def test_what_is_written_meanwhile_is_not_in_it(client: Client) -> None:
    fill(client, "big", MANY)
    fill(client, "zzz", 10)
    data, report = dumped(client, At(lambda: fill(client, "zzz", 10)))
    assert check(io.BytesIO(data), report).collections["shop.zzz"] == 10


@pytest.fixture
def window(client: Client) -> Iterator[Callable[[int], None]]:
    """How many seconds back the server can read, to be set."""

    def set_to(seconds: int) -> None:
        client.admin.command({"setParameter": 1, "minSnapshotHistoryWindowInSeconds": seconds})

    yield set_to
    set_to(300)


def test_a_snapshot_that_grew_too_old_spoils_the_dump(client: Client, window: Callable[[int], None]) -> None:
    fill(client, "big", MANY)

    def narrow() -> None:
        window(1)
        write_for(client, 4)

    with pytest.raises(DumpSpoiled):
        dumped(client, At(narrow))


def test_a_dump_may_take_longer_than_the_servers_own_window(client: Client, window: Callable[[int], None]) -> None:
    fill(client, "big", MANY)
    window(2)
    data, report = dumped(client, At(lambda: write_for(client, 4)))
    assert check(io.BytesIO(data), report).collections["shop.big"] == MANY
    asked = client.admin.command({"getParameter": 1, "minSnapshotHistoryWindowInSeconds": 1})
    assert asked["minSnapshotHistoryWindowInSeconds"] == 2


def write_for(client: Client, seconds: float) -> None:
    """Writes move the oldest moment that the server keeps."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        client["shop"]["ticks"].update_one({"_id": 1}, {"$inc": {"count": 1}}, upsert=True)
        time.sleep(0.1)


def test_full_sink_says_so(client: Client) -> None:
    fill(client, "big", MANY)
    with pytest.raises(SinkFailed, match="No space left on device"):
        dumped(client, Full(1_000_000))


def test_a_sink_that_hangs_does_not_hold_up_the_deadline(client: Client) -> None:
    fill(client, "big", MANY)
    sink = Hanging()
    with pytest.raises(SinkFailed, match="nicht rechtzeitig"):
        dumped(client, sink, seconds=2)
    sink.released.set()


def test_a_mongod_that_is_no_replica_set_is_refused_before_anything_is_written(client: Client) -> None:
    sink = io.BytesIO()
    with pytest.raises(DumpRefused, match="Replica Set"):
        dump(_Standalone(client), sink)  # type: ignore[arg-type]
    assert sink.getvalue() == b""


class _Standalone:
    """Answers `hello` as a server without a replica set does."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.admin = self

    def command(self, question: Any) -> dict[str, Any]:
        hello = self._client.admin.command(question)
        return {key: value for key, value in hello.items() if key != "setName"}


def test_damaged_report_does_not_fit(client: Client) -> None:
    fill(client, "articles")
    data, report = dumped(client)
    with pytest.raises(Exception, match="nicht das, das sein Bericht beschreibt"):
        check(io.BytesIO(data), replace(report, sha256="0" * 64))


def test_killed_mongod_ends_the_dump_with_an_error(tmp_path: Any) -> None:
    server = Mongod(tmp_path)
    server.start()
    try:
        with server.client() as client:
            fill(client, "big", MANY)
            process = server.process
            assert process is not None
            with pytest.raises(Exception, match="Die MongoDB lässt sich nicht sichern"):
                dumped(client, At(process.kill))
    finally:
        server.stop()

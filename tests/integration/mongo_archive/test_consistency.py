"""Dumps under transactional writers over several collections: one snapshot is right, reading one by one is not."""

from __future__ import annotations

import io
from typing import Any

import bson
import pytest
from pymongo import MongoClient

from tests.integration.app.mongod import Mongod
from tests.integration.mongo_archive import transfers
from upkeep.mongo_archive import Documents, dump, read

Client = MongoClient[dict[str, Any]]
NAMES = ("left", "right", "moves")


def naive(client: Client) -> tuple[int, ...]:
    """Sums of the collections, as a dump without a snapshot reads them: one after the other."""
    return tuple(sum(one["amount"] for one in client[transfers.DATABASE][name].find({})) for name in NAMES)


def in_snapshot(client: Client) -> tuple[int, ...]:
    archive, sums = io.BytesIO(), dict.fromkeys(NAMES, 0)
    dump(client, archive)
    archive.seek(0)
    for part in read(archive):
        database, _, name = part.namespace.partition(".") if isinstance(part, Documents) else ("", "", "")
        if isinstance(part, Documents) and database == transfers.DATABASE:
            sums[name] += sum(one["amount"] for one in bson.decode_all(part.data))
    return tuple(sums[name] for name in NAMES)


def compare(mongod: Mongod, client: Client, times: int) -> tuple[int, int]:
    """How many of as many naive reads and dumps were wrong."""
    transfers.prepare(client)
    wrong = [0, 0]
    with transfers.writing(mongod) as done:
        for _ in range(times):
            for number, way in enumerate((naive, in_snapshot)):
                before = done()
                wrong[number] += not transfers.is_consistent(*way(client))
                transfers.until(lambda before=before: done() > before)  # type: ignore[misc]
    return wrong[0], wrong[1]


def test_a_dump_under_writers_is_one_moment_and_a_naive_one_is_not(mongod: Mongod, client: Client) -> None:
    naive_wrong, snapshot_wrong = compare(mongod, client, 5)
    assert snapshot_wrong == 0
    assert naive_wrong > 0


@pytest.mark.faults
@pytest.mark.timeout(1500)
def test_none_of_a_hundred_dumps_under_writers_is_wrong(mongod: Mongod, client: Client) -> None:
    naive_wrong, snapshot_wrong = compare(mongod, client, 100)
    print(f"wrong of 100: {naive_wrong} naive, {snapshot_wrong} in a snapshot")
    assert (naive_wrong > 50, snapshot_wrong) == (True, 0)

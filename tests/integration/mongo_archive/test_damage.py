"""Changed and missing bytes of an archive: all are found."""

from __future__ import annotations

import io
import random
from typing import Any

import pytest
from pymongo import MongoClient

from upkeep.mongo_archive import ArchiveDamaged, DumpReport, check, dump, read

Client = MongoClient[dict[str, Any]]
TIMES = 200


@pytest.fixture
def archive(client: Client) -> tuple[bytes, DumpReport]:
    for name in ("articles", "bookings", "empty"):
        client["shop"].create_collection(name)
    client["shop"]["articles"].insert_many({"number": number, "text": "x" * 50} for number in range(400))
    client["shop"]["bookings"].insert_many({"number": number} for number in range(400))
    client["shop"].create_collection("few", viewOn="articles", pipeline=[])
    sink = io.BytesIO()
    report = dump(client, sink)
    return sink.getvalue(), report


def is_found(data: bytes, report: DumpReport | None) -> bool:
    try:
        check(io.BytesIO(data), report)
    except ArchiveDamaged:
        return True
    return False


def flipped(data: bytes, at: int, bit: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :]


def boundaries(data: bytes) -> list[int]:
    """Behind each FFFFFFFF: where blocks begin and end."""
    found, at = [], data.find(b"\xff\xff\xff\xff")
    while at >= 0:
        found.append(at + 4)
        at = data.find(b"\xff\xff\xff\xff", at + 4)
    return found


def test_every_flipped_bit_is_found_by_the_report(archive: tuple[bytes, DumpReport]) -> None:
    data, report = archive
    chance = random.Random(1)
    places = [(chance.randrange(len(data)), chance.randrange(8)) for _ in range(TIMES)]
    assert [place for place in places if not is_found(flipped(data, *place), report)] == []


def test_every_flipped_bit_behind_the_prelude_is_found_without_a_report(archive: tuple[bytes, DumpReport]) -> None:
    data, _ = archive
    chance, prelude = random.Random(2), boundaries(data)[0]
    places = [(chance.randrange(prelude, len(data)), chance.randrange(8)) for _ in range(TIMES)]
    assert [place for place in places if not is_found(flipped(data, *place), None)] == []


def test_every_truncation_is_found_without_a_report(archive: tuple[bytes, DumpReport]) -> None:
    data, _ = archive
    chance = random.Random(3)
    ends = [chance.randrange(len(data)) for _ in range(TIMES)] + [end for end in boundaries(data) if end < len(data)]
    assert [end for end in ends if not is_found(data[:end], None)] == []


def test_flips_in_the_prelude_end_in_a_clear_message_or_another_archive(archive: tuple[bytes, DumpReport]) -> None:
    data, _ = archive
    chance = random.Random(4)
    for _ in range(TIMES):
        is_found(flipped(data, chance.randrange(boundaries(data)[0]), chance.randrange(8)), None)


def test_a_missing_collection_is_named(archive: tuple[bytes, DumpReport]) -> None:
    data, _ = archive
    with pytest.raises(ArchiveDamaged, match=r"Sammlungen fehlen oder sind unvollständig: .*shop\.few"):
        check(io.BytesIO(data[: boundaries(data)[-2]]))


def test_something_behind_the_end_is_found(archive: tuple[bytes, DumpReport]) -> None:
    assert is_found(archive[0] + b"\x00", None)
    assert is_found(archive[0] + archive[0], None)


@pytest.mark.parametrize("other", [b"", b"\x28\xb5\x2f\xfd", b"PGDMP", b"x" * 100])
def test_another_file_is_no_archive(other: bytes) -> None:
    with pytest.raises(ArchiveDamaged):
        list(read(io.BytesIO(other)))


def test_pieces_of_any_size_read_the_same(archive: tuple[bytes, DumpReport]) -> None:
    data, report = archive

    class Dripping(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            return super().read(min(size or 0, 7))

    assert check(Dripping(data), report).documents == sum(one.documents for one in report.collections)

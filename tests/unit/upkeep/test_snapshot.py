"""Taking documents out of a server's answer: all of them, in their order, and counted; nothing of what is not one."""

from __future__ import annotations

import struct

import bson
import pytest

from upkeep.errors import DatabaseFailed
from upkeep.mongo_archive.snapshot import _documents


def array(documents: list[bytes]) -> bytes:
    """As BSON's specification has it: like a document whose keys are "0", "1", …"""
    body = b"".join(b"\x03%d\x00%b" % (index, document) for index, document in enumerate(documents))
    return struct.pack("<i", len(body) + 5) + body + b"\x00"


@pytest.mark.parametrize("number", [0, 1, 2, 9, 10, 11, 99, 100, 101, 999, 1_000, 10_001, 100_000])
def test_documents_come_out_whole_and_counted(number: int) -> None:
    documents = [bson.encode({"_id": index, "text": "x" * (index % 7)}) for index in range(number)]
    assert _documents(memoryview(array(documents))) == (b"".join(documents), number)


def test_documents_with_arrays_in_them_are_counted_once() -> None:
    document = bson.encode({"_id": 1, "list": [{"0": 1}, {"1": 2}]})
    assert _documents(memoryview(array([document] * 12))) == (document * 12, 12)


@pytest.mark.parametrize("spoilt", [b"", b"\x05\x00", array([bson.encode({"a": 1})] * 3)[:-4]])
def test_what_is_no_array_of_documents_is_told(spoilt: bytes) -> None:
    with pytest.raises(DatabaseFailed, match="nicht zu verstehen"):
        _documents(memoryview(spoilt))


def test_a_document_that_claims_to_be_longer_than_the_answer_is_told() -> None:
    whole = bytearray(array([bson.encode({"a": 1})] * 3))
    whole[7:11] = struct.pack("<i", 1_000_000)
    with pytest.raises(DatabaseFailed, match="nicht zu verstehen"):
        _documents(memoryview(bytes(whole)))


def test_keys_that_are_not_their_index_are_told() -> None:
    """Their number is told by the room the keys take."""
    document = bson.encode({"a": 1})
    body = b"\x03Index\x00" + document
    with pytest.raises(DatabaseFailed, match="nicht zu verstehen"):
        _documents(memoryview(struct.pack("<i", len(body) + 5) + body + b"\x00"))

"""A second reader of mongodump's archives, written from the format's description and sharing nothing with Upkeep: its
own BSON, its own CRC-64/XZ. Slow and strict; it holds everything in memory.

Documents come out as dicts of the few BSON types that archives' heads and the tests' documents use.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass, field
from typing import Any

POLYNOMIAL = 0xC96C5795D7870F42  # ECMA-182, reflected


def _table() -> list[int]:
    table = []
    for number in range(256):
        for _ in range(8):
            number = number >> 1 ^ (POLYNOMIAL if number & 1 else 0)
        table.append(number)
    return table


TABLE = _table()


def crc64_xz(data: bytes) -> int:
    value = 0xFFFFFFFFFFFFFFFF
    for byte in data:
        value = TABLE[(value ^ byte) & 0xFF] ^ value >> 8
    return value ^ 0xFFFFFFFFFFFFFFFF


def _text(data: bytes, at: int) -> tuple[str, int]:
    end = data.index(0, at)
    return data[at:end].decode(), end + 1


def parse(data: bytes) -> dict[str, Any]:
    """One whole BSON document."""
    (size,) = struct.unpack_from("<i", data)
    assert size == len(data)
    assert data[-1] == 0
    found: dict[str, Any] = {}
    at = 4
    while at < size - 1:
        kind = data[at]
        name, at = _text(data, at + 1)
        found[name], at = _value(kind, data, at)
    assert at == size - 1
    return found


def _value(kind: int, data: bytes, at: int) -> tuple[Any, int]:
    if kind in (0x03, 0x04):
        (size,) = struct.unpack_from("<i", data, at)
        inner = parse(data[at : at + size])
        return (list(inner.values()) if kind == 0x04 else inner), at + size
    if kind == 0x02:
        (size,) = struct.unpack_from("<i", data, at)
        assert data[at + 3 + size] == 0
        return data[at + 4 : at + 3 + size].decode(), at + 4 + size
    if kind == 0x07:
        return data[at : at + 12].hex(), at + 12
    if kind == 0x08:
        assert data[at] in (0, 1)
        return bool(data[at]), at + 1
    form = {0x01: "<d", 0x09: "<q", 0x10: "<i", 0x12: "<q"}[kind]
    (number,) = struct.unpack_from(form, data, at)
    return number, at + struct.calcsize(form)


@dataclass
class Listed:
    """A collection in an archive; `metadata` is the JSON text's content."""

    type: str
    metadata: dict[str, Any]
    documents: list[bytes] = field(default_factory=list)
    closed: bool = False


@dataclass
class Archive:
    header: dict[str, Any]
    collections: dict[str, Listed]


def understand(data: bytes) -> Archive:
    """The whole archive. AssertionError, struct.error or KeyError where it does not follow the description."""
    assert data[:4] == bytes.fromhex("6de29981")
    head, rest, at = _section(data, 4)
    header = parse(head)
    assert header["version"] == "0.1"
    archive = Archive(header, {})
    for entry in map(parse, rest):
        assert list(entry) == ["db", "collection", "metadata", "size", "type"]
        name = f"{entry['db']}.{entry['collection']}"
        assert name not in archive.collections
        archive.collections[name] = Listed(entry["type"], json.loads(entry["metadata"]))
    while at < len(data):
        head, documents, at = _section(data, at)
        _block(archive, parse(head), documents)
    assert all(listed.closed for listed in archive.collections.values())
    return archive


def _block(archive: Archive, head: dict[str, Any], documents: list[bytes]) -> None:
    assert list(head) == ["db", "collection", "EOF", "CRC"]
    listed = archive.collections[f"{head['db']}.{head['collection']}"]
    assert not listed.closed
    if head["EOF"]:
        assert documents == []
        assert head["CRC"] % 2**64 == crc64_xz(b"".join(listed.documents))
        listed.closed = True
    else:
        listed.documents += documents


def _section(data: bytes, at: int) -> tuple[bytes, list[bytes], int]:
    """A head, what follows it up to the FFFFFFFF, and where it goes on after that."""
    found = []
    while True:
        (size,) = struct.unpack_from("<i", data, at)
        if size == -1:
            return found[0], found[1:], at + 4
        assert 5 <= size <= 16 * 2**20 + 16384
        assert at + size <= len(data)
        found.append(data[at : at + size])
        at += size

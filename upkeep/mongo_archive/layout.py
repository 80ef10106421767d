"""The bytes of mongodump's archive format, version 0.1.

A magic number; a prelude: header and one metadata document per collection, ended by FFFFFFFF; then blocks: a head that
names the collection, documents, FFFFFFFF. After a collection's last block comes an empty one whose head says EOF and
carries the CRC-64/XZ of all its documents' bytes. All numbers little-endian. Views have metadata and an EOF block.
"""

from __future__ import annotations

import struct
from typing import Any

import bson
from bson import json_util

from upkeep.mongo_archive.catalogue import Collection

MAGIC = struct.pack("<I", 0x8199E26D)
TERMINATOR = b"\xff\xff\xff\xff"
FORMAT = "0.1"
LENGTH = struct.Struct("<i")
SMALLEST, LARGEST = 5, 16 * 1024 * 1024 + 16 * 1024  # bytes of a document


def prelude(server: str, tool: str, collections: tuple[Collection, ...]) -> bytes:
    header = {"concurrent_collections": 1, "version": FORMAT, "server_version": server, "tool_version": tool}
    documents = [header, *(_metadata(collection) for collection in collections)]
    return MAGIC + b"".join(bson.encode(document) for document in documents) + TERMINATOR


def _metadata(collection: Collection) -> dict[str, Any]:
    text = {
        "options": collection.options,
        "indexes": list(collection.indexes),
        "uuid": collection.uuid,
        "collectionName": collection.name,
        "type": collection.kind,
    }
    return {
        "db": collection.database,
        "collection": collection.name,
        "metadata": json_util.dumps(text, json_options=json_util.CANONICAL_JSON_OPTIONS),
        "size": 0,  # mongodump says no size either
        "type": collection.kind,
    }


def block(collection: Collection, documents: bytes) -> tuple[bytes, bytes, bytes]:
    return _head(collection, False, 0), documents, TERMINATOR


def closing(collection: Collection, crc: int) -> bytes:
    return _head(collection, True, crc) + TERMINATOR


def _head(collection: Collection, ended: bool, crc: int) -> bytes:
    signed = crc - (1 << 64) if crc >> 63 else crc
    about = {"db": collection.database, "collection": collection.name, "EOF": ended, "CRC": bson.Int64(signed)}
    return bson.encode(about)

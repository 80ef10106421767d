"""Raw documents of collections, all as they were at one moment.

pymongo's own raw cursor makes a Python object of every document on the way; reading the answer's bytes does not. The
documents are taken out of the answer's array by pymongo's C extension (docs/adr/0077).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from bson import Int64, Timestamp, _array_of_documents_to_buffer
from bson.codec_options import CodecOptions
from bson.errors import InvalidBSON
from bson.raw_bson import RawBSONDocument
from pymongo.client_session import ClientSession
from pymongo.errors import PyMongoError

from upkeep.errors import DatabaseFailed
from upkeep.mongo_archive.catalogue import Client, Collection
from upkeep.mongo_archive.failures import DumpRefused
from upkeep.mongo_archive.layout import LENGTH

RAW: CodecOptions[RawBSONDocument] = CodecOptions(document_class=RawBSONDocument)
MAJORITY = {"level": "majority"}
# Sizes of BSON's types, and what comes to the length that stands before the others.
SIZES = {0x01: 8, 0x07: 12, 0x08: 1, 0x09: 8, 0x0A: 0, 0x10: 4, 0x11: 8, 0x12: 8}
EXTRA = {0x02: 4, 0x03: 0, 0x04: 0, 0x05: 5}
AROUND = LENGTH.size + 1  # an array's length before what is in it, a zero after it


@dataclass(frozen=True)
class Snapshot:
    """`moment` as MongoDB counts it."""

    client: Client
    session: ClientSession
    moment: Timestamp

    def batches(self, one: Collection) -> Iterator[tuple[bytes, int]]:
        """Whole documents and how many they are, up to 16 MB at a time. Capped collections cannot be read in a
        snapshot: these come as they are now."""
        concern = MAJORITY if one.is_capped else {"level": "snapshot", "atClusterTime": self.moment}
        batch, count, cursor = self._answer(one, {"find": one.name, "readConcern": concern}, "firstBatch")
        try:
            yield batch, count
            while cursor:
                question = {"getMore": Int64(cursor), "collection": one.name}
                batch, count, cursor = self._answer(one, question, "nextBatch")
                yield batch, count
        finally:
            self._close(one, cursor)

    def _answer(self, one: Collection, question: dict[str, Any], batch: str) -> tuple[bytes, int, int]:
        """Documents, their number, and the cursor that has more (0: nobody)."""
        answer = self.client[one.database].command(question, codec_options=RAW, session=self.session)
        raw = bytes(answer["cursor"].raw)
        places = dict(_fields(raw))
        return (*_documents(memoryview(raw)[places[batch]]), int.from_bytes(raw[places["id"]], "little", signed=True))

    def _close(self, one: Collection, cursor: int) -> None:
        """Nobody reads the rest."""
        if cursor:
            with suppress(PyMongoError):
                question = {"killCursors": one.name, "cursors": [Int64(cursor)]}
                self.client[one.database].command(question, session=self.session)


@contextmanager
def opened(client: Client) -> Iterator[Snapshot]:
    """The server chooses the moment with the first read. Raises DumpRefused when it names none."""
    with client.start_session(causal_consistency=False) as session:
        question = {"find": "system.version", "limit": 1, "singleBatch": True, "readConcern": {"level": "snapshot"}}
        moment = client.admin.command(question, session=session)["cursor"].get("atClusterTime")
        if moment is None:
            raise DumpRefused("Diese MongoDB nennt keinen Zeitpunkt für ihre Schnappschüsse", limit="MongoDB ab 5.0")
        yield Snapshot(client, session, moment)


def _documents(array: memoryview) -> tuple[bytes, int]:
    """Without what stands between them, and how many they are."""
    try:
        documents = _array_of_documents_to_buffer(array)
        return documents, _count(len(array) - len(documents) - AROUND)
    except (InvalidBSON, ValueError) as exc:
        raise DatabaseFailed("Die Antwort der MongoDB ist nicht zu verstehen", observed=f"{len(array)} Bytes") from exc


def _count(between: int) -> int:
    """How many documents have so many bytes between them: before each a type, its index from 0 on as text, a zero.
    Raises ValueError for a length that none has."""
    count, digits = 0, 1
    while between:
        more = min(between // (digits + 2), 10**digits - count)
        if not more:
            raise ValueError(between)
        count, between, digits = count + more, between - more * (digits + 2), digits + 1
    return count


def _fields(document: bytes) -> Iterator[tuple[str, slice]]:
    """Where the values of a document's fields lie."""
    position = LENGTH.size
    while (kind := document[position]) != 0:
        start = document.index(0, position + 1) + 1
        name = document[position + 1 : start - 1].decode()
        position = start + (SIZES[kind] if kind in SIZES else LENGTH.unpack_from(document, start)[0] + EXTRA[kind])
        yield name, slice(start, position)

"""Reading an archive from its first byte to its last, and being sure of it.

The format has no mark for its end. Every collection of the prelude must have been closed with the right checksum when
the last byte is read; so an archive that was cut short anywhere is found without a manifest. A changed byte in the
prelude is found by the manifest's SHA-256 only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

import bson
from bson import json_util
from bson.errors import BSONError

from upkeep.mongo_archive.catalogue import Collection
from upkeep.mongo_archive.checksum import crc64
from upkeep.mongo_archive.failures import ArchiveDamaged
from upkeep.mongo_archive.layout import FORMAT, LARGEST, LENGTH, MAGIC, SMALLEST, TERMINATOR

CHUNK = 4 * 1024 * 1024
ADVICE = "Eine andere Sicherung nehmen; diese nicht zurückspielen."
ENDED = -1  # a terminator, read as a document's length
UNREADABLE = (BSONError, ValueError, KeyError, TypeError, OverflowError, AttributeError)


class Source(Protocol):
    def read(self, size: int, /) -> bytes:
        """At most `size` bytes, none only at the end."""


@dataclass(frozen=True)
class Prelude:
    """First of all: what is in the archive."""

    server: str
    collections: tuple[Collection, ...]


@dataclass(frozen=True)
class Documents:
    """Some whole documents of a collection, one after the other."""

    namespace: str
    data: bytes
    count: int


@dataclass(frozen=True)
class Closed:
    """A collection ended, and its checksum was right."""

    namespace: str
    documents: int
    bytes: int
    crc64: str


Part = Prelude | Documents | Closed


@dataclass
class _Tally:
    documents: int = 0
    size: int = 0
    crc: int = 0
    is_closed: bool = False

    def add(self, data: bytes, count: int) -> None:
        self.documents += count
        self.size += len(data)
        self.crc = crc64(data, self.crc)


def read(source: Source) -> Iterator[Part]:
    """A Prelude, then Documents and Closed of its collections in the archive's order. Holds one piece of it in memory.
    Raises ArchiveDamaged when it is not whole; what was given out before belongs to a damaged archive then."""
    stream = _Stream(source)
    prelude = _prelude(stream)
    yield prelude
    tallies = {collection.namespace: _Tally() for collection in prelude.collections}
    while stream.more():
        head = _head(stream.document())
        namespace = f"{head['db']}.{head['collection']}"
        tally = tallies.get(namespace)
        if tally is None or tally.is_closed:
            raise damaged("ein Block einer Sammlung, die dort nicht hingehört", namespace)
        for data, count in stream.documents():
            if head["EOF"]:
                raise damaged("Dokumente hinter dem Ende der Sammlung", namespace)
            tally.add(data, count)
            yield Documents(namespace, data, count)
        if head["EOF"]:
            yield _closed(namespace, tally, head["CRC"])
    if missing := sorted(namespace for namespace, tally in tallies.items() if not tally.is_closed):
        raise damaged("Sammlungen fehlen oder sind unvollständig", ", ".join(missing))


def damaged(observed: str, place: str = "") -> ArchiveDamaged:
    told = f"{observed}: {place}" if place else observed
    return ArchiveDamaged("Das Archiv der MongoDB ist beschädigt", observed=told, next_step=ADVICE)


def _closed(namespace: str, tally: _Tally, crc: int) -> Closed:
    if tally.crc != crc % (1 << 64):
        raise damaged("die Prüfsumme stimmt nicht", namespace)
    tally.is_closed = True
    return Closed(namespace, tally.documents, tally.size, f"{tally.crc:016x}")


def _prelude(stream: _Stream) -> Prelude:
    if not stream.more() or stream.take(len(MAGIC)) != MAGIC:
        raise ArchiveDamaged("Das ist kein Archiv von mongodump oder Upkeep", next_step=ADVICE)
    header = _decoded(stream.document())
    if header.get("version") != FORMAT:
        limit = f"Format {FORMAT}"
        raise ArchiveDamaged("Dieses Archiv ist nicht lesbar", observed=header.get("version"), limit=limit)
    entries = [data[start:end] for data, _ in stream.documents() for start, end in bounds(data)]
    collections = tuple(_collection(_decoded(entry)) for entry in entries)
    if len({collection.namespace for collection in collections}) < len(collections):
        raise damaged("eine Sammlung steht zweimal im Verzeichnis")
    return Prelude(str(header.get("server_version", "")), collections)


def _collection(entry: dict[str, Any]) -> Collection:
    """Metadata is empty for what mongodump could not list."""
    try:
        text = json_util.loads(entry["metadata"] or "{}", json_options=json_util.CANONICAL_JSON_OPTIONS)
        kind, indexes = entry.get("type") or "collection", tuple(text.get("indexes") or ())
        return Collection(
            entry["db"], entry["collection"], kind, text.get("uuid", ""), text.get("options") or {}, indexes
        )
    except UNREADABLE as exc:
        raise damaged("das Verzeichnis der Sammlungen ist unlesbar") from exc


def _head(document: bytes) -> dict[str, Any]:
    head = _decoded(document)
    if type(head.get("EOF")) is not bool or type(head.get("CRC")) not in (int, bson.Int64):
        raise damaged("der Kopf eines Blocks ist unlesbar")
    if not head["EOF"] and head["CRC"] != 0:
        raise damaged("der Kopf eines Blocks ist unlesbar")
    return {"db": "", "collection": "", **head}


def _decoded(document: bytes) -> dict[str, Any]:
    try:
        return bson.decode(document)
    except UNREADABLE as exc:
        raise damaged("ein Kopf ist unlesbar") from exc


def bounds(data: bytes) -> Iterator[tuple[int, int]]:
    """Where each of some whole documents begins and ends."""
    position = 0
    while position < len(data):
        end = position + LENGTH.unpack_from(data, position)[0]
        yield position, end
        position = end


def _whole(data: bytes, position: int) -> tuple[int, int]:
    """Where the whole documents from `position` on end, and how many they are."""
    count, end, length = 0, len(data), LENGTH.unpack_from
    while position + LENGTH.size <= end:
        size = length(data, position)[0]
        if size == ENDED or position + _possible(size) > end:
            break
        position, count = position + size, count + 1
    return position, count


def _possible(size: int) -> int:
    if not SMALLEST <= size <= LARGEST:
        raise damaged("die Länge eines Dokuments ist unmöglich", f"{size} Bytes")
    return size


@dataclass
class _Stream:
    """`data` from `position` on is what was fetched from the source and not used yet."""

    source: Source
    data: bytes = b""
    position: int = 0
    fetched: int = field(default=0)

    def more(self) -> bool:
        """Whether there is another byte."""
        return self.position < len(self.data) or self._fetch()

    def take(self, size: int) -> bytes:
        while len(self.data) - self.position < size:
            if not self._fetch():
                raise damaged("das Ende fehlt", f"nach {self.fetched} Bytes")
        self.position += size
        return self.data[self.position - size : self.position]

    def document(self) -> bytes:
        """The next one. Damaged when a terminator is there instead."""
        size = self._size()
        if size is None:
            raise damaged("ein Kopf fehlt", f"bei Byte {self.fetched - len(self.data) + self.position}")
        return self.take(size)

    def documents(self) -> Iterator[tuple[bytes, int]]:
        """Up to the terminator: as many whole documents at a time as lie in memory, and how many these are."""
        while (size := self._size()) is not None:
            start = self.position
            self.position, count = _whole(self.data, start)
            yield (self.data[start : self.position], count) if count else (self.take(size), 1)
        self.take(len(TERMINATOR))

    def _size(self) -> int | None:
        """Of the document that comes next; None before a terminator."""
        while len(self.data) - self.position < LENGTH.size:
            if not self._fetch():
                raise damaged("das Ende fehlt", f"nach {self.fetched} Bytes")
        size: int = LENGTH.unpack_from(self.data, self.position)[0]
        return None if size == ENDED else _possible(size)

    def _fetch(self) -> bool:
        piece = self.source.read(CHUNK)
        self.fetched += len(piece)
        self.data = self.data[self.position :] + piece
        self.position = 0
        return bool(piece)

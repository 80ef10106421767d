"""Whether an archive is whole and is the one that its report describes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from upkeep.mongo_archive.failures import ArchiveDamaged
from upkeep.mongo_archive.reading import Closed, Prelude, Source, damaged, read
from upkeep.mongo_archive.report import DumpedCollection, DumpReport


@dataclass(frozen=True)
class CheckReport:
    """`collections`: documents of each by its namespace, views with 0. `sha256` of every byte that was read."""

    server: str
    collections: dict[str, int]
    documents: int
    bytes: int
    sha256: str


def check(source: Source, expected: DumpReport | None = None) -> CheckReport:
    """Reads all of it. Raises ArchiveDamaged. Without `expected` a change in the list of collections (names, options,
    indexes) may go unseen; structure, documents and the end never do."""
    told = Hearing(source)
    server, closed = "", dict[str, Closed]()
    for part in read(told):
        if isinstance(part, Prelude):
            server = part.server
        elif isinstance(part, Closed):
            closed[part.namespace] = part
    if expected is not None:
        _compare(closed, told, expected)
    counts = {namespace: one.documents for namespace, one in closed.items()}
    return CheckReport(server, counts, sum(counts.values()), told.bytes, told.sha256)


class Hearing:
    """A source that keeps the digest of what was read from it."""

    def __init__(self, source: Source) -> None:
        self.bytes = 0
        self._source = source
        self._digest = hashlib.sha256()

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    def read(self, size: int, /) -> bytes:
        piece = self._source.read(size)
        self._digest.update(piece)
        self.bytes += len(piece)
        return piece


def _compare(closed: dict[str, Closed], told: Hearing, expected: DumpReport) -> None:
    known = {one.namespace: one for one in expected.collections}
    if set(known) != set(closed):
        raise _other("andere Sammlungen", ", ".join(sorted(set(known) ^ set(closed))))
    for namespace, one in closed.items():
        if not _is_same(one, known[namespace]):
            raise _other(f"{one.documents} Dokumente in {namespace}", f"{known[namespace].documents} laut Bericht")
    if (told.bytes, told.sha256) != (expected.bytes, expected.sha256):
        raise _other(f"{told.bytes} Bytes, SHA-256 {told.sha256}", f"{expected.bytes} Bytes, {expected.sha256}")


def _is_same(one: Closed, known: DumpedCollection) -> bool:
    return (one.documents, one.bytes, one.crc64) == (known.documents, known.bytes, known.crc64)


def _other(observed: str, limit: str) -> ArchiveDamaged:
    return ArchiveDamaged(
        "Das Archiv ist nicht das, das sein Bericht beschreibt",
        observed=observed,
        limit=limit,
        next_step=damaged("").next_step,
    )

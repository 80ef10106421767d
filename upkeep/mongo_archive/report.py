"""What a dump says of itself. Plain values only, so that `dataclasses.asdict` gives what a manifest can hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from upkeep.mongo_archive.catalogue import LeftOut


@dataclass(frozen=True)
class DumpedCollection:
    """`uuid` in hex; `crc64`: 16 hex digits over all documents; `indexes`: their names. `in_snapshot` is false for
    capped collections, which MongoDB does not read at a point in time: they may show a little of what came later."""

    database: str
    name: str
    kind: str
    uuid: str
    documents: int
    bytes: int
    crc64: str
    indexes: tuple[str, ...]
    in_snapshot: bool

    @property
    def namespace(self) -> str:
        return f"{self.database}.{self.name}"


@dataclass(frozen=True)
class DumpReport:
    """`cluster_time`: the moment of the whole as MongoDB counts it (`seconds.increment`); `at`: the same in ISO 8601.
    `bytes` and `sha256` are of the whole archive."""

    cluster_time: str
    at: str
    server: str
    feature: str
    collections: tuple[DumpedCollection, ...]
    left_out: tuple[LeftOut, ...]
    bytes: int
    sha256: str


def dump_report(stored: Mapping[str, Any]) -> DumpReport:
    """What `dataclasses.asdict` made of one. Raises TypeError and KeyError for anything else."""
    found = dict(stored)
    collections = tuple(
        DumpedCollection(**{**entry, "indexes": tuple(entry["indexes"])}) for entry in found["collections"]
    )
    left_out = tuple(LeftOut(**entry) for entry in found["left_out"])
    return DumpReport(**{**found, "collections": collections, "left_out": left_out})

"""A manifest is read back as it was written, also one that an older Upkeep has written; anything else is none."""

from __future__ import annotations

import json
from typing import Any

import pytest

from upkeep.backup.manifest import SCHEMA, Manifest, Source, parse
from upkeep.errors import RepositoryFailed
from upkeep.ports.restic import Snapshot

RUN = "20261122-031500-backup-ab12"
SOURCE = Source("mongodb", "mongodb", "a" * 64, 570, 12, "2026-11-22T03:15:01Z", "2026-11-22T03:15:07Z", {"bytes": 570})
MADE = Manifest(
    "lager", "web1", RUN, "2026-11-22T03:15:00Z", {"upkeep": "0.2"}, None, (SOURCE,), ("shop.neu: zu spät",)
)


def test_what_was_written_is_read_back() -> None:
    assert parse(MADE.text(), RUN) == MADE


def test_one_of_schema_1_is_read_without_what_it_said_of_trees() -> None:
    raw: dict[str, Any] = json.loads(MADE.text()) | {"schema": 1}
    raw["sources"] = [item | {"tree": "b" * 64} for item in raw["sources"]]
    assert parse(json.dumps(raw), RUN) == MADE


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"schema": SCHEMA + 1}, "manifest_newer"),
        ({"schema": 0}, "manifest"),
        ({"schema": "2"}, "manifest"),
        ({"run": "ein anderer"}, "manifest"),
        ({"sources": [{"name": "mongodb"}]}, "manifest"),
        ({"sources": ["mongodb"]}, "manifest"),
    ],
)
def test_anything_else_is_refused(change: dict[str, Any], code: str) -> None:
    with pytest.raises(RepositoryFailed) as caught:
        parse(json.dumps(json.loads(MADE.text()) | change), RUN)
    assert caught.value.code == code


def test_a_source_is_in_a_backup_only_as_the_snapshot_it_was_saved_as() -> None:
    there = Snapshot("a" * 64, "2026-11-22T03:15:07Z", "web1", (), ("/mongodb.archive",))
    assert SOURCE.is_in({"mongodb": there})
    assert not SOURCE.is_in({"mongodb": Snapshot("b" * 64, there.time, "web1", (), there.paths)})
    assert not SOURCE.is_in({"files": there})

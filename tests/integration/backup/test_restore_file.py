"""A restore out of one exported file, packed and read by the real zstd: the run is the same as out of a repository."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from testbed.packages import ensure_packages
from tests.integration.backup.test_export import ARCHIVE, Kept, _sources, exported
from tests.unit.upkeep.drive import Driver
from tests.unit.upkeep.test_restore import BACK, live, now, with_backup
from tests.unit.upkeep.world import World
from upkeep.backup.manifest import Manifest

RUN = "20261120-023000-backup-abcd"


@pytest.fixture(autouse=True)
def programs() -> None:
    ensure_packages(["zstd"], why="Exporte zu öffnen")


@pytest.fixture
def saved(tmp_path: Path) -> Driver:
    world = World(tmp_path / "host")
    world.place()
    world.release("1.0.0")
    driver = Driver(world)
    with_backup(driver)
    return driver


def export(folder: Path, stack: str = "lager") -> Path:
    contents = {"mongodb": ARCHIVE}
    entries = [{"database": "lager", "name": name, "bytes": 100} for name in ("artikel", "orte", "sessions")]
    (source,) = _sources(contents)
    source = replace(source, facts=source.facts | {"collections": entries, "server": "6.0.5"})
    manifest = Manifest(stack, "web1", RUN, "2026-11-20T02:30:00Z", {}, None, (source,), ())
    return exported(Kept(manifest, contents), folder / f"{stack}.tar.zst")


def test_an_exported_file_brings_the_data_back(saved: Driver, tmp_path: Path) -> None:
    record = saved.must("restore", "updated", file=str(export(tmp_path)))
    assert live(saved) == BACK
    assert "20.11.2026 02:30 UTC" in record.message
    assert record.restore is not None
    assert record.restore["backup"] == RUN
    saved.must("undo", "updated")
    assert live(saved) == now()


def test_a_damaged_a_foreign_and_a_missing_file_leave_the_live_data_untouched(saved: Driver, tmp_path: Path) -> None:
    place = export(tmp_path)
    content = bytearray(place.read_bytes())
    content[len(content) // 2] ^= 1
    place.write_bytes(content)
    assert not saved.must("restore", "failed", file=str(place)).intended("save:mongodb")
    other = saved.must("restore", "refused", file=str(export(tmp_path, "portal")))
    assert "ist nicht die Sicherung, die zurückgespielt werden soll" in other.message
    assert "nicht lesbar" in saved.must("restore", "failed", file=str(tmp_path / "fehlt")).message
    assert live(saved) == now()

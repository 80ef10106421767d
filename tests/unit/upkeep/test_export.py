"""An export as a run: where it goes, what is in the way, what stays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from testbed.packages import ensure_packages
from tests.unit.upkeep.drive import Driver
from tests.unit.upkeep.test_backup import POLICY
from tests.unit.upkeep.world import Killed


@pytest.fixture(scope="module", autouse=True)
def programs() -> None:
    ensure_packages(["zstd"], why="Exporte zu schreiben")


@pytest.fixture
def saved(deployed: Driver, tmp_path: Path) -> Driver:
    """With a backup, and a place for exports. What lies in the repository are files only."""
    (tmp_path / "export").mkdir()
    place(deployed, directory=str(tmp_path / "export"), keep=2)
    deployed.must("backup", "updated")
    return deployed


def place(driver: Driver, **export: Any) -> None:
    driver.world.place(backup=POLICY | {"volumes": [], "export": export})


def exports(tmp_path: Path) -> list[str]:
    return sorted(file.name for file in (tmp_path / "export").iterdir())


def test_a_backup_is_exported_once(saved: Driver, tmp_path: Path) -> None:
    record = saved.must("export", "updated")
    (name,) = exports(tmp_path)
    assert name in record.message
    assert "zurückgelesen" in record.message
    assert "ist schon da" in saved.must("export", "unchanged").message
    assert exports(tmp_path) == [name]


def test_so_many_stay_as_the_policy_says(saved: Driver, tmp_path: Path) -> None:
    for _ in range(3):
        saved.world.clock.sleep(86400)
        saved.must("backup", "updated")
        saved.must("export", "updated")
    assert len(exports(tmp_path)) == 2


def test_an_empty_place_where_a_disk_should_be_mounted_is_not_written_to(saved: Driver, tmp_path: Path) -> None:
    place(saved, directory=str(tmp_path / "export"), mount=str(tmp_path / "export"))
    assert "ist nichts eingehängt" in saved.must("export", "refused").message
    assert exports(tmp_path) == []


def test_without_a_place_or_such_a_backup_it_is_refused(saved: Driver, tmp_path: Path) -> None:
    assert (
        "20200101-000000-backup-0000" in saved.must("export", "refused", backup="20200101-000000-backup-0000").message
    )
    saved.world.place(backup=POLICY)
    assert "stack__backup_export" in saved.must("export", "refused").message


def test_a_directory_that_is_not_there_fails_with_what_to_do(saved: Driver, tmp_path: Path) -> None:
    place(saved, directory=str(tmp_path / "fehlt"))
    assert "upkeep_agent__writable" in saved.must("export", "failed").message


def test_a_kill_at_any_moment_leaves_nothing_that_counts_and_the_next_one_succeeds(
    saved: Driver, tmp_path: Path
) -> None:
    for point in range(1, 200):
        saved.world.fuse.arm(point)
        try:
            saved.do("export")
            break
        except Killed:
            saved.world.fuse.arm(None)
        saved.resume()
        assert saved.do("export").result in ("updated", "unchanged")
        (name,) = exports(tmp_path)
        (tmp_path / "export" / name).unlink()
    assert point > 10

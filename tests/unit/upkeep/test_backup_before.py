"""A backup as the first part of an update: whole before anything is touched, and without it no update."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit.upkeep.drive import Driver
from tests.unit.upkeep.test_backup import POLICY, backups
from tests.unit.upkeep.test_resume import Stage, assert_sound, kill_at

SAFE: dict[str, Any] = {"backup": POLICY, "update": {"ready_timeout": 20, "backup": "before_update"}}


@pytest.fixture
def safe(deployed: Driver) -> Driver:
    deployed.world.place(**SAFE)
    deployed.must("deploy", "unchanged")
    deployed.world.release("1.1.0")
    return deployed


def test_the_backup_is_whole_before_anything_is_touched(safe: Driver) -> None:
    record = safe.must("update", "updated")
    names = [phase.name for phase in record.phases]
    assert names.index("remember") < names.index("close")
    (backup,) = backups(safe)
    assert (backup["run"], backup["complete"]) == (record.id, True)
    assert safe.world.gate.closed_by is None


def test_without_a_backup_there_is_no_update(safe: Driver) -> None:
    safe.world.restic.outage = "repository_unreachable"
    record = safe.must("update", "failed")
    assert record.code == "repository_unreachable"
    assert "1.0.0 läuft unverändert weiter" in record.message
    assert not record.intended("close")


def test_a_deploy_of_the_same_release_and_a_rollback_make_none(safe: Driver) -> None:
    safe.must("deploy", "unchanged")
    safe.must("update", "updated")
    safe.must("rollback", "updated")
    assert len(backups(safe)) == 1


def test_killed_anywhere_in_such_an_update_everybody_comes_back(tmp_path: Path) -> None:
    def scene(driver: Driver) -> None:
        driver.must("deploy", "updated")
        driver.world.place(**SAFE)
        driver.must("deploy", "unchanged")
        driver.world.release("1.1.0")

    stage = Stage(tmp_path, scene)
    for point in range(1, stage.points("update") + 1, 3):
        driver = stage.fresh()
        old = driver.world.box("app-1").image
        where = kill_at(driver, "update", point)
        driver.resume()
        assert driver.world.box("app-1").state == "running", where
        assert_sound(driver, old, f"Punkt {point} ({where})")

"""A backup as the first part of an update: whole before anything is touched, and without it no update."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.upkeep.drive import Driver
from tests.unit.upkeep.test_backup import POLICY, backups
from tests.unit.upkeep.test_restore import POLICY as ONLY_DATABASE
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


MIGRATING: dict[str, Any] = SAFE | {
    "mongodb": True,
    "backup": ONLY_DATABASE,
    "migration": {"command": ["lager", "migrate"], "timeout": 30, "compatible": False},
}
BEFORE = {"lager.artikel": "heute", "lager.orte": "heute"}


def spoiling(driver: Driver, **release: Any) -> None:
    """1.1.0 is in the channel, whose migration has left nothing of the data as it was."""
    driver.world.place(**MIGRATING)
    driver.must("deploy", "updated")
    driver.world.collections.put(artikel="heute", orte="heute")
    driver.world.collections.archive = dict(driver.world.collections.live)
    entries = [{"database": "lager", "name": name, "bytes": 100} for name in ("artikel", "orte")]
    report = {"left_out": [], "collections": entries, "server": "6.0.5"}
    driver.world.restic.feeds = [json.dumps({"report": report})] * 2
    driver.world.release("1.1.0", **release)
    driver.world.one_offs.exit_code = 0 if release else 1
    driver.world.collections.put(artikel="verdorben")


@pytest.mark.parametrize("release", [{}, {"kind": "sick"}])
def test_a_migration_that_spoils_the_data_leaves_release_and_data_as_before(driver: Driver, release: Any) -> None:
    spoiling(driver, **release)
    record = driver.must("update", "rolled_back")
    assert driver.world.collections.live == BEFORE
    assert driver.world.collections.aside == []
    assert driver.world.box("app-1").state == "running"
    assert driver.world.gate.closed_by is None
    assert driver.state.release is not None
    assert driver.state.release.version == "1.0.0"
    assert driver.state.outdated == ()
    assert "1.0.0 läuft weiter. Die Daten sind die von vor der Migration." in record.message
    second, first = backups(driver)
    assert (first["run"], second["complete"], first["complete"]) == (record.id, True, True)
    names = [phase.name for phase in record.phases]
    assert names.index("remember") < names.index("close") < names.index("stop") < names.index("seal")
    assert names.index("seal") < names.index("switch") < names.index("migrate") < names.index("exchange")


def test_once_the_gate_was_open_data_stay_as_they_are(driver: Driver) -> None:
    spoiling(driver, kind="fading")
    driver.world.place(**MIGRATING | {"update": SAFE["update"] | {"bake": 30}})
    driver.world.release("1.1.0", kind="rotten")
    record = driver.do("update")
    assert record.intended("open")
    assert not record.intended("exchange")


def test_killed_anywhere_data_and_release_belong_together(tmp_path: Path) -> None:
    stage = Stage(tmp_path, spoiling)
    total = stage.points("update")
    for point in range(1, total + 1, 5):
        driver = stage.fresh()
        where = f"Punkt {point} ({kill_at(driver, 'update', point)})"
        driver.resume()
        assert driver.last is not None, where
        record = driver.read(driver.last.id)
        assert record.finished_at, where
        assert driver.world.gate.closed_by is None, where
        if record.intended("migrate"):
            assert driver.world.collections.live == BEFORE, where
        assert driver.state.outdated == (), where


def test_what_the_migration_left_does_not_hold_up_users_when_it_cannot_be_removed(driver: Driver) -> None:
    """As when Docker is restarted in that moment: tried again at once, later, and with the next run."""
    spoiling(driver)
    driver.world.collections.stuck = 3
    record = driver.must("update", "rolled_back")
    assert driver.world.collections.aside == []
    assert record.warnings == []
    driver.world.release("1.2.0")
    driver.world.collections.put(artikel="wieder verdorben")
    driver.world.collections.stuck = 1000
    record = driver.must("update", "rolled_back")
    assert driver.world.gate.closed_by is None
    assert driver.world.box("app-1").state == "running"
    assert "lassen sich nicht entfernen" in record.warnings[0]
    assert driver.world.collections.aside
    driver.world.collections.stuck = 0
    driver.must("backup", "updated")
    assert driver.world.collections.aside == []

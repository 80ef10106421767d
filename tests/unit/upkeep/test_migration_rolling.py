"""Compatible migrations run while the old slots serve; others shut the gate, whatever the strategy says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit.upkeep.drive import Driver
from tests.unit.upkeep.test_resume import Stage, kill_at
from tests.unit.upkeep.test_rolling import ROLLING, assert_settled, deployed_with, versions
from tests.unit.upkeep.world import World

MIGRATION = {"command": ["lager", "migrate"], "timeout": 30}


@pytest.fixture
def driver(world: World) -> Driver:
    return scene(deployed_with(world, migration=MIGRATION))


def scene(driver: Driver) -> Driver:
    driver.world.release("1.1.0")
    driver.world.one_offs.starts.clear()
    return driver


def test_migration_runs_before_the_first_slot_is_touched(driver: Driver) -> None:
    record = driver.must("update", "updated")
    names = [phase.name for phase in record.phases]
    assert names.index("migrate") < names.index("switch") < names.index("drain:app-1")
    assert len(driver.world.one_offs.starts) == 1
    assert "maintenance_s" not in record.timings
    assert_settled(driver, "1.1.0")


def test_failed_migration_leaves_every_slot_as_it_was(driver: Driver) -> None:
    driver.world.one_offs.exit_code = 1
    before = {box.id for box in driver.world.boxes.values()}
    record = driver.must("update", "rolled_back")
    assert "Die Migration der Daten ist gescheitert (gefunden: Exit-Code 1" in record.message
    assert {box.id for box in driver.world.boxes.values()} == before
    assert len(driver.state.held) == 1
    assert_settled(driver, "1.0.0")


def test_old_release_that_does_not_bear_its_data_any_more_is_said_loudly(driver: Driver) -> None:
    driver.world.one_offs.sickens = driver.world.box("app-1").image.partition("@")[2]
    record = driver.must("update", "failed")
    assert "Nach der Migration ist die alte Version nicht mehr bereit" in record.message
    assert versions(driver) == {"app-1": "1.0.0", "app-2": "1.0.0"}


def test_migration_that_is_not_compatible_shuts_the_gate_and_says_so(world: World) -> None:
    driver = scene(deployed_with(world, migration=MIGRATION | {"compatible": False}))
    record = driver.must("update", "updated")
    assert "nicht rolling: die Migration ist nicht abwärtsverträglich" in record.message
    assert record.timings["maintenance_s"] > 1
    assert_settled(driver, "1.1.0")


def test_agent_killed_at_any_moment_never_migrates_twice(tmp_path: Path) -> None:
    def setting(driver: Driver) -> None:
        driver.world.place(slots=2, update=ROLLING, migration=MIGRATION)
        driver.must("deploy", "updated")
        scene(driver)

    stage = Stage(tmp_path, setting)
    for point in range(1, stage.points("update") + 1, 4):
        driver = stage.fresh()
        where = kill_at(driver, "update", point)
        driver.resume()
        assert len(driver.world.one_offs.starts) <= 1, where
        assert driver.world.one_offs.boxes == {}, where
        assert len(set(versions(driver).values())) == 1, where
        assert driver.world.gate.closed_by is None, where


@pytest.mark.parametrize(
    ("changes", "step"),
    [
        ({"update": ROLLING}, "Daten umstellen (Migration), während die alte Version bedient"),
        ({}, "Daten umstellen (Migration)"),
    ],
)
def test_check_mode_names_migration_and_hooks(world: World, changes: dict[str, Any], step: str) -> None:
    hooks = {"before": [{"command": ["/bin/pruefen"]}], "after": [{"command": ["/bin/melden"]}]}
    world.programs.present = {"/bin/pruefen", "/bin/melden"}
    world.place(slots=2, migration=MIGRATION, hooks=hooks, **changes)
    world.release("1.0.0")
    driver = Driver(world)
    driver.must("deploy", "updated")
    world.release("1.1.0")
    steps = driver.plan("update")["steps"]
    assert step in steps
    assert steps.index("Hook davor: /bin/pruefen") < steps.index(step) < steps.index("Hook danach: /bin/melden")

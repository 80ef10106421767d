"""The agent is replaced between any two journal steps: the old one is killed, the new one goes on with its journal."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.upkeep.recorded_host import UNFINISHED, as_version_before, recorded
from tests.unit.upkeep.test_resume import SCENES, Stage, assert_sound, kill_at
from upkeep.memory import journal


def test_recorded_journals_of_the_version_before_are_read(tmp_path: Path) -> None:
    driver = recorded(tmp_path)
    records = [driver.read(run_id) for run_id in journal.run_ids(driver.world.paths)]
    assert [(record.operation, record.result) for record in records] == [
        ("deploy", "updated"),
        ("update", "updated"),
        ("update", "rolled_back"),
        ("update", None),
    ]
    assert driver.state.release is not None
    assert driver.state.release.version == "1.1.0"


def test_recorded_run_that_was_killed_is_brought_to_its_end(tmp_path: Path) -> None:
    driver = recorded(tmp_path)
    (record,) = driver.resume()
    assert (record.id, record.result) == (UNFINISHED, "updated"), driver.protocol()
    assert driver.state.release is not None
    assert driver.state.release.version == "1.3.0"
    assert driver.world.gate.closed_by is None


@pytest.mark.parametrize("name", SCENES)
def test_new_agent_goes_on_between_any_two_journal_steps(tmp_path: Path, name: str) -> None:
    operation, scene = SCENES[name]
    stage = Stage(tmp_path, scene)
    for point in range(1, stage.points(operation) + 1):
        driver = stage.fresh()
        old = driver.world.box("app-1").image
        where = kill_at(driver, operation, point)
        assert driver.last is not None
        if not where.endswith(".json"):
            continue
        as_version_before(driver, driver.last.id)
        driver.resume()
        assert_sound(driver, old, f"{name}, Punkt {point} ({where})")


def test_downgraded_journal_is_one_of_the_version_before(tmp_path: Path) -> None:
    """The test above must not prove today's format by accident."""
    driver = recorded(tmp_path)
    driver.resume()
    as_version_before(driver, UNFINISHED)
    text = journal.path_of(driver.world.paths, UNFINISHED).read_text()
    assert '\\"schema\\": 1' in text

"""Taking a stack off the host: data stay unless their owner asks twice; a removed stack comes back on its data."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.upkeep.drive import Driver
from tests.unit.upkeep.world import Killed
from upkeep.stories import removal
from upkeep.stories.execution import execute

DELETE: dict[str, Any] = {"data": "delete", "confirm": "lager"}


def look(driver: Driver, **options: Any) -> dict[str, Any]:
    return removal.answer(driver.world.paths, driver.world.ports(), options)


@pytest.fixture
def removed(deployed: Driver) -> Driver:
    """Containers gone, and the files that Ansible removes afterwards."""
    deployed.world.neighbours.own_volumes = ("lager_files",)
    deployed.must("remove", "updated")
    for file in (deployed.world.paths.compose_file, deployed.world.paths.policy_file):
        file.unlink()
    return deployed


def test_look_names_what_goes_and_what_stays(deployed: Driver) -> None:
    deployed.world.neighbours.own_volumes = ("lager_files",)
    answer = look(deployed)
    assert answer["steps"] == ["Container entfernen: lager-app-1-1, lager-gate-1"]
    assert answer["kept"]["volumes"] == ["lager_files"]


def test_containers_go_and_data_stay(removed: Driver) -> None:
    assert not removed.world.boxes
    assert removed.world.neighbours.removed == []
    assert look(removed)["changed"] is False


def test_removed_stack_comes_back_with_the_release_it_had(removed: Driver) -> None:
    removed.world.release("2.0.0")
    removed.world.place()
    removed.must("deploy", "updated")
    assert removed.state.release is not None
    assert removed.state.release.version == "1.0.0"
    assert removed.world.gate.closed_by is None


def test_data_go_only_with_the_name_typed(deployed: Driver) -> None:
    record = deployed.must("remove", "refused", data="delete", confirm="anders")
    assert "confirm=lager" in record.message
    assert deployed.world.boxes


def test_data_of_a_removed_stack_can_still_be_deleted(removed: Driver) -> None:
    assert look(removed, **DELETE)["changed"] is True
    removed.must("remove", "updated", **DELETE)
    assert removed.world.neighbours.removed == ["lager_files"]
    assert not removed.world.images


def test_killed_removal_is_finished_by_the_next_life(deployed: Driver) -> None:
    deployed.world.neighbours.own_volumes = ("lager_files",)
    run = deployed.begin("remove", **DELETE)
    deployed.world.fuse.arm(4)
    with pytest.raises(Killed):
        execute(run)
    deployed.world.fuse.arm(None)
    deployed.resume()
    assert deployed.read(run.record.id).result == "updated"
    assert not deployed.world.boxes
    assert deployed.world.neighbours.removed == ["lager_files"]

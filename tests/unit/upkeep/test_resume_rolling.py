"""SIGKILL at every moment of a rolling run, forward and backward, then a restart: one release, every slot serving."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.unit.upkeep.drive import Driver
from tests.unit.upkeep.test_resume import GOOD, SICK, Scene, Stage, kill_at, rollback, update_to
from tests.unit.upkeep.world import Killed
from upkeep.gate import maintenance, rotation
from upkeep.memory import release
from upkeep.phases.surge import SURGE
from upkeep.phases.weight import STARTING

ROLLING = {"strategy": "rolling", "ready_timeout": 5, "bake": 8}
SPARE = ROLLING | {"surge": True}


def deploy_with_changed_slots(driver: Driver) -> None:
    driver.must("deploy", "updated")
    document = yaml.safe_load(driver.world.paths.compose_file.read_text())
    for slot in ("app-1", "app-2"):
        document["services"][slot]["mem_limit"] = "300m"
    driver.world.paths.compose_file.write_text(yaml.safe_dump(document))


def deploy_whose_second_slot_does_not_start(driver: Driver) -> None:
    driver.must("deploy", "updated")
    document = yaml.safe_load(driver.world.paths.compose_file.read_text())
    document["services"]["app-2"]["mem_limit"] = "1m"
    driver.world.paths.compose_file.write_text(yaml.safe_dump(document))


def deploy_with_another_slot(driver: Driver) -> None:
    driver.must("deploy", "updated")
    driver.world.place(slots=3, update=ROLLING)


def deploy_with_a_slot_less(driver: Driver) -> None:
    driver.world.place(slots=3, update=ROLLING)
    driver.must("deploy", "updated")
    driver.world.place(slots=2, update=ROLLING)


SCENES: dict[str, tuple[str, Scene]] = {
    "update": ("update", update_to(GOOD)),
    "update that does not get ready": ("update", update_to(SICK)),
    "update that rots": ("update", update_to("rotten")),
    "deploy": ("deploy", deploy_with_changed_slots),
    "rollback": ("rollback", rollback),
    "more slots": ("deploy", deploy_with_another_slot),
    "fewer slots": ("deploy", deploy_with_a_slot_less),
}


WITH_A_SPARE: dict[str, tuple[str, Scene]] = {
    "update": ("update", update_to(GOOD)),
    "update that does not get ready": ("update", update_to(SICK)),
    "update that rots": ("update", update_to("rotten")),
    "second slot that does not start": ("deploy", deploy_whose_second_slot_does_not_start),
}


@pytest.mark.parametrize("name", SCENES)
def test_killed_agent_brings_a_rolling_run_to_an_honest_end(tmp_path: Path, name: str) -> None:
    operation, scene = SCENES[name]
    stage = Stage(tmp_path, scene, slots=2, update=ROLLING)
    for driver, where in killed_everywhere(stage, operation, name):
        assert_sound(driver, where)


@pytest.mark.parametrize("name", WITH_A_SPARE)
def test_killed_agent_leaves_no_spare_slot(tmp_path: Path, name: str) -> None:
    operation, scene = WITH_A_SPARE[name]
    stage = Stage(tmp_path, scene, slots=2, update=SPARE)
    for driver, where in killed_everywhere(stage, operation, name):
        assert_sound(driver, where, repaired=name != "second slot that does not start")


def killed_everywhere(stage: Stage, operation: str, name: str) -> Iterator[tuple[Driver, str]]:
    """At every point of a plain update, at every third of the others; resumed."""
    total = stage.points(operation)
    assert total > 50
    for point in range(1, total + 1, 1 if name == "update" else 3):
        driver = stage.fresh()
        driver.world.gate.fewest_up = None
        where = kill_at(driver, operation, point)
        driver.resume()
        yield driver, f"{name}, Punkt {point} ({where})"


def test_killed_again_while_resuming(tmp_path: Path) -> None:
    stage = Stage(tmp_path, update_to("rotten"), slots=2, update=ROLLING)
    for point in range(20, stage.points("update"), 13):
        for second in range(1, 80, 11):
            driver = stage.fresh()
            driver.world.gate.fewest_up = None
            where = kill_at(driver, "update", point)
            driver.world.fuse.arm(second)
            try:
                driver.resume()
            except Killed as killed:
                where += f", dann {killed}"
            else:
                break
            driver.world.fuse.arm(None)
            driver.resume()
            assert_sound(driver, f"Punkte {point} und {second} ({where})")


def test_killed_gate_comes_back_with_the_same_slots_out(tmp_path: Path) -> None:
    """The gate and the agent die at the same moment; Docker starts the gate before the agent is back."""
    stage = Stage(tmp_path, update_to(GOOD), slots=2, update=ROLLING)
    for point in range(1, stage.points("update") + 1, 4):
        driver = stage.fresh()
        where = kill_at(driver, "update", point)
        told = set(driver.world.gate.out)
        driver.world.gate.read_files()
        if "gate admit" not in where:  # the disk is told first: this one is ready and on its way in
            assert told <= driver.world.gate.out, where
        driver.resume()
        assert_sound(driver, where)


def assert_sound(driver: Driver, where: str, repaired: bool = True) -> None:
    """`repaired`: a deploy that went back goes well the next time."""
    assert driver.last is not None, where
    world, record = driver.world, driver.read(driver.last.id)
    explain = f"{where}: {record.result}: {record.message}"
    assert record.finished_at, explain
    assert driver.state.release is not None, explain
    assert [box.name for box in world.boxes.values() if box.run] == [], explain
    assert world.gate.off == {SURGE}, explain
    slots = [box for box in world.boxes.values() if box.role == "app"]
    assert {box.image for box in slots} == {driver.state.release.image}, explain
    assert {box.state for box in slots} == {"running"}, explain
    assert STARTING not in {world.shares.get(box.id) for box in slots}, explain
    names = {box.service for box in slots}
    assert len(slots) == len(names) >= 2, explain
    assert world.gate.fewest_up is None or world.gate.fewest_up >= 1, explain
    assert world.gate.out.isdisjoint(names), explain
    assert rotation.out(world.paths) == {}, explain
    labels = {world.gate.maps["release.map"][name] for name in names}
    assert labels == {driver.state.release.label}, explain
    assert world.gate.closed_by is None, explain
    assert not maintenance.load(world.paths).on, explain
    assert not release.edited_by_hand(world.paths, driver.state.env_hash), explain
    assert driver.resume() == [], explain
    if not repaired:
        return
    if record.operation == "deploy" and record.result != "updated":
        assert driver.do("deploy").result == "updated", explain
    again = driver.do("deploy")
    assert again.result == "unchanged", f"{explain}; danach {again.message}"

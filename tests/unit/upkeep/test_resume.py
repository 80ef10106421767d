"""SIGKILL at every moment: before and after each change of the world, journal writes included; then a restart."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.unit.upkeep.drive import Driver
from tests.unit.upkeep.streams import Streams
from tests.unit.upkeep.world import Killed, World
from upkeep.gate import maintenance
from upkeep.gate.maintenance import Maintenance, Notice
from upkeep.memory import release
from upkeep.stories.execution import execute

Scene = Callable[[Driver], None]
GOOD, SICK = "good", "sick"


class Stage:
    """A scene set once; `fresh` puts everything back to its beginning."""

    def __init__(self, root: Path, scene: Scene, **placed: Any) -> None:
        self.root = root / "host"
        world = World(self.root)
        world.place(**placed)
        world.release("1.0.0")
        self._driver = Driver(world)
        scene(self._driver)
        self._saved = root / "saved"
        shutil.copytree(self.root, self._saved)

    def fresh(self) -> Driver:
        shutil.rmtree(self.root)
        shutil.copytree(self._saved, self.root)
        return copy.deepcopy(self._driver)

    def points(self, operation: str, **options: Any) -> int:
        """How many moments there are in this run."""
        driver = self.fresh()
        run = driver.begin(operation, **options)
        driver.world.fuse.arm(None)
        execute(run)
        return driver.world.fuse.count


def update_to(kind: str) -> Scene:
    def scene(driver: Driver) -> None:
        driver.must("deploy", "updated")
        driver.world.release("1.1.0", kind=kind)

    return scene


def deploy_with_changed_services(driver: Driver) -> None:
    driver.must("deploy", "updated")
    text = driver.world.paths.compose_file.read_text()
    document = yaml.safe_load(text)
    document["services"]["app-1"]["mem_limit"] = "300m"
    document["services"]["gate"]["mem_limit"] = "100m"
    driver.world.paths.compose_file.write_text(yaml.safe_dump(document))


def rollback(driver: Driver) -> None:
    driver.must("deploy", "updated")
    driver.world.release("1.1.0")
    driver.must("update", "updated")


def first_install(driver: Driver) -> None:
    driver.world.place(mongodb=True)


SCENES: dict[str, tuple[str, Scene]] = {
    "update": ("update", update_to(GOOD)),
    "failing update": ("update", update_to(SICK)),
    "deploy": ("deploy", deploy_with_changed_services),
    "rollback": ("rollback", rollback),
}


def kill_at(driver: Driver, operation: str, point: int | str, **options: Any) -> str:
    run = driver.begin(operation, **options)
    driver.world.fuse.arm(point)
    with pytest.raises(Killed) as killed:
        execute(run)
    driver.world.fuse.arm(None)
    return str(killed.value)


@pytest.mark.parametrize("name", SCENES)
def test_killed_agent_brings_the_run_to_an_honest_end(tmp_path: Path, name: str) -> None:
    operation, scene = SCENES[name]
    stage = Stage(tmp_path, scene)
    total = stage.points(operation)
    assert total > 25
    for point in range(1, total + 1, 1 if operation == "update" else 2):
        driver = stage.fresh()
        old = driver.world.box("app-1").image
        where = kill_at(driver, operation, point)
        driver.resume()
        assert_sound(driver, old, f"{name}, Punkt {point} ({where})")


@pytest.mark.parametrize("name", SCENES)
def test_killed_again_while_resuming(tmp_path: Path, name: str) -> None:
    operation, scene = SCENES[name]
    stage = Stage(tmp_path, scene)
    for point in range(2, stage.points(operation), 7):
        for second in range(1, 60, 7):
            driver = stage.fresh()
            old = driver.world.box("app-1").image
            where = kill_at(driver, operation, point)
            driver.world.fuse.arm(second)
            try:
                driver.resume()
            except Killed as killed:
                where += f", dann {killed}"
            else:
                break
            driver.world.fuse.arm(None)
            driver.resume()
            assert_sound(driver, old, f"{name}, Punkte {point} und {second} ({where})")


def test_app_that_was_told_to_end_runs_again_after_a_kill(driver: Driver) -> None:
    driver.world.place(update={"drain_timeout": 2})
    update_to(GOOD)(driver)
    old = driver.world.box("app-1").image
    driver.world.gate.inside = Streams(driver.world)
    where = kill_at(driver, "update", "after signal SIGTERM")
    assert driver.world.box("app-1").state == "exited"
    driver.resume()
    assert_sound(driver, old, where)


def assert_sound(driver: Driver, old: str, where: str) -> None:
    assert driver.last is not None, where
    world, record = driver.world, driver.read(driver.last.id)
    explain = f"{where}: {record.result}: {record.message}"
    assert record.finished_at, explain
    assert driver.state.release is not None, explain
    assert world.box("app-1").image == driver.state.release.image, explain
    assert world.box("app-1").state == "running", explain
    assert {box.name for box in world.boxes.values()} == {"lager-app-1-1", "lager-gate-1"}, explain
    assert len(world.boxes) == 2, explain
    assert world.gate.closed_by is None, explain
    assert not maintenance.load(world.paths).on, explain
    assert not release.edited_by_hand(world.paths, driver.state.env_hash), explain
    moved = world.box("app-1").image != old
    if record.operation in ("update", "rollback"):
        assert moved == (record.result == "updated"), explain
    assert driver.resume() == [], explain
    if record.operation == "deploy" and record.result != "updated":
        assert driver.do("deploy").result == "updated", explain
    again = driver.do("deploy")
    assert again.result == "unchanged", f"{explain}; danach {again.message}"


def test_killed_first_install_is_healed_by_the_next_deploy(tmp_path: Path) -> None:
    stage = Stage(tmp_path, first_install)
    for point in range(1, stage.points("deploy") + 1):
        driver = stage.fresh()
        where = kill_at(driver, "deploy", point)
        driver.resume()
        healed = driver.do("deploy")
        assert healed.result in ("updated", "unchanged"), f"{where}: {healed.message}"
        assert driver.world.gate.closed_by is None, where
        assert driver.world.mongo.member == "mongodb:27017", where
        assert set(driver.world.mongo.accounts) == {"root", "lager-app"}, where
        assert driver.do("deploy").result == "unchanged", where


def test_operators_maintenance_survives_every_kill(tmp_path: Path) -> None:
    operation, scene = SCENES["update"]
    stage = Stage(tmp_path, scene)
    notice = Notice("operator", "Inventur", "Inventur", "Bis Montag.", since="2026-11-21T09:00:00Z")
    for point in range(1, stage.points(operation) + 1, 2):
        driver = stage.fresh()
        maintenance.change(driver.world.paths, driver.world.ports(), lambda _: Maintenance(operator=notice))
        where = kill_at(driver, operation, point)
        driver.resume()
        assert driver.world.gate.closed_by == "operator", where
        assert maintenance.load(driver.world.paths) == Maintenance(operator=notice), where


def test_kill_before_anything_was_touched_says_so(deployed: Driver) -> None:
    deployed.world.release("1.1.0")
    kill_at(deployed, "update", 5)
    (record,) = deployed.resume()
    assert record.result == "failed"
    assert record.message == (
        "Der Agent wurde beendet, bevor etwas geändert war. 1.0.0 läuft unverändert weiter. "
        "Protokoll: `upkeep logs lager`."
    )


def test_kill_before_the_first_look_still_names_what_serves(deployed: Driver) -> None:
    deployed.begin("update")
    (record,) = deployed.resume()
    assert record.result == "failed"
    assert "1.0.0 läuft unverändert weiter." in record.message


def test_stale_notice_of_a_finished_run_goes(deployed: Driver) -> None:
    record = deployed.must("deploy", "unchanged")
    stale = Notice(f"run:{record.id}", "update", "Update", "…", since=record.started_at)
    maintenance.change(deployed.world.paths, deployed.world.ports(), lambda _: Maintenance(run=stale))
    deployed.resume()
    assert deployed.world.gate.closed_by is None


def test_notice_of_a_failed_run_stays_after_a_restart(deployed: Driver) -> None:
    old = deployed.world.box("app-1").image.partition("@")[2]
    deployed.world.release("1.1.0", kind="sick")
    deployed.world.published[old].kind = "sick"
    record = deployed.must("update", "failed")
    deployed.resume()
    assert deployed.world.gate.closed_by == f"run:{record.id}"


def test_docker_that_comes_up_later_than_the_agent_is_waited_for(deployed: Driver) -> None:
    deployed.world.release("1.1.0")
    kill_at(deployed, "update", 40)
    deployed.world.docker.down_for = 10
    (record,) = deployed.resume()
    assert record.result in ("updated", "rolled_back")


def test_damaged_journal_is_set_aside_and_new_runs_wait_for_a_person(deployed: Driver) -> None:
    run = deployed.begin("update")
    path = deployed.world.paths.runs / f"{run.record.id}.json"
    path.write_text(path.read_text()[:-40])
    assert deployed.resume() == []
    assert path.with_suffix(".corrupt").exists()
    refused = deployed.must("deploy", "refused", force=True)
    assert "ist beschädigt und wurde beiseitegelegt" in refused.message
    assert "`upkeep repair lager` zeigt, was zu tun ist" in refused.message
    deployed.must("repair", "updated")
    deployed.must("deploy", "unchanged")

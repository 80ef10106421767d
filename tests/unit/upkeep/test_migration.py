"""A migration runs once per update, with the new image; what it does to the data decides what may come back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit.upkeep.drive import Driver
from tests.unit.upkeep.test_resume import Stage, kill_at
from tests.unit.upkeep.world import Killed, World
from upkeep.memory import journal
from upkeep.memory.journal import Journal
from upkeep.policy.commands import When
from upkeep.ports.compose import OneOff
from upkeep.status import status

COMMAND = ["lager", "migrate"]


@pytest.fixture
def migrating(driver: Driver) -> Driver:
    """1.0.0 is deployed with a compatible migration, 1.1.0 is in the channel."""
    return scene(driver)


@pytest.fixture
def overhaul(driver: Driver) -> Driver:
    """The same with a migration that is not compatible."""
    return scene(driver, compatible=False)


def scene(driver: Driver, **migration: Any) -> Driver:
    driver.world.place(migration={"command": COMMAND, "timeout": 30} | migration)
    driver.must("deploy", "updated")
    driver.world.one_offs.starts.clear()
    driver.world.release("1.1.0")
    return driver


def serving(world: World) -> str | None:
    return world.behaviour(world.box("app-1")).version if world.box("app-1").state == "running" else None


def test_migration_runs_once_with_the_new_image_between_stop_and_start(migrating: Driver) -> None:
    migrating.world.fuse.arm(None)
    record = migrating.must("update", "updated")
    ((image, command),) = migrating.world.one_offs.starts
    assert (image, list(command)) == (migrating.world.box("app-1").image, COMMAND)
    passed = [label for label in migrating.world.fuse.passed if label.startswith("after st")]
    assert passed[:3] == ["after stop", "after start migration", "after start app-1"]
    assert record.timings["migration_s"] == pytest.approx(1.0, abs=0.3)


def test_first_install_migrates_too(driver: Driver) -> None:
    driver.world.place(migration={"command": COMMAND})
    driver.must("deploy", "updated")
    assert len(driver.world.one_offs.starts) == 1


def test_no_container_of_a_migration_is_left(migrating: Driver) -> None:
    migrating.must("update", "updated")
    assert migrating.world.one_offs.boxes == {}


def test_state_remembers_who_migrated_the_data(migrating: Driver) -> None:
    record = migrating.must("update", "updated")
    migrated = migrating.state.migrated
    assert migrated is not None
    assert (migrated.version, migrated.run, migrated.compatible, migrated.complete) == ("1.1.0", record.id, True, True)
    assert migrating.state.outdated == ()


def test_deploy_of_other_settings_does_not_migrate(migrating: Driver) -> None:
    (migrating.world.paths.secrets / "token").write_text("geheim-neu")
    migrating.must("deploy", "updated")
    assert migrating.world.one_offs.starts == []


def test_rollback_does_not_migrate(migrating: Driver) -> None:
    migrating.must("update", "updated")
    migrating.must("rollback", "updated")
    assert len(migrating.world.one_offs.starts) == 1


def test_failed_compatible_migration_brings_the_old_release_back(migrating: Driver) -> None:
    migrating.world.one_offs.exit_code, migrating.world.one_offs.lines = 3, ("Spalte fehlt: geheim-token",)
    record = migrating.must("update", "rolled_back")
    assert record.message == (
        "Die Migration der Daten ist gescheitert (gefunden: Exit-Code 3; zuletzt: Spalte fehlt: •••). "
        "1.0.0 läuft weiter. Protokoll: `upkeep logs lager`."
    )
    assert record.last_logs == ["migration: Spalte fehlt: •••"]
    assert (serving(migrating.world), migrating.world.gate.closed_by) == ("1.0.0", None)
    assert migrating.world.one_offs.boxes == {}
    assert len(migrating.state.held) == 1


def test_migration_that_hangs_is_stopped_at_its_deadline(migrating: Driver) -> None:
    migrating.world.one_offs.seconds = 10_000
    before = migrating.world.clock.elapsed
    record = migrating.must("update", "rolled_back")
    assert "nach 30 s nicht fertig und angehalten" in record.reason
    assert migrating.world.clock.elapsed - before < 40
    assert migrating.world.one_offs.boxes == {}


def test_migration_that_cannot_start_touches_no_data(overhaul: Driver) -> None:
    overhaul.world.compose.fails_for = lambda project, services: "migration" in services[0]
    record = overhaul.must("update", "rolled_back")
    assert "Die Migration ließ sich nicht starten (gefunden: no such network)" in record.reason
    assert serving(overhaul.world) == "1.0.0"
    assert overhaul.state.migrated is None or overhaul.state.migrated.version == "1.0.0"


def test_failed_incompatible_migration_keeps_the_gate_shut_and_names_the_ways_out(overhaul: Driver) -> None:
    overhaul.world.one_offs.exit_code = 1
    record = overhaul.must("update", "failed")
    assert "Die Daten hat 1.1.0 schon umgestellt, 1.0.0 passt nicht mehr dazu" in record.message
    assert "die Wartungsseite bleibt eingeschaltet" in record.message
    assert "`upkeep deploy lager --force`" in record.message
    assert overhaul.world.gate.closed_by == f"run:{record.id}"
    assert serving(overhaul.world) is None
    assert overhaul.world.one_offs.boxes == {}


def test_release_that_fails_after_an_incompatible_migration_does_not_bring_old_code_back(overhaul: Driver) -> None:
    overhaul.world.release("1.1.0", kind="sick")
    record = overhaul.must("update", "failed")
    assert overhaul.world.gate.closed_by == f"run:{record.id}"
    assert serving(overhaul.world) != "1.0.0"
    assert "passt nicht mehr dazu" in record.message


def test_release_that_fails_after_a_compatible_migration_goes_back(migrating: Driver) -> None:
    migrating.world.release("1.1.0", kind="sick")
    migrating.must("update", "rolled_back")
    assert (serving(migrating.world), migrating.world.gate.closed_by) == ("1.0.0", None)


def test_stack_with_overtaken_data_refuses_the_old_code_and_takes_a_mended_one(overhaul: Driver) -> None:
    overhaul.world.one_offs.exit_code = 1
    overhaul.must("update", "failed")
    drift = status(overhaul.world.paths, overhaul.world.ports(), None)["drift"]
    assert "1.0.0 passt nicht mehr zu den Daten; umgestellt hat sie 1.1.0." in drift
    refused = overhaul.must("deploy", "refused")
    assert "1.0.0 passt nicht mehr zu den Daten (gefunden: umgestellt von 1.1.0 am 2026-11-21)" in refused.message
    overhaul.world.one_offs.exit_code = 0
    overhaul.world.release("1.1.1")
    overhaul.must("update", "updated")
    assert (serving(overhaul.world), overhaul.world.gate.closed_by) == ("1.1.1", None)
    overhaul.must("deploy", "unchanged")


def test_failure_that_touches_nothing_does_not_claim_that_the_overtaken_release_serves(overhaul: Driver) -> None:
    overhaul.world.one_offs.exit_code = 1
    overhaul.must("update", "failed")
    overhaul.world.release("1.1.1")
    overhaul.world.pull_fails = True
    assert "Die Wartungsseite bleibt eingeschaltet." in overhaul.must("update", "failed").message


def test_repair_does_not_start_the_old_code_on_overtaken_data(overhaul: Driver) -> None:
    kill_at(overhaul, "update", "after start migration")
    overhaul.world.fuse.arm("after write state.json")
    with pytest.raises(Killed):
        overhaul.resume()
    overhaul.world.fuse.arm(None)
    assert overhaul.last is not None
    damaged = overhaul.world.paths.runs / f"{overhaul.last.id}.json"
    damaged.write_text(damaged.read_text()[:-9])
    assert overhaul.resume() == []
    record = overhaul.must("repair", "updated")
    assert "1.0.0 passt nicht mehr zu den Daten; die Wartungsseite bleibt eingeschaltet." in record.message
    overhaul.resume()
    assert overhaul.world.gate.closed_by is not None
    assert serving(overhaul.world) is None
    overhaul.must("update", "updated")
    assert (serving(overhaul.world), overhaul.world.gate.closed_by) == ("1.1.0", None)


def test_old_code_comes_back_by_force_once_somebody_has_put_the_data_back(overhaul: Driver) -> None:
    overhaul.world.one_offs.exit_code = 1
    overhaul.must("update", "failed")
    overhaul.must("deploy", "updated", force=True)
    assert (serving(overhaul.world), overhaul.world.gate.closed_by) == ("1.0.0", None)
    overhaul.must("deploy", "unchanged")


def test_rollback_across_an_incompatible_migration_is_refused(overhaul: Driver) -> None:
    overhaul.must("update", "updated")
    assert "1.0.0 passt nicht mehr zu den Daten" in overhaul.must("rollback", "refused").message
    assert serving(overhaul.world) == "1.1.0"


def test_container_of_a_dead_run_goes_before_a_new_one_starts(migrating: Driver) -> None:
    labels = {"upkeep.run": "20261120-080000-update-dead", "upkeep.role": "migration"}
    migrating.world.one_offs.seconds = 10
    migrating.world.one_offs.make(migrating.world.box("app-1").image, OneOff("lager-migration-dead", (), labels, {}))
    migrating.must("update", "updated")
    assert len(migrating.world.one_offs.starts) == 2
    assert migrating.world.one_offs.most_at_once == 1
    assert migrating.world.one_offs.boxes == {}


@pytest.mark.parametrize("compatible", [True, False])
@pytest.mark.parametrize("exit_code", [0, 1])
def test_agent_killed_at_any_moment_never_migrates_twice(tmp_path: Path, compatible: bool, exit_code: int) -> None:
    def setting(driver: Driver) -> None:
        scene(driver, compatible=compatible).world.one_offs.exit_code = exit_code

    stage = Stage(tmp_path, setting)
    for point in range(1, stage.points("update") + 1, 3):
        driver = stage.fresh()
        where = kill_at(driver, "update", point)
        driver.resume()
        assert driver.last is not None
        record = driver.read(driver.last.id)
        ends = {"updated", "rolled_back", "failed"} if exit_code == 0 else {"rolled_back", "failed"}
        assert record.result in ends, where
        assert len(driver.world.one_offs.starts) <= 1, where
        assert driver.world.one_offs.boxes == {}, where
        stuck = driver.world.gate.closed_by is not None
        assert stuck == (not compatible and exit_code == 1 and bool(driver.world.one_offs.starts)), f"{where}: {record}"
        assert stuck or serving(driver.world) in ("1.0.0", "1.1.0"), where


def test_agent_killed_during_the_migration_awaits_it(migrating: Driver) -> None:
    kill_at(migrating, "update", "after start migration")
    (record,) = migrating.resume()
    assert record.result == "updated"
    assert len(migrating.world.one_offs.starts) == 1


def test_deadline_counts_from_the_start_of_the_container_not_of_the_agent(migrating: Driver) -> None:
    migrating.world.one_offs.seconds = 10_000
    kill_at(migrating, "update", "after start migration")
    migrating.world.clock.sleep(25)
    before = migrating.world.clock.elapsed
    (record,) = migrating.resume()
    assert "nach 30 s nicht fertig" in record.reason
    assert migrating.world.clock.elapsed - before < 12


def test_container_that_was_made_but_not_started_is_started(migrating: Driver) -> None:
    kill_at(migrating, "update", "after create migration")
    (record,) = migrating.resume()
    assert record.result == "updated"
    assert len(migrating.world.one_offs.starts) == 1


def test_migration_whose_container_vanished_is_not_run_again(migrating: Driver) -> None:
    kill_at(migrating, "update", "after start migration")
    assert migrating.last is not None
    known = Journal(migrating.last, journal.path_of(migrating.world.paths, migrating.last.id), migrating.world.files)
    known.record.command(When.MIGRATION).container = "one-off-0"  # type: ignore[union-attr]
    known.save()
    migrating.world.one_offs.boxes.clear()
    (record,) = migrating.resume()
    assert record.result == "rolled_back"
    assert "wie weit sie kam, ist unbekannt" in record.reason
    assert len(migrating.world.one_offs.starts) == 1


def test_docker_restarting_during_the_migration_is_waited_for(migrating: Driver) -> None:
    migrating.world.one_offs.seconds = 3
    migrating.world.one_offs.docker_fails_after_start = 3
    migrating.must("update", "updated")

"""A trial restore as a run: what it proves, what it refuses, and that nothing of it is left wherever the agent dies."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.unit.upkeep.drive import Driver
from tests.unit.upkeep.fake_trial import Trial
from tests.unit.upkeep.test_backup import POLICY
from tests.unit.upkeep.world import Killed
from upkeep.backup import memory
from upkeep.backup.manifest import Source
from upkeep.drill.proving import compare_database
from upkeep.errors import BackupUnproven
from upkeep.memory import journal
from upkeep.memory.journal import Record
from upkeep.notify.standing import standing
from upkeep.ports.probe import Answer
from upkeep.ports.programs import Ended
from upkeep.ports.trial_database import Counted
from upkeep.runs.run import Run
from upkeep.stories import resume
from upkeep.stories.execution import execute

DRILL = POLICY | {"drill": {"check": {"command": ["lager", "ledger", "verify"]}, "overdue": 8 * 86400}}


@pytest.fixture
def saved(deployed: Driver) -> Driver:
    deployed.world.place(backup=DRILL)
    deployed.world.programs.present = {"docker"}
    deployed.must("backup", "updated")
    return deployed


def begun(driver: Driver, trial: Trial) -> Run:
    run = driver.begin("drill")
    return Run(run.paths, trial.ports(), run.journal, run.progress)


def tried(driver: Driver, trial: Trial | None = None) -> Record:
    trial = trial or Trial(driver.world)
    run = begun(driver, trial)
    execute(run)
    assert trial.is_gone
    return driver.read(run.record.id)


def found(record: Record) -> dict[str, Any]:
    assert record.drill is not None
    return {item["name"]: item for item in record.drill["findings"]}


def test_a_good_backup_runs_is_judged_and_counts_as_proven(saved: Driver) -> None:
    record = tried(saved)
    assert record.result == "unchanged", record.message
    assert "lässt sich zurückspielen" in record.message
    assert all(item["good"] for item in found(record).values())
    known = memory.recall(saved.world.paths)
    assert known.drilled is not None
    assert (known.drilled.drill, known.proven) == (record.id, known.drilled.run)
    (call,) = saved.world.programs.calls
    assert call[0] == ("docker", "exec", "t-app-1", "lager", "ledger", "verify")
    assert "Bestanden" in next(saved.world.paths.reports.iterdir()).read_text()


def test_data_that_the_application_finds_wrong_fail_it_and_raise_an_alarm(saved: Driver) -> None:
    saved.world.programs.ends["docker"] = Ended(1, "Bestand A in B: laut Buchungen 3, gespeichert 4.\n", 0.1)
    record = tried(saved)
    assert (record.result, record.code) == ("failed", "backup_unproven")
    assert "laut Buchungen 3, gespeichert 4" in record.message
    assert memory.recall(saved.world.paths).drilled is None
    assert [alarm.code for alarm in standing(saved.world.paths, saved.world.ports())] == ["drill_failed"]
    assert "Nicht bestanden" in next(saved.world.paths.reports.iterdir()).read_text()


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Answer(503), "zuletzt HTTP 503"),
        (Answer(200, document={"version": "0.9.0"}), "meldet Version 0.9.0 statt 1.0.0"),
    ],
)
def test_an_application_that_does_not_come_up_as_it_was_fails_it(saved: Driver, answer: Answer, said: str) -> None:
    trial = Trial(saved.world)
    trial.answers = answer
    record = tried(saved, trial)
    assert (record.result, record.code) == ("failed", "not_ready")
    assert said in record.message
    assert record.last_logs == ["app-1: die Datenbank passt nicht zu dieser Version"]


def test_the_newest_is_the_one_this_host_made_and_not_the_one_that_lies_there(saved: Driver) -> None:
    restic, real = saved.world.restic, memory.recall(saved.world.paths).last
    assert real is not None
    for number in list(restic.stored):
        del restic.stored[number]
    record = tried(saved)
    assert record.result != "unchanged"
    assert real.run in record.message


def test_too_little_room_is_refused_before_anything_is_brought_back(saved: Driver) -> None:
    saved.world.files.free_mb = 300
    record = tried(saved)
    assert (record.result, record.intended("unpack")) == ("refused", False)
    assert "Zu wenig Platz" in record.message


def test_killed_anywhere_nothing_is_left_and_the_next_one_works(saved: Driver) -> None:
    beginning = copy.deepcopy(saved)
    run = begun(saved, Trial(saved.world))
    saved.world.fuse.arm(None)
    execute(run)
    points = saved.world.fuse.count
    assert points >= 25
    for point in range(1, points + 1):
        driver = fresh(beginning)
        trial = Trial(driver.world)
        boxes = {name: box.state for name, box in driver.world.boxes.items()}
        run = begun(driver, trial)
        driver.world.fuse.arm(point)
        with pytest.raises(Killed) as killed:
            execute(run)
        driver.world.fuse.arm(None)
        where = f"Punkt {point}: {killed.value}"
        ports = trial.ports()
        resume.resume(run.paths, ports, resume.pending(run.paths, ports), lambda run: None)
        record = driver.read(run.record.id)
        assert record.finished_at, where
        assert trial.is_gone, where
        assert {name: box.state for name, box in driver.world.boxes.items()} == boxes, where
        assert tried(driver).result == "unchanged", where


def fresh(beginning: Driver) -> Driver:
    """The same stack as at first, in the same directory."""
    driver = copy.deepcopy(beginning)
    for file in driver.world.paths.runs.glob("*-drill-*"):
        file.unlink()
    return driver


def test_every_collection_is_compared_and_all_that_is_wrong_is_in_the_report(saved: Driver) -> None:
    def told(name: str, documents: int, kind: str = "collection", database: str = "lager") -> dict[str, Any]:
        return {"database": database, "name": name, "kind": kind, "documents": documents, "indexes": ["_id_", "nach"]}

    facts = {"collections": [told("a", 3), told("b", 4), told("c", 5), told("sicht", 0, "view")]}
    facts["collections"] += [told("system.users", 2, database="admin")]
    source = Source("mongodb", "mongodb", "1", 3, 4, "", "", facts)
    indexes = ("_id_", "nach")
    good = (Counted("lager.a", 3, indexes), Counted("lager.b", 4, indexes), Counted("lager.c", 5, indexes))
    run = saved.begin("drill")
    assert compare_database(run, source, good) == "12 Dokumente in 3 Sammlungen"
    run = saved.begin("drill")
    bad = (Counted("lager.a", 2, indexes), Counted("lager.b", 4, ("_id_",)), Counted("lager.mehr", 1, ("_id_",)))
    with pytest.raises(BackupUnproven, match=r"lager\.a"):
        compare_database(run, source, bad)
    wrong = {name for name, item in found(run.record).items() if not item["good"]}
    assert wrong == {"lager.a", "lager.b", "lager.c", "lager.mehr"}


def test_journals_of_trials_do_not_push_the_history_out(saved: Driver) -> None:
    for _ in range(3):
        assert tried(saved).result == "unchanged"
    assert saved.state.release is not None
    assert [run for run in journal.run_ids(saved.world.paths) if "-deploy-" in run]

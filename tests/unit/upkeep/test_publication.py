"""What the application's containers read about themselves."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from tests.unit.upkeep.drive import Driver
from tests.unit.upkeep.test_backup import POLICY
from upkeep.errors import DiskFailed
from upkeep.memory.housekeeping import settle
from upkeep.memory.journal import Operation


def published(driver: Driver) -> dict[str, Any]:
    return dict(json.loads(driver.world.paths.system_file.read_text()))


def released(driver: Driver, version: str, notes: str) -> None:
    driver.world.published[driver.world.release(version)].notes = notes


def test_versions_and_history_after_a_run(deployed: Driver) -> None:
    deployed.world.release("1.1.0")
    update = deployed.must("update", "updated")
    shown = published(deployed)
    assert (shown["stack"], shown["version"], shown["available"], shown["running"]) == ("lager", "1.1.0", None, None)
    assert update.after is not None
    assert shown["release"]["digest"] == update.after.digest
    entry = shown["history"][0]
    assert (entry["run"], entry["operation"], entry["result"]) == (update.id, "update", "updated")
    assert (entry["from"], entry["to"], entry["message"]) == ("1.0.0", "1.1.0", update.message)
    assert entry["seconds"] > 0
    assert [item["operation"] for item in shown["history"]] == ["update", "deploy"]


def test_everybody_may_read_it(deployed: Driver) -> None:
    assert deployed.world.paths.system_file.stat().st_mode & 0o777 == 0o644


def test_what_a_check_found(deployed: Driver) -> None:
    released(deployed, "1.1.0", "Neu: Buchungen in Echtzeit.")
    check = deployed.must("check", "unchanged")
    shown = published(deployed)
    assert check.finished_at is not None
    assert shown["available"].pop("checked_at") <= check.finished_at
    assert shown["available"] == {"version": "1.1.0", "notes": "Neu: Buchungen in Echtzeit.", "held": False}
    assert shown["checked"] == {
        "run": check.id,
        "at": check.finished_at,
        "result": "unchanged",
        "message": "1.1.0 ist verfügbar (läuft: 1.0.0).",
    }
    assert [item["operation"] for item in shown["history"]] == ["deploy"]


def test_notes_stay_with_the_version_that_was_installed(deployed: Driver) -> None:
    released(deployed, "1.1.0", "Neu.")
    deployed.must("check", "unchanged")
    deployed.must("update", "updated")
    assert published(deployed)["release"]["notes"] == "Neu."
    deployed.must("check", "unchanged")
    assert published(deployed)["release"]["notes"] == "Neu."


def test_a_rolled_back_version_is_held(deployed: Driver) -> None:
    deployed.world.release("1.1.0", kind="sick")
    rolled = deployed.must("update", "rolled_back")
    deployed.must("check", "unchanged")
    shown = published(deployed)
    assert shown["available"]["held"] is True
    entry = shown["history"][0]
    assert (entry["result"], entry["message"], entry["code"]) == ("rolled_back", rolled.message, "not_ready")


def test_a_run_that_begins_is_told(deployed: Driver) -> None:
    run = deployed.begin(Operation.UPDATE)
    settle(deployed.world.paths, deployed.world.ports(), run.record)
    told = {"run": run.record.id, "operation": "update", "started_at": run.record.started_at}
    assert published(deployed)["running"] == told


def test_the_newest_twenty(deployed: Driver) -> None:
    for _ in range(22):
        last = deployed.must("deploy", "unchanged")
    history = published(deployed)["history"]
    assert len(history) == 20
    assert history[0]["run"] == last.id


def test_what_the_door_would_start(deployed: Driver) -> None:
    assert published(deployed)["actions"] == []
    policy = yaml.safe_load(deployed.world.paths.policy_file.read_text())
    policy["door"] = {"origins": ["https://lager.example"]}
    deployed.world.paths.policy_file.write_text(yaml.safe_dump(policy))
    settle(deployed.world.paths, deployed.world.ports())
    assert published(deployed)["actions"] == ["start-update", "check-update", "start-backup"]


def test_damage_elsewhere_and_a_full_disk_are_nobodys_business_here(
    deployed: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployed.world.paths.state_file.write_text("{")
    settle(deployed.world.paths, deployed.world.ports())
    assert published(deployed)["version"] is None

    def full(*_: object, **__: object) -> None:
        raise DiskFailed("voll")

    monkeypatch.setattr(deployed.world.files, "write", full)
    settle(deployed.world.paths, deployed.world.ports())


def test_no_reserve_is_given_up_for_it(deployed: Driver) -> None:
    before = deployed.world.paths.system_file.read_text()
    deployed.must("check", "unchanged")
    told = deployed.world.paths.system_file.read_text()
    assert told != before
    deployed.world.files.free_mb = 0
    deployed.do("check")
    assert deployed.world.paths.system_file.read_text() == told
    assert deployed.world.paths.reserve.exists()


def test_a_stack_without_backups_says_nothing_of_them(deployed: Driver) -> None:
    assert published(deployed)["backup"] is None


def test_backups_are_shown_with_their_sizes_and_what_went_wrong_without_the_operators_words(deployed: Driver) -> None:
    deployed.world.place(backup=POLICY)
    first = deployed.must("backup", "updated")
    deployed.must("backup", "updated")
    shown = published(deployed)["backup"]
    assert [run["size"] > 0 for run in shown["runs"]] == [True, True]
    assert shown["runs"][0]["at"] == first.finished_at
    assert shown["last"]["size"] == shown["runs"][-1]["size"]
    assert (shown["drilled"], shown["problems"], shown["report"]) == (None, [], False)
    deployed.world.restic.outage = "repository_unreachable"
    record = deployed.must("backup", "failed")
    (problem,) = published(deployed)["backup"]["problems"]
    assert "Die letzte Sicherung ist gescheitert" in problem
    assert deployed.world.restic.shown not in json.dumps(published(deployed)["backup"]) + problem
    assert record.reason not in problem

"""Backups as runs: what is in one, what a failure leaves behind, and a SIGKILL at every moment."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from tests.unit.upkeep.drive import Driver
from tests.unit.upkeep.world import Killed
from upkeep import status
from upkeep.backup import foresight, memory
from upkeep.backup.catalogue import catalogue
from upkeep.backup.listing import listing
from upkeep.errors import Refused
from upkeep.memory import audit, publication
from upkeep.stories.execution import execute

POLICY: dict[str, Any] = {
    "target": {"address_file": "/x/backup-address", "password_file": "/x/backup-password", "host": "web1"},
    "volumes": [{"name": "lager_files", "quiesce": "pause"}, {"name": "lager_more", "quiesce": "stop"}],
    "keep": {"hourly": 2, "daily": 3, "weekly": 0, "monthly": 0, "yearly": 0},
}


@pytest.fixture
def saving(deployed: Driver) -> Driver:
    """A deployed stack with a place for backups and no backup yet."""
    deployed.world.place(backup=POLICY)
    return deployed


def backups(driver: Driver) -> list[dict[str, Any]]:
    return list(listing(driver.world.paths, driver.world.ports())["backups"])


def test_a_backup_holds_every_source_and_a_manifest_that_says_what_was_left_out(driver: Driver) -> None:
    driver.world.place(mongodb=True, backup=POLICY)
    driver.must("deploy", "updated")
    left_out = {"database": "lager", "name": "sitzungen", "why": "nach dem Zeitpunkt der Sicherung angelegt"}
    driver.world.restic.feeds = [json.dumps({"report": {"left_out": [left_out], "server": "6.0.5"}})]
    record = driver.must("backup", "updated")
    (backup,) = backups(driver)
    assert backup["complete"]
    assert backup["sources"] == ["files", "mongodb", "volume:lager_files", "volume:lager_more"]
    manifest = json.loads(next(text for text in driver.world.restic.contents.values() if text.startswith("{")))
    assert (manifest["run"], manifest["host"], manifest["release"]["version"]) == (record.id, "web1", "1.0.0")
    assert manifest["sources"][0]["name"] == "mongodb"
    assert manifest["sources"][0]["facts"]["server"] == "6.0.5"
    assert manifest["left_out"] == ["lager.sitzungen: nach dem Zeitpunkt der Sicherung angelegt"]
    assert "geheim" not in json.dumps(manifest)


def test_a_postgres_is_dumped_in_the_container_of_its_service(saving: Driver) -> None:
    sources = [{"service": "app-1", "database": "rechnungen"}]
    saving.world.place(backup=POLICY | {"postgres": sources})
    saving.world.restic.feeds = [json.dumps({"report": {"database": "rechnungen", "server": "pg_dump 17"}})]
    saving.must("backup", "updated")
    assert "postgres:rechnungen" in backups(saving)[0]["sources"]
    manifest = json.loads(next(text for text in saving.world.restic.contents.values() if text.startswith("{")))
    assert manifest["sources"][0]["facts"]["server"] == "pg_dump 17"


def test_a_postgres_whose_service_does_not_run_is_refused_with_the_variable_to_correct(saving: Driver) -> None:
    saving.world.place(backup=POLICY | {"postgres": [{"service": "db", "database": "rechnungen"}]})
    assert "stack__backup_postgres" in saving.must("backup", "refused").message


def test_writers_are_kept_still_only_while_their_volume_is_read(saving: Driver) -> None:
    saving.must("backup", "updated")
    assert saving.world.restic.seen_while_saving == [["paused"], ["exited"], ["running"], ["running"]]
    assert saving.world.box("app-1").state == "running"


def test_a_container_that_was_paused_before_stays_paused(saving: Driver) -> None:
    saving.world.box("app-1").state = "paused"
    saving.must("backup", "updated")
    assert saving.world.box("app-1").state == "paused"


def test_a_failing_target_fails_the_run_brings_everybody_back_and_calls_for_somebody(saving: Driver) -> None:
    alarm = {"alarm": [{"command": ["/usr/bin/rufen"]}]}
    saving.world.place(backup=POLICY, hooks=alarm)
    saving.must("backup", "updated")
    saving.world.restic.outage = "repository_unreachable"
    record = saving.must("backup", "failed")
    assert record.code == "repository_unreachable"
    assert "Frühere Sicherungen sind unberührt" in record.message
    assert saving.world.programs.called() == ["/usr/bin/rufen"]
    assert saving.world.box("app-1").state == "running"


def test_a_dump_spoiled_by_a_dropped_collection_is_begun_again(driver: Driver) -> None:
    driver.world.place(mongodb=True, backup=POLICY)
    driver.must("deploy", "updated")
    spoiled = '{"code": "dump_spoiled", "error": "Sammlungen verschwanden."}'
    driver.world.restic.feeds = [spoiled, spoiled, '{"report": {"left_out": []}}']
    driver.must("backup", "updated")
    driver.world.restic.feeds = ['{"code": "dump_refused", "error": "Kein Replica Set."}']
    assert "Kein Replica Set." in driver.must("backup", "failed").message


def test_a_repository_is_never_made_where_there_was_one_before(saving: Driver) -> None:
    saving.must("backup", "updated")
    saving.world.restic.repository = None
    record = saving.must("backup", "failed")
    assert record.code == "repository_missing"
    assert saving.world.restic.repository is None
    saving.world.restic.repository = "b" * 64
    assert saving.must("backup", "failed").code == "repository_other"


def test_a_backup_is_no_update_for_the_application_and_its_users(saving: Driver) -> None:
    run = saving.begin("backup")
    seen = status.public(saving.world.paths, run.record)
    assert (seen["running"], seen["phase"]) == (False, "")
    execute(run)
    publication.publish(saving.world.paths, saving.world.ports(), None)
    shown = json.loads(saving.world.paths.system_file.read_text())
    assert [entry["operation"] for entry in shown["history"]] == ["deploy"]
    assert audit.knows(saving.world.paths, run.record.id)


def test_a_stack_without_a_target_refuses_and_says_where_to_set_it(deployed: Driver) -> None:
    assert "stack__backup_target" in deployed.must("backup", "refused").message
    with pytest.raises(Refused, match="kein Sicherungsziel"):
        listing(deployed.world.paths, deployed.world.ports())


def test_check_mode_says_exactly_what_would_be_saved_and_writes_nothing(saving: Driver) -> None:
    plan = foresight.of_backup(saving.world.paths, saving.world.ports(), {})
    assert plan["changed"]
    assert plan["steps"][0].startswith("Repository anlegen: rest:http://sicherung")
    assert plan["steps"][1:3] == [
        "Volume lager_files (eingefroren) sichern",
        "Volume lager_more (angehalten) sichern",
    ]
    assert saving.world.restic.repository is None


def test_whoever_asks_for_none_unless_the_last_is_old_gets_none_twice(saving: Driver) -> None:
    saving.must("backup", "updated", unless_younger=3600)
    assert "Minuten alt" in saving.must("backup", "unchanged", unless_younger=3600).message
    plan = foresight.of_backup(saving.world.paths, saving.world.ports(), {"unless_younger": 3600})
    assert not plan["changed"]
    saving.world.clock.sleep(3601)
    saving.must("backup", "updated", unless_younger=3600)
    assert saving.must("backup", "refused", unless_younger="bald").code == "bad_request"


def test_killed_anywhere_the_containers_come_back_and_the_next_backup_needs_nobody(saving: Driver) -> None:
    beginning = copy.deepcopy(saving)
    run = saving.begin("backup")
    saving.world.fuse.arm(None)
    execute(run)
    points = saving.world.fuse.count
    assert points >= 25
    for point in range(1, points + 1):
        driver = fresh(beginning)
        run = driver.begin("backup")
        driver.world.fuse.arm(point)
        with pytest.raises(Killed) as killed:
            execute(run)
        driver.world.fuse.arm(None)
        where = f"Punkt {point}: {killed.value}"
        (record,) = driver.resume() or [driver.read(run.record.id)]
        assert record.finished_at, where
        assert driver.world.box("app-1").state == "running", where
        found = catalogue(driver.world.restic.snapshots(), "lager", driver.world.clock.now())
        assert (record.result == "updated") == (found.of(record.id) in found.complete), where
        driver.must("backup", "updated")
        driver.must("verify", "unchanged", all=True)
        assert driver.must("verify", "unchanged").result == "unchanged", where


def fresh(beginning: Driver) -> Driver:
    """The same stack as at first, in the same directory."""
    driver = copy.deepcopy(beginning)
    paths = driver.world.paths
    for file in (*paths.runs.glob("*-backup-*"), *paths.runs.glob("*-verify-*"), memory.file(paths)):
        file.unlink(missing_ok=True)
    for file in (paths.audit_log, paths.audit_head):
        file.unlink(missing_ok=True)
    return driver

"""Alarms: each is told once, again when it changes, and an all-clear when it is over."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.upkeep.drive import Driver
from tests.unit.upkeep.test_backup import POLICY
from upkeep import status
from upkeep.backup import memory
from upkeep.backup.catalogue import Backup, catalogue
from upkeep.layout import StackPaths
from upkeep.notify.telling import tell
from upkeep.notify.trial import trial
from upkeep.ports import Ports


def watch(driver: Driver) -> list[tuple[str, str]]:
    """What people hear when somebody looks now."""
    tell(driver.world.paths, driver.world.ports())
    return driver.world.notify.said()


@pytest.fixture
def saving(deployed: Driver) -> Driver:
    """With one backup that was verified, so that its snapshots are counted."""
    deployed.world.place(backup=POLICY | {"drill": {"overdue": 8 * 86400}})
    deployed.must("backup", "updated")
    deployed.must("verify", "unchanged", all=True)
    assert watch(deployed) == []
    return deployed


def test_a_failed_backup_is_told_once_again_for_another_reason_and_cleared_by_a_good_one(saving: Driver) -> None:
    saving.world.restic.outage = "repository_unreachable"
    record = saving.must("backup", "failed")
    tell(saving.world.paths, saving.world.ports())
    (notice,) = saving.world.notify.sent
    assert (notice.kind, notice.code, notice.stack) == ("alarm", "backup_failed", "lager")
    assert notice.text.startswith(record.message)
    saving.world.notify.said()
    saving.must("backup", "failed")
    assert watch(saving) == []
    saving.world.restic.outage = "repository_full"
    saving.must("backup", "failed")
    assert watch(saving) == [("alarm", "backup_failed")]
    saving.world.restic.outage = None
    saving.must("backup", "updated")
    assert watch(saving) == [("all_clear", "backup_failed")]
    assert watch(saving) == []


def test_an_overdue_backup_and_a_missing_trial_are_found_without_any_run(saving: Driver) -> None:
    saving.world.clock.sleep(27 * 3600)
    assert watch(saving) == [("alarm", "backup_overdue")]
    saving.world.clock.sleep(8 * 86400)
    assert watch(saving) == [("alarm", "drill_overdue")]
    assert any("Noch keine Übung glückte" in text for text in status.status(*two(saving), None)["drift"])
    saving.must("backup", "updated")
    assert watch(saving) == [("all_clear", "backup_overdue")]


def test_what_could_not_be_delivered_is_said_and_tried_again(saving: Driver) -> None:
    saving.world.notify.problem = "Verbindung abgelehnt"
    saving.world.clock.sleep(27 * 3600)
    answer = tell(*two(saving))
    assert answer["undelivered"] == ["E-Mail an anna@example.de: Verbindung abgelehnt"]
    assert [alarm["code"] for alarm in answer["alarms"]] == ["backup_overdue"]
    assert watch(saving) == []
    saving.world.notify.problem = None
    assert watch(saving) == [("alarm", "backup_overdue")]
    saving.must("backup", "updated")


def test_where_nobody_wants_to_be_told_alarms_stand_all_the_same(saving: Driver) -> None:
    saving.world.notify.ways = 0
    saving.world.clock.sleep(27 * 3600)
    answer = tell(*two(saving))
    assert (answer["undelivered"], len(answer["alarms"])) == ([], 1)
    with pytest.raises(Exception, match="keine Benachrichtigung eingerichtet"):
        trial(saving.world.ports())


def test_a_whole_backup_that_this_host_never_made_is_an_alarm(saving: Driver) -> None:
    """Its tags, its times and its manifest may be perfect."""
    restic = saving.world.restic
    run = next(tag for item in restic.stored.values() for tag in item.tags if tag.startswith("run="))
    for item in list(restic.stored.values()):
        tags = tuple(f"{run[:-4]}beef" if tag == run else tag for tag in item.tags)
        restic.stored[f"f{item.id}"] = replace(item, id=f"f{item.id}", tags=tags)
        content = restic.contents.get(item.id, "")
        restic.contents[f"f{item.id}"] = content.replace(run[4:], f"{run[4:-4]}beef").replace('": "000', '": "f000')
    assert "dieser Host hat sie nie gemacht" in saving.must("verify", "failed").message
    assert watch(saving) == [("alarm", "strange")]
    saving.must("verify", "failed")
    assert watch(saving) == []
    saving.must("verify", "unchanged", accept=True)
    assert watch(saving) == [("all_clear", "strange")]


def test_a_snapshot_slipped_into_a_backup_and_one_taken_out_are_alarms(saving: Driver) -> None:
    restic = saving.world.restic
    item = next(iter(restic.stored.values()))
    restic.stored["dazu"] = replace(item, id="dazu")
    assert "Schnappschuss dazu kam nachträglich dazu" in saving.must("verify", "failed").message
    assert watch(saving) == [("alarm", "verify_failed"), ("alarm", "strange")]
    del restic.stored["dazu"]
    saving.must("verify", "unchanged")
    assert watch(saving) == [("all_clear", "strange"), ("all_clear", "verify_failed")]
    saving.must("backup", "updated")
    del restic.stored[item.id]
    assert "Teilen sind verschwunden" in saving.must("verify", "failed").message
    assert watch(saving) == [("alarm", "strange")]


def test_what_tidying_removes_is_missed_by_nobody(saving: Driver) -> None:
    for _ in range(6):
        saving.world.clock.sleep(86400)
        saving.must("backup", "updated")
    saving.must("verify", "unchanged", all=True)
    saving.must("verify", "updated", tidy=True)
    saving.must("verify", "unchanged")
    assert set(memory.recall(saving.world.paths).made or {}) == {item.run for item in known(saving) if item.complete}


def test_an_update_that_leaves_the_gate_shut_is_told_and_cleared(saving: Driver) -> None:
    old = saving.world.box("app-1").image.partition("@")[2]
    saving.world.release("1.1.0", kind="sick")
    saving.world.published[old].kind = "sick"
    saving.must("update", "failed")
    assert watch(saving) == [("alarm", "closed")]
    saving.world.published[old].kind = "good"
    saving.must("rollback", "refused")
    saving.world.release("1.2.0")
    saving.must("update", "updated")
    assert watch(saving) == [("all_clear", "closed")]


def test_secrets_of_the_stack_do_not_leave_the_host(saving: Driver) -> None:
    known_now = replace(memory.recall(saving.world.paths), strange=("Passwort geheim-token am Ziel",))
    memory.remember(saving.world.paths, known_now, saving.world.files)
    tell(*two(saving))
    (notice,) = saving.world.notify.sent
    assert "geheim-token" not in notice.text
    assert "•••" in notice.text


def two(driver: Driver) -> tuple[StackPaths, Ports]:
    return driver.world.paths, driver.world.ports()


def known(driver: Driver) -> tuple[Backup, ...]:
    return catalogue(driver.world.restic.snapshots(), "lager", driver.world.clock.now()).backups

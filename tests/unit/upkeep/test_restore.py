"""Restores as runs: what comes back, what is kept, what leads back, and a SIGKILL at every moment."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.unit.upkeep.drive import Driver
from tests.unit.upkeep.fake_collections import POISON
from tests.unit.upkeep.test_reserve import used_up_at
from tests.unit.upkeep.test_resume import Stage, kill_at
from upkeep.backup.listing import listing
from upkeep.errors import Refused
from upkeep.memory import state
from upkeep.memory.journal import Operation
from upkeep.memory.state import Migrated
from upkeep.restore import foresight, story

POLICY: dict[str, Any] = {
    "target": {"address_file": "/x/backup-address", "password_file": "/x/backup-password", "host": "web1"},
    "volatile": ["sessions"],
    "undo": 3 * 86400,
}
THEN = {"artikel": "damals", "orte": "damals", "sessions": "Anna"}
NOW = {"artikel": "heute", "neu": "heute", "sessions": "Berta"}
BACK = {"lager.artikel": "damals", "lager.orte": "damals", "lager.sessions": ""}


def with_backup(driver: Driver) -> None:
    driver.world.place(mongodb=True, backup=POLICY)
    driver.must("deploy", "updated")
    driver.world.collections.put(**THEN)
    entries = [{"database": "lager", "name": name, "bytes": 100} for name in THEN]
    report = {"left_out": [], "collections": entries, "server": "6.0.5"}
    driver.world.restic.feeds = [json.dumps({"report": report})]
    driver.must("backup", "updated")
    driver.world.collections.archive = dict(driver.world.collections.live)
    driver.world.collections.put(**NOW)


@pytest.fixture
def saved(driver: Driver) -> Driver:
    """Deployed, with a backup of THEN; live is NOW."""
    with_backup(driver)
    return driver


def live(driver: Driver) -> dict[str, str]:
    return driver.world.collections.live


def now() -> dict[str, str]:
    return {f"lager.{name}": text for name, text in NOW.items()}


def serving(driver: Driver) -> bool:
    return driver.world.box("app-1").state == "running" and driver.world.gate.closed_by is None


def test_all_data_come_back_with_nobody_signed_in_and_today_s_are_kept(saved: Driver) -> None:
    record = saved.must("restore", "updated")
    assert live(saved) == BACK
    assert serving(saved)
    assert "aufgehoben; zurück mit `upkeep undo lager`" in record.message
    names = [phase.name for phase in record.phases]
    assert names.index("remember") < names.index("stage") < names.index("close") < names.index("switch")
    assert names.index("keep") < names.index("open")
    found = listing(saved.world.paths, saved.world.ports())["backups"]
    assert (found[0]["run"], found[0]["complete"]) == (record.id, True)
    assert [name.partition(record.id)[0] for name in saved.world.collections.aside] == ["lager.upkeep-old."] * 3


def test_tried_again_the_backup_comes_back_and_not_what_the_first_try_saved(saved: Driver) -> None:
    first = saved.must("restore", "updated")
    again = saved.must("restore", "updated")
    assert first.restore is not None
    assert again.restore is not None
    assert again.restore["backup"] == first.restore["backup"]
    saved.must("restore", "updated", backup=first.id)


def test_undo_brings_today_s_back_and_a_second_undo_the_restored_ones(saved: Driver) -> None:
    saved.must("restore", "updated")
    saved.world.collections.there["x"] = ("lager.danach", "geschrieben nach dem Zurückspielen")
    saved.must("undo", "updated")
    assert live(saved) == now()
    assert serving(saved)
    saved.must("undo", "updated")
    assert live(saved) == BACK | {"lager.danach": "geschrieben nach dem Zurückspielen"}


def test_one_collection_comes_back_alone_and_goes_away_again(saved: Driver) -> None:
    saved.must("restore", "updated", only=["mongodb:lager.orte"])
    assert live(saved) == now() | {"lager.orte": "damals"}
    saved.must("undo", "updated")
    assert live(saved) == now()


def test_data_the_application_does_not_get_ready_with_go_back_by_themselves(saved: Driver) -> None:
    saved.world.collections.archive["lager.artikel"] = POISON
    record = saved.must("restore", "rolled_back")
    assert live(saved) == now()
    assert serving(saved)
    assert saved.world.collections.aside == []
    assert "nicht bereit" in record.message
    assert "Die Daten sind wieder die von vorher" in record.message
    assert "nichts zurückzunehmen" in saved.must("undo", "refused").message


def test_data_that_cannot_be_loaded_leave_everything_untouched(saved: Driver) -> None:
    saved.world.collections.broken = True
    record = saved.must("restore", "failed")
    assert "Die laufenden Daten sind unberührt" in record.message
    assert not record.intended("close")
    assert (live(saved), saved.world.collections.aside) == (now(), [])


def test_without_a_safety_backup_nothing_comes_back(saved: Driver) -> None:
    saved.world.restic.feeds = ['{"code": "database", "error": "Die MongoDB lässt sich nicht sichern"}']
    assert not saved.must("restore", "failed").intended("stage")
    assert live(saved) == now()


def test_what_is_kept_goes_after_its_days_with_the_next_backup(saved: Driver) -> None:
    saved.must("restore", "updated")
    saved.world.clock.moment += timedelta(days=2)
    saved.must("backup", "updated")
    assert saved.world.collections.aside
    saved.world.clock.moment += timedelta(days=2)
    saved.must("backup", "updated")
    assert saved.world.collections.aside == []
    assert "nichts zurückzunehmen" in saved.must("undo", "refused").message


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"backup": "20200101-000000-backup-0000"}, "gibt es an"),
        ({"backup": 4711}, "muss ein Text sein"),
        ({"file": "export.tar.zst"}, "kein voller Pfad"),
        ({"file": "/x", "backup": "y"}, "gehen nicht zusammen"),
        ({"only": "mongodb"}, "muss eine Liste"),
        ({"only": ["files:x"]}, "nicht einzeln zurückspielen"),
        ({"only": ["postgres:x"]}, "enthält „postgres:x“ nicht"),
        ({"only": ["mongodb:lager.fehlt"]}, "enthält „mongodb:lager.fehlt“ nicht"),
        ({"only": ["volume:fehlt"]}, "enthält „volume:fehlt“ nicht"),
        ({"only": ["mongodb:a", "mongodb:b"]}, "nur eines auf einmal"),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_reason(saved: Driver, options: dict[str, Any], told: str) -> None:
    assert told in saved.must("restore", "refused", **options).message
    assert live(saved) == now()


def test_a_full_disk_a_secondary_and_a_changed_policy_are_refused_before_anything(saved: Driver) -> None:
    saved.world.collections.unfit = True
    assert "nicht Primary" in saved.must("restore", "refused").message
    saved.world.collections.unfit = False
    saved.world.files.free_mb = 300
    assert "Zu wenig Platz" in saved.must("restore", "refused").message
    saved.world.files.free_mb = 50_000
    saved.world.place(mongodb=True, slots=2, backup=POLICY)
    assert "noch nicht ausgerollt" in saved.must("restore", "refused").message


def test_data_of_a_newer_release_or_from_before_a_migration_need_force(saved: Driver) -> None:
    known, paths = saved.state, saved.world.paths
    assert known.release is not None
    older = replace(known, release=replace(known.release, version="0.9.0"))
    state.save(paths, older, saved.world.files)
    assert "von einer neueren Version der Anwendung" in saved.must("restore", "refused").message
    migrated = Migrated("1.1.0", "sha256:1", "run", "2026-11-22T00:00:00.000Z", compatible=False, complete=True)
    other = replace(known.release, version="1.1.0", digest="sha256:1")
    state.save(paths, replace(known, release=other, migrated=migrated), saved.world.files)
    assert "für eine neue Version umgestellt" in saved.must("restore", "refused").message
    state.save(paths, known, saved.world.files)
    saved.must("restore", "updated", force=True)


def test_check_mode_says_every_step_and_writes_nothing(saved: Driver) -> None:
    saved.world.fuse.arm(None)
    paths, ports = saved.world.paths, saved.world.ports()
    answer = foresight.of_restore(paths, ports, Operation.RESTORE, {})
    assert answer["changed"]
    assert answer["steps"][0] == "Die Daten von jetzt sichern"
    assert "MongoDB, alle Datenbanken: austauschen, alle Sammlungen in einem Augenblick" in answer["steps"]
    with pytest.raises(Refused, match="nichts zurückzunehmen"):
        foresight.of_restore(paths, ports, Operation.UNDO, {})
    assert saved.world.fuse.count == 0
    saved.must("restore", "updated")
    assert "zurücktauschen" in " ".join(foresight.of_restore(paths, ports, Operation.UNDO, {})["steps"])


def test_an_undo_without_anything_kept_is_refused_at_once(saved: Driver) -> None:
    with pytest.raises(Refused, match="nichts zurückzunehmen"):
        story.refuse_at_once(saved.world.paths, Operation.UNDO, {})


@pytest.mark.parametrize(
    ("moment", "result"), [("stage", "failed"), ("switch", "rolled_back"), ("open", "updated"), ("tidy", "updated")]
)
def test_a_disk_that_fills_up_never_leaves_the_gate_shut(
    saved: Driver, monkeypatch: pytest.MonkeyPatch, moment: str, result: str
) -> None:
    used_up_at(saved, monkeypatch, moment)
    record = saved.must("restore", result)
    assert "Die Platte ist voll" in record.message
    assert live(saved) == (BACK if result == "updated" else now())
    assert serving(saved)


def test_people_read_that_data_come_back_and_nothing_of_an_update(
    saved: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown, real = [], saved.world.gate.set_map

    def set_map(name: str, entries: dict[str, str]) -> None:
        shown.append(entries.get("title"))
        real(name, entries)

    monkeypatch.setattr(saved.world.gate, "set_map", set_map)
    saved.must("restore", "updated")
    assert {*shown} - {None} == {"Daten werden zurückgespielt"}
    saved.must("undo", "updated")
    assert shown[-1] is None
    assert "Daten werden zurückgeholt" in shown


def poisoned(driver: Driver) -> None:
    with_backup(driver)
    driver.world.collections.archive["lager.artikel"] = POISON


def restored(driver: Driver) -> None:
    with_backup(driver)
    driver.must("restore", "updated")


@pytest.mark.parametrize(
    ("operation", "scene", "sides"),
    [
        ("restore", with_backup, (now(), BACK)),
        ("restore", poisoned, (now(),)),
        ("undo", restored, (BACK, now())),
    ],
)
def test_killed_anywhere_the_data_are_of_one_side_and_everybody_is_served(
    tmp_path: Path, operation: str, scene: Any, sides: tuple[dict[str, str], ...]
) -> None:
    stage = Stage(tmp_path, scene)
    total = stage.points(operation)
    assert total > 25
    for point in range(1, total + 1, 2):
        driver = stage.fresh()
        where = f"Punkt {point} ({kill_at(driver, operation, point)})"
        driver.resume()
        assert driver.last is not None
        record = driver.read(driver.last.id)
        assert record.finished_at, where
        assert live(driver) in sides, where
        assert live(driver) == (sides[-1] if record.result == "updated" else sides[0]), where
        assert serving(driver), where
        left = driver.world.collections.aside
        assert record.result == "updated" or not [name for name in left if record.id in name], where
        driver.world.collections.archive.pop("lager.artikel", None)
        assert driver.do("restore").result == "updated", where


def test_on_a_host_that_is_new_a_file_is_enough_and_the_place_for_backups_is_made(driver: Driver) -> None:
    driver.world.place(mongodb=True, backup=POLICY)
    driver.must("deploy", "updated")
    assert driver.must("restore", "failed").code == "repository_missing"
    assert driver.world.restic.repository is None
    record = driver.must("restore", "failed", file="/mnt/usb/fehlt.tar.zst")
    assert "fehlt.tar.zst" in record.message
    assert driver.world.restic.repository is not None

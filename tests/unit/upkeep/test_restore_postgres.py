"""Restores of a stack whose data are in PostgreSQL: the same story, with databases that are renamed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.upkeep.drive import Driver
from tests.unit.upkeep.fake_collections import POISON
from tests.unit.upkeep.test_resume import Stage, kill_at
from tests.unit.upkeep.world import Box
from upkeep.memory.journal import Operation
from upkeep.ports.databases import LONGEST_NAME, OLD, mark, name_beside
from upkeep.restore import foresight

POLICY: dict[str, Any] = {
    "target": {"address_file": "/x/backup-address", "password_file": "/x/backup-password", "host": "web1"},
    "postgres": [{"service": "db", "database": "rechnungen"}],
    "volumes": [{"name": "lager_pg"}],
    "volatile": ["sitzungen"],
}
DUMPED = {"report": {"database": "rechnungen", "server": "pg_dump (PostgreSQL) 17.6", "bytes": 6}}


def with_backup(driver: Driver) -> None:
    """Deployed, with a backup of „damals“; live is „heute“."""
    world = driver.world
    world.place(backup=POLICY)
    driver.must("deploy", "updated")
    body = {"mounts": {"/var/lib/postgresql/data": "lager_pg"}}
    image = f"postgres@{world.publish('postgres:17', None)}"
    world.boxes["pg"] = Box("pg", "db", "service", image, body, "10.0.0.99", name="lager-db-1")
    world.databases.there = {"rechnungen": "heute"}
    world.databases.dump = "damals"
    world.restic.feeds = [json.dumps(DUMPED)]
    driver.must("backup", "updated")


@pytest.fixture
def saved(driver: Driver) -> Driver:
    with_backup(driver)
    return driver


def live(driver: Driver) -> str:
    return driver.world.databases.there["rechnungen"]


def aside(driver: Driver) -> dict[str, str]:
    return {name: text for name, text in driver.world.databases.there.items() if name != "rechnungen"}


def serving(driver: Driver) -> bool:
    return all(box.state == "running" for box in driver.world.boxes.values()) and driver.world.gate.closed_by is None


def test_the_database_comes_back_and_today_s_is_kept_and_had_again(saved: Driver) -> None:
    record = saved.must("restore", "updated")
    assert (live(saved), serving(saved)) == ("damals", True)
    assert aside(saved) == {name_beside("rechnungen", OLD, record.id): "heute"}
    assert saved.world.databases.emptied == [(f"rechnungen_neu{mark(record.id)}", "sitzungen")]
    undone = saved.must("undo", "updated")
    assert (live(saved), list(aside(saved).values())) == ("heute", ["damals"])
    assert mark(undone.id) in next(iter(aside(saved)))
    saved.must("undo", "updated")
    assert live(saved) == "damals"


def test_its_server_runs_through_and_its_files_do_not_come_back_beside_it(saved: Driver) -> None:
    record = saved.must("restore", "updated")
    assert record.restore is not None
    assert "pg" not in record.restore["stopped"]
    assert record.restore["volumes"] == []


def test_data_the_application_does_not_get_ready_with_go_back_by_themselves(saved: Driver) -> None:
    saved.world.databases.dump = POISON
    record = saved.must("restore", "rolled_back")
    assert (live(saved), aside(saved), serving(saved)) == ("heute", {}, True)
    assert "Die Daten sind wieder die von vorher" in record.message


def test_a_dump_that_cannot_be_loaded_leaves_everything_untouched(saved: Driver) -> None:
    saved.world.databases.broken = True
    record = saved.must("restore", "failed")
    assert "Die laufenden Daten sind unberührt" in record.message
    assert not record.intended("close")
    assert saved.world.databases.there == {"rechnungen": "heute"}


def test_what_cannot_come_back_is_refused_before_anything(saved: Driver) -> None:
    saved.world.databases.standby = True
    assert "es ist eine Replik" in saved.must("restore", "refused").message
    saved.world.databases.standby = False
    assert "enthält „postgres:fehlt“ nicht" in saved.must("restore", "refused", only=["postgres:fehlt"]).message
    saved.world.place(backup=POLICY | {"postgres": []})
    assert "Die Policy nennt sie nicht" in saved.must("restore", "refused").message
    assert saved.world.databases.there == {"rechnungen": "heute"}


def test_check_mode_says_it(saved: Driver) -> None:
    paths, ports = saved.world.paths, saved.world.ports()
    told = "\n".join(foresight.of_restore(paths, ports, Operation.RESTORE, {})["steps"])
    assert "PostgreSQL rechnungen: neben der laufenden Datenbank laden" in told
    assert "Datenbanken umbenennen" in told
    saved.must("restore", "updated", only=["postgres:rechnungen"])
    back = "\n".join(foresight.of_restore(paths, ports, Operation.UNDO, {})["steps"])
    assert "PostgreSQL rechnungen zurücktauschen" in back


def test_names_beside_fit_and_differ_however_long_a_name_is() -> None:
    run = "20261122-011500-restore-1a2b"
    names = {name_beside("ä" * 30 + end, OLD, run) for end in ("a", "b")}
    assert len(names) == 2
    assert all(len(name.encode()) <= LONGEST_NAME and name.endswith(mark(run)) for name in names)


@pytest.mark.parametrize("operation", ["restore", "undo"])
def test_killed_anywhere_the_data_are_of_one_side_and_everybody_is_served(tmp_path: Path, operation: str) -> None:
    def scene(driver: Driver) -> None:
        with_backup(driver)
        if operation == "undo":
            driver.must("restore", "updated")

    stage = Stage(tmp_path, scene)
    before, after = ("heute", "damals") if operation == "restore" else ("damals", "heute")
    for point in range(1, stage.points(operation) + 1, 6):
        driver = stage.fresh()
        where = f"Punkt {point} ({kill_at(driver, operation, point)})"
        driver.resume()
        assert driver.last is not None
        record = driver.read(driver.last.id)
        assert live(driver) == (after if record.result == "updated" else before), where
        assert serving(driver), where
        left = [name for name in aside(driver) if name.endswith(mark(record.id))]
        assert record.result == "updated" or not left, where
        assert driver.do("restore").result == "updated", where

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.upkeep.drive import Driver
from tests.unit.upkeep.test_resume import kill_at
from upkeep import health, status
from upkeep.agent.operator import set_maintenance
from upkeep.memory import audit
from upkeep.memory.housekeeping import settle


def lines(driver: Driver) -> list[dict[str, Any]]:
    return [json.loads(line) for line in driver.world.paths.audit_log.read_text().splitlines()]


def problem(driver: Driver) -> str | None:
    return audit.verify(driver.world.paths).problem


@pytest.fixture
def three(deployed: Driver) -> Driver:
    """Three runs and their lines."""
    deployed.world.release("1.1.0")
    deployed.must("update", "updated")
    deployed.must("check", "unchanged")
    return deployed


def rewrite(driver: Driver, number: int, **changes: Any) -> None:
    path = driver.world.paths.audit_log
    changed = [line | (changes if line["n"] == number else {}) for line in lines(driver)]
    path.write_text("".join(json.dumps(line) + "\n" for line in changed))


def test_every_run_has_a_line_that_names_what_and_who(three: Driver) -> None:
    first, second, third = lines(three)
    assert [first["operation"], second["operation"], third["operation"]] == ["deploy", "update", "check"]
    assert second["starter"] == "test"
    assert second["result"] == "updated"
    assert second["from"].startswith("1.0.0@sha256:")
    assert second["to"].startswith("1.1.0@sha256:")
    assert second["prev"] == first["hash"]
    assert problem(three) is None
    assert audit.head_after(three.world.paths, second["run"]) == second["hash"]


def test_operator_maintenance_has_its_lines_and_check_mode_none(deployed: Driver) -> None:
    paths, ports = deployed.world.paths, deployed.world.ports()
    set_maintenance(paths, ports, {"on": True, "check": True}, run_active=False)
    set_maintenance(paths, ports, {"on": True, "starter": "cli:anna"}, run_active=False)
    set_maintenance(paths, ports, {"on": False, "starter": "cli:bert"}, run_active=False)
    assert [(line["operation"], line["starter"]) for line in lines(deployed)[1:]] == [
        ("maintenance on", "cli:anna"),
        ("maintenance off", "cli:bert"),
    ]


@pytest.mark.parametrize(
    ("number", "changes", "said"),
    [
        (2, {"starter": "cli:niemand"}, "audit.log, Zeile 2: Inhalt und Prüfsumme passen nicht zusammen"),
        (1, {"hash": "0" * 64}, "audit.log, Zeile 1: Inhalt und Prüfsumme passen nicht zusammen"),
        (3, {"n": 7}, "audit.log, Zeile 3: Inhalt und Prüfsumme passen nicht zusammen"),
    ],
)
def test_edited_line_is_named(three: Driver, number: int, changes: dict[str, Any], said: str) -> None:
    rewrite(three, number, **changes)
    assert problem(three) == said
    shown = status.status(three.world.paths, three.world.ports(), None)
    assert shown["audit"]["problem"] == said
    assert any(said in text and "`upkeep repair lager`" in text for text in shown["drift"])
    checks = health.health(three.world.paths, three.world.ports())
    assert [check["name"] for check in checks["checks"] if not check["ok"]] == ["audit"]


def test_line_taken_out_and_line_forged_anew_are_noticed(three: Driver) -> None:
    path = three.world.paths.audit_log
    whole = path.read_text().splitlines(keepends=True)
    path.write_text(whole[0] + whole[2])
    assert problem(three) == "audit.log, Zeile 2 schließt nicht an die Zeile davor an"
    path.write_text("".join(whole))
    forged = {key: value for key, value in json.loads(whole[2]).items() if key != "hash"} | {"starter": "x"}
    path.write_text("".join(whole[:2]) + json.dumps(forged | {"hash": audit._seal(forged)}) + "\n")
    assert problem(three) == "audit.log, Zeile 3 ist nicht die, die der Agent geschrieben hat"


def test_end_cut_off_stays_visible_after_more_lines(three: Driver) -> None:
    path = three.world.paths.audit_log
    path.write_text(path.read_text().splitlines(keepends=True)[0])
    assert problem(three) == "audit.log, Zeile 2 bis 3 fehlen"
    three.must("deploy", "unchanged")
    assert problem(three) == "audit.log, Zeile 2 schließt nicht an die Zeile davor an"


def test_rubbish_is_a_broken_line(three: Driver) -> None:
    with three.world.paths.audit_log.open("a") as stream:
        stream.write("kein JSON\n")
    assert (problem(three) or "").startswith("audit.log, Zeile 4")


@pytest.mark.parametrize("count", range(1, 9))
def test_killed_around_the_last_line_it_is_there_once(deployed: Driver, count: int) -> None:
    """Between the journal's end and the audit line, before and after each write."""
    run = deployed.begin("check")
    deployed.world.fuse.arm(None)
    from upkeep.stories.execution import execute

    execute(run)
    total = deployed.world.fuse.count
    kill_at(deployed, "check", total - count + 1)
    deployed.resume()
    settle(deployed.world.paths, deployed.world.ports())
    settle(deployed.world.paths, deployed.world.ports())
    runs = [line["run"] for line in lines(deployed)]
    assert len(runs) == len(set(runs)) == 3
    assert problem(deployed) is None

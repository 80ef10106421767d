from __future__ import annotations

from typing import Any

import pytest

from tests.unit.upkeep.drive import Driver
from upkeep.agent.operator import set_maintenance
from upkeep.errors import BadRequest
from upkeep.gate import maintenance


def turn(driver: Driver, run_active: bool = False, **wish: Any) -> dict[str, Any]:
    return set_maintenance(driver.world.paths, driver.world.ports(), wish, run_active)


def test_operator_closes_and_opens_the_gate(deployed: Driver) -> None:
    assert turn(deployed, on=True, reason="Inventur")["changed"]
    assert deployed.world.gate.closed_by == "operator"
    assert turn(deployed, on=False)["changed"]
    assert deployed.world.gate.closed_by is None


def test_words_not_given_speak_of_maintenance_and_not_of_an_update(deployed: Driver) -> None:
    answer = turn(deployed, on=True, title="Inventur")["maintenance"]
    assert (answer["title"], answer["text"]) == ("Inventur", "Das System ist bald wieder für Sie da.")
    assert turn(deployed, on=True)["maintenance"]["title"] == "Wartungsarbeiten"


def test_check_says_what_would_change_and_writes_nothing(deployed: Driver) -> None:
    answer = turn(deployed, on=True, check=True, reason="Inventur")
    assert answer["changed"]
    assert answer["diff"]["before"] == "Wartung: aus\n"
    assert "Grund: Inventur" in answer["diff"]["after"]
    assert deployed.world.gate.closed_by is None


def test_second_time_changes_nothing(deployed: Driver) -> None:
    turn(deployed, on=True, reason="Inventur", until="2026-11-21T18:30:00+00:00")
    assert not turn(deployed, on=True, reason="Inventur", until="2026-11-21T18:30:00+00:00")["changed"]
    turn(deployed, on=False)
    assert not turn(deployed, on=False)["changed"]


def test_texts_are_escaped_and_kept_on_one_line(deployed: Driver) -> None:
    turn(deployed, on=True, title="<script>\nalert(1)</script>", text='a "b" & c')
    lines = (deployed.world.paths.maps / "state.map").read_text().splitlines()
    assert "title &lt;script&gt; alert(1)&lt;/script&gt;" in lines
    assert "text a &quot;b&quot; &amp; c" in lines
    assert lines[-1] == "maintenance operator"


def test_off_while_a_run_is_at_work_leaves_the_runs_notice(deployed: Driver) -> None:
    notice = maintenance.Notice("run:x", "update", "Update", "…", since="2026-11-21T09:30:00Z")
    ports = deployed.world.ports()
    maintenance.change(deployed.world.paths, ports, lambda _: maintenance.Maintenance(run=notice))
    turn(deployed, run_active=True, on=False)
    assert deployed.world.gate.closed_by == "run:x"
    turn(deployed, on=False)
    assert deployed.world.gate.closed_by is None


def test_works_on_paper_while_no_gate_runs(driver: Driver) -> None:
    assert turn(driver, on=True)["changed"]
    assert (driver.world.paths.maps / "state.map").read_text().endswith("maintenance operator\n")


@pytest.mark.parametrize(
    ("wish", "part"),
    [
        ({}, "on fehlt"),
        ({"on": "ja"}, "on fehlt (gefunden: ja; erwartet: true oder false)"),
        ({"on": True, "until": "bald"}, "until ist kein Zeitpunkt (gefunden: bald"),
        ({"on": True, "title": "x" * 501}, "title ist ungültig"),
        ({"on": True, "text": 3}, "text ist ungültig"),
    ],
)
def test_nonsense_is_refused(deployed: Driver, wish: dict[str, Any], part: str) -> None:
    with pytest.raises(BadRequest) as caught:
        turn(deployed, **wish)
    assert part in str(caught.value)


def test_gate_that_started_meanwhile_is_told_at_agent_start(deployed: Driver) -> None:
    turn(deployed, on=True)
    deployed.world.gate.maps.clear()
    maintenance.follow(deployed.world.paths, deployed.world.ports())
    assert deployed.world.gate.closed_by == "operator"

"""A release that is ready is watched while it serves; `recreate` shuts the gate again to go back."""

from __future__ import annotations

import pytest

from tests.unit.upkeep.drive import Driver
from upkeep.phases.bake import Traffic
from upkeep.ports.gate import Server


def look(answers: int, errors: int, name: str = "app-1") -> tuple[Server, ...]:
    return (Server(name, "UP", 0, answers, errors),)


def test_good_release_is_baked_and_committed(deployed: Driver) -> None:
    deployed.world.release("1.1.0")
    record = deployed.must("update", "updated")
    assert record.timings["bake_s"] == pytest.approx(30, abs=0.1)
    assert record.phase("bake").detail.startswith("30 s, ")  # type: ignore[union-attr]


def test_no_bake_where_there_is_no_way_back(deployed: Driver) -> None:
    deployed.world.release("1.1.0")
    deployed.must("update", "updated")
    assert "bake_s" not in deployed.must("rollback", "updated").timings


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("rotten", "Die neue Version antwortet zu oft mit Fehlern"),
        ("fading", "wurde nach dem Umschalten wieder schlecht"),
    ],
)
def test_release_that_does_not_stay_well_goes_back_behind_a_shut_gate(deployed: Driver, kind: str, reason: str) -> None:
    bad = deployed.world.release("1.1.0", kind=kind)
    record = deployed.must("update", "rolled_back")
    assert reason in record.reason
    assert deployed.world.gate.history[-4:] == [f"run:{record.id}", "open", f"run:{record.id}", "open"]
    assert deployed.state.held == (bad,)
    assert deployed.world.behaviour(deployed.world.box("app-1")).version == "1.0.0"
    assert record.timings["maintenance_s"] > 0


def test_container_that_restarts_while_it_bakes_goes_back(deployed: Driver) -> None:
    deployed.world.release("1.1.0")
    run = deployed.begin("update")
    sleep, moment = deployed.world.clock.sleep, []

    def restart_once(seconds: float) -> None:
        sleep(seconds)
        if run.record.intended("bake") and not moment:
            moment.append(deployed.world.clock.moment)
            deployed.world.box("app-1").started = deployed.world.clock.moment

    deployed.world.clock.sleep = restart_once  # type: ignore[method-assign]
    from upkeep.stories.execution import execute

    execute(run)
    record = deployed.read(run.record.id)
    assert record.result == "rolled_back"
    assert "app-1 ist nach dem Umschalten neu gestartet" in record.reason


def test_share_of_errors_may_be_wider_by_policy(driver: Driver) -> None:
    driver.world.place(update={"bake_errors": 1.0})
    driver.must("deploy", "updated")
    driver.world.release("1.1.0", kind="rotten")
    driver.must("update", "updated")


def test_few_answers_say_nothing() -> None:
    traffic = Traffic()
    for answers in (0, 5, 19):
        traffic.add(look(answers, answers))
    assert traffic.worst() == (0, 0)
    traffic.add(look(20, 20))
    assert traffic.worst() == (20, 20)


def test_counters_of_before_do_not_count() -> None:
    traffic = Traffic()
    traffic.add(look(1000, 900))
    traffic.add(look(1100, 900))
    assert traffic.worst() == (100, 0)


def test_counters_that_begin_again_with_a_restarted_gate_go_on() -> None:
    traffic = Traffic()
    for answers, errors in ((100, 0), (200, 0), (50, 25)):
        traffic.add(look(answers, errors))
    assert traffic.worst() == (150, 25)


def test_late_fault_does_not_hide_behind_many_good_answers() -> None:
    traffic = Traffic()
    for number in range(600):
        traffic.add(look(number * 100, 0))
    traffic.add(look(60_000, 60))
    answers, errors = traffic.worst()
    assert errors / answers > 0.05

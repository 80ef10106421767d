"""The clock is put back or forward by an hour in the middle of a run: nothing ends early, nothing waits for ever."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.unit.upkeep.drive import Driver
from upkeep.runs.run import Run
from upkeep.stories.execution import execute

HOUR = 3600


def jumping_in(driver: Driver, phase: str, seconds: float, operation: str = "update") -> Run:
    """A run in whose phase the clock jumps, when it has begun to act."""
    run = driver.begin(operation)
    real = run.phase

    def told(name: str, title: str, percent: int, action: Callable[[Run], str | None]) -> None:
        def act(run: Run) -> str | None:
            if name == phase:
                driver.world.clock.moment += timedelta(seconds=seconds)
            return action(run)

        real(name, title, percent, act)

    run.phase = told  # type: ignore[method-assign]
    before = driver.world.clock.elapsed
    execute(run)
    assert driver.world.clock.elapsed - before < 60, "waited for the time of day"
    return run


@pytest.mark.parametrize("seconds", [HOUR, -HOUR])
@pytest.mark.parametrize("phase", ["preflight", "pull", "close", "stop", "switch", "start", "ready", "open", "commit"])
def test_update_goes_its_way_and_reports_what_it_took(deployed: Driver, phase: str, seconds: float) -> None:
    deployed.world.release("1.1.0", seconds=2)
    run = jumping_in(deployed, phase, seconds)
    assert run.record.result == "updated", run.record.message
    assert 2 <= run.record.timings["maintenance_s"] < 20
    assert 0 <= run.record.timings["start_to_ready_s"] < 20
    events = run.progress.after(0, 0)["events"]
    elapsed = [event["elapsed"] for event in events]
    assert elapsed == sorted(elapsed)
    assert elapsed[-1] < 60


@pytest.mark.parametrize("seconds", [HOUR, -HOUR])
def test_time_out_is_the_policys_whatever_the_clock_says(deployed: Driver, seconds: float) -> None:
    deployed.world.release("1.1.0", kind="sick")
    run = jumping_in(deployed, "ready", seconds)
    assert run.record.result == "rolled_back"
    assert "nach 20 s nicht bereit" in run.record.message


def test_newest_run_stays_the_newest_after_the_clock_was_put_back(deployed: Driver) -> None:
    deployed.world.release("1.1.0")
    deployed.must("update", "updated")
    deployed.world.clock.moment -= timedelta(hours=1)
    deployed.world.release("1.2.0")
    newest = deployed.must("update", "updated")
    from upkeep import status
    from upkeep.memory import history

    last = status.last_run(deployed.world.paths)
    assert last is not None
    assert last["id"] == newest.id
    assert history.history(deployed.world.paths, checks=False)["runs"][0]["id"] == newest.id

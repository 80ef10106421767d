"""The inventory is rolled out while a run is under way: the run ends as it was planned, the next deploy applies it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.unit.upkeep.drive import Driver
from upkeep import status
from upkeep.runs.run import Run
from upkeep.stories.execution import execute

APP = {"port": 8000, "health_path": "/api/health", "version_path": "/api/health", "slots": 2}


def with_two_slots_placed_in(driver: Driver, phase: str, operation: str) -> Run:
    run = driver.begin(operation)
    real = run.phase

    def told(name: str, title: str, percent: int, action: Callable[[Run], str | None]) -> None:
        if name == phase:
            driver.world.place(slots=2, app=APP)
        real(name, title, percent, action)

    run.phase = told  # type: ignore[method-assign]
    execute(run)
    return run


def slots(driver: Driver) -> list[str]:
    return sorted(box.service for box in driver.world.boxes.values() if box.role == "app" and box.state == "running")


@pytest.mark.parametrize("phase", ["preflight", "pull", "prepare", "close", "stop", "switch", "start", "ready", "open"])
def test_update_ends_with_the_slots_it_began_with(deployed: Driver, phase: str) -> None:
    deployed.world.release("1.1.0")
    run = with_two_slots_placed_in(deployed, phase, "update")
    assert run.record.result == "updated", run.record.message
    assert slots(deployed) == ["app-1"]
    drift = status.status(deployed.world.paths, deployed.world.ports(), None)["drift"]
    assert any("compose.yml wurde geändert, aber noch nicht ausgerollt: app-2" in text for text in drift)
    deployed.must("deploy", "updated")
    assert slots(deployed) == ["app-1", "app-2"]
    deployed.must("deploy", "unchanged")


def test_failing_update_goes_back_to_the_slots_before(deployed: Driver) -> None:
    deployed.world.release("1.1.0", kind="sick")
    assert with_two_slots_placed_in(deployed, "ready", "update").record.result == "rolled_back"
    assert slots(deployed) == ["app-1"]
    deployed.must("deploy", "updated")
    assert slots(deployed) == ["app-1", "app-2"]


def test_deploy_whose_files_change_before_it_took_them_is_refused(deployed: Driver) -> None:
    path = deployed.world.paths.compose_file
    path.write_text(path.read_text().replace("  app-1:", "  app-1:\n    mem_limit: 300m"))
    run = with_two_slots_placed_in(deployed, "preflight", "deploy")
    assert run.record.result == "refused"
    assert "compose.yml oder stack.yml wurden während des Laufs geändert." in run.record.message
    assert slots(deployed) == ["app-1"]
    deployed.must("deploy", "updated")
    assert slots(deployed) == ["app-1", "app-2"]

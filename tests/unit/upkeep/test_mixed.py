"""Whether slots of two releases answer in turn, as whoever loads a page again has to know."""

from __future__ import annotations

import pytest

from tests.unit.upkeep.drive import Driver
from tests.unit.upkeep.test_rolling import ROLLING, deployed_with
from tests.unit.upkeep.world import World
from upkeep.runs.run import Run
from upkeep.status import public


@pytest.fixture
def mixed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Phases at whose end a page might meet both."""
    met: list[str] = []
    phase = Run.phase

    def listen(run: Run, name: str, *rest: object) -> None:
        phase(run, name, *rest)  # type: ignore[arg-type]
        if public(run.paths, run.record)["mixed"]:
            met.append(name)

    monkeypatch.setattr(Run, "phase", listen)
    return met


def test_from_the_first_new_slot_until_the_last_old_one_is_out(world: World, mixed: list[str]) -> None:
    driver = deployed_with(world)
    world.release("1.1.0")
    driver.must("update", "updated")
    assert mixed == ["admit:app-1"]
    assert not public(world.paths, None)["mixed"]


def test_a_spare_slot_begins_it(world: World, mixed: list[str]) -> None:
    driver = deployed_with(world, update={"surge": True})
    world.release("1.1.0")
    driver.must("update", "updated")
    first = ["admit:app-surge", "drain:app-1", "replace:app-1", "ready:app-1", "admit:app-1"]
    assert mixed == first


def test_a_slot_that_goes_for_good_takes_its_name_along(world: World) -> None:
    driver = deployed_with(world, slots=3)
    assert set(world.gate.maps["release.map"]) == {"app-1", "app-2", "app-3"}
    world.place(slots=2, update=ROLLING)
    driver.must("deploy", "updated")
    assert set(world.gate.maps["release.map"]) == {"app-1", "app-2"}


def test_the_way_back_is_mixed_until_the_last_new_one_is_out(world: World, mixed: list[str]) -> None:
    driver = deployed_with(world)
    world.release("1.1.0", kind="rotten")
    driver.must("update", "rolled_back")
    assert mixed == ["admit:app-1", "undrain:app-1"]
    assert not public(world.paths, None)["mixed"]


def test_what_a_failed_run_left_is_not(world: World, mixed: list[str]) -> None:
    """One slot is down then, and all who ask get the other: pages shall become what that one is."""
    driver = deployed_with(world)
    old = world.box("app-1").image.partition("@")[2]
    world.release("1.1.0", kind="rotten")
    world.published[old].seconds = 1000  # once stopped it does not get ready in time
    for box in world.boxes.values():
        box.began = -10_000.0
    driver.must("update", "failed")
    assert mixed == ["admit:app-1"]
    assert not public(world.paths, None)["mixed"]


def test_a_shut_gate_has_one_release_behind_it(deployed: Driver, mixed: list[str]) -> None:
    deployed.world.release("1.1.0")
    deployed.must("update", "updated")
    assert mixed == []

"""New containers are made before the gate is shut, and never left lying about."""

from __future__ import annotations

from tests.unit.upkeep.drive import Driver


def boxes(driver: Driver) -> list[tuple[str, str, str | None]]:
    """Name, state and version of every slot's container."""
    found = [box for box in driver.world.boxes.values() if box.role == "app"]
    return [(box.name, box.state, driver.world.behaviour(box).version) for box in found]


def passed(driver: Driver, operation: str = "update") -> list[str]:
    driver.world.fuse.arm(None)
    driver.must(operation, "updated")
    return driver.world.fuse.passed


def test_new_container_is_made_while_the_old_one_serves(deployed: Driver) -> None:
    deployed.world.release("1.1.0")
    steps = passed(deployed)
    shut = steps.index("before gate state.map")
    assert steps.index("after create app-1") < shut < steps.index("before start app-1")


def test_it_inherits_the_name_of_the_one_it_replaces(deployed: Driver) -> None:
    deployed.world.release("1.1.0")
    deployed.must("update", "updated")
    assert boxes(deployed) == [("lager-app-1-1", "running", "1.1.0")]


def test_anonymous_volume_is_kept_by_letting_compose_replace_the_container(deployed: Driver) -> None:
    deployed.world.box("app-1").anonymous_volumes = True
    deployed.world.release("1.1.0")
    steps = passed(deployed)
    assert steps.index("before gate state.map") < steps.index("before create app-1")
    assert boxes(deployed) == [("lager-app-1-1", "running", "1.1.0")]


def test_leftover_of_a_dead_run_goes_first(deployed: Driver) -> None:
    deployed.world.make_box("app-1", deployed.world.box("app-1").body, number=2)
    deployed.world.release("1.1.0")
    deployed.must("update", "updated")
    assert boxes(deployed) == [("lager-app-1-1", "running", "1.1.0")]


def test_compose_that_cannot_make_it_leaves_everything_as_it_was(deployed: Driver) -> None:
    deployed.world.release("1.1.0")
    deployed.world.compose.fails_for = lambda project, services: True
    record = deployed.must("update", "failed")
    assert "1.0.0 läuft unverändert weiter" in record.message
    assert boxes(deployed) == [("lager-app-1-1", "running", "1.0.0")]
    assert deployed.world.gate.history == ["open"]


def test_failed_update_leaves_the_very_container_that_served_before(deployed: Driver) -> None:
    before = deployed.world.box("app-1").id
    deployed.world.release("1.1.0", kind="sick")
    deployed.must("update", "rolled_back")
    assert deployed.world.box("app-1").id == before
    assert boxes(deployed) == [("lager-app-1-1", "running", "1.0.0")]

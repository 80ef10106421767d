"""Strategy rolling: slot by slot, never below one that serves, back by itself."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from tests.unit.upkeep.drive import Driver
from tests.unit.upkeep.world import World
from upkeep.gate import rotation
from upkeep.stories.execution import execute

ROLLING = {"strategy": "rolling", "ready_timeout": 20}


def deployed_with(world: World, slots: int = 2, **changes: Any) -> Driver:
    world.place(slots=slots, update=ROLLING | changes.pop("update", {}), **changes)
    world.release("1.0.0")
    driver = Driver(world)
    driver.must("deploy", "updated")
    world.gate.fewest_up = None
    return driver


@pytest.fixture
def driver(world: World) -> Driver:
    return deployed_with(world)


def versions(driver: Driver) -> dict[str, str | None]:
    """What runs in each slot."""
    running = [box for box in driver.world.boxes.values() if box.role == "app" and box.state == "running"]
    return {box.service: driver.world.behaviour(box).version for box in running}


def assert_settled(driver: Driver, version: str, slots: int = 2) -> None:
    names = [f"app-{number}" for number in range(1, slots + 1)]
    assert versions(driver) == dict.fromkeys(names, version)
    assert (
        driver.world.gate.maps["release.map"] | dict.fromkeys(names, version) == driver.world.gate.maps["release.map"]
    )
    assert driver.world.gate.out.isdisjoint(names)
    assert rotation.out(driver.world.paths) == {}
    assert driver.world.gate.closed_by is None
    assert len(driver.world.boxes) == slots + 1


def test_update_replaces_one_slot_after_the_other_and_never_shuts_the_gate(driver: Driver) -> None:
    driver.world.release("1.1.0")
    shut_before = len(driver.world.gate.history)
    record = driver.must("update", "updated")
    assert record.message == "1.0.0 → 1.1.0 (ohne Unterbrechung)."
    assert driver.world.gate.fewest_up == 1
    assert driver.world.gate.history[shut_before:] == []
    names = [phase.name for phase in record.phases if ":" in phase.name]
    steps = ("drain", "replace", "ready", "admit")
    assert names == [f"{step}:{slot}" for slot in ("app-1", "app-2") for step in steps]
    assert_settled(driver, "1.1.0")


def test_each_slot_bears_the_name_of_its_own_release_during_the_roll(driver: Driver) -> None:
    driver.world.release("1.1.0")
    seen = []
    tell = driver.world.gate.set_map

    def listen(name: str, entries: dict[str, str]) -> None:
        seen.append(dict(entries))
        tell(name, entries)

    driver.world.gate.set_map = listen  # type: ignore[method-assign]
    driver.must("update", "updated")
    assert seen == [{"app-1": "1.1.0", "app-2": "1.0.0"}, {"app-1": "1.1.0", "app-2": "1.1.0"}]


def test_slot_leaves_only_when_its_requests_are_over(driver: Driver) -> None:
    driver.world.release("1.1.0")
    driver.world.gate.busy["app-1"] = [3, 2, 1]
    driver.world.fuse.arm(None)
    record = driver.must("update", "updated")
    assert record.timings["drained_cut"] == 0
    passed = driver.world.fuse.passed
    assert passed.index("after gate drain app-1") < passed.index("before stop")


def test_what_outlasts_the_drain_is_told_by_sigterm_then_cut_and_counted(world: World) -> None:
    driver = deployed_with(world, update={"drain_timeout": 4})
    world.release("1.1.0")
    world.gate.busy["app-2"] = [2] * 1000
    world.fuse.arm(None)
    record = driver.must("update", "updated")
    assert world.fuse.passed.count("after signal SIGTERM") == 1
    assert world.gate.cuts == ["app-2"]
    assert record.timings["drained_cut"] == 2
    assert record.phase("drain:app-2").detail == "2 Verbindungen abgebrochen"  # type: ignore[union-attr]


def test_app_that_is_told_by_path_hears_no_signal(world: World) -> None:
    driver = deployed_with(world, update={"drain_timeout": 4, "drain_path": "/drain"})
    world.release("1.1.0")
    world.gate.busy["app-1"] = [1] * 60
    world.fuse.arm(None)
    driver.must("update", "updated")
    assert world.probe.posted == [("app-1", "/drain"), ("app-2", "/drain")]
    assert "after signal SIGTERM" not in world.fuse.passed


def test_drained_slot_lies_on_disk_before_the_gate_hears_of_it(driver: Driver) -> None:
    driver.world.release("1.1.0")
    driver.world.fuse.arm(None)
    driver.must("update", "updated")
    passed = driver.world.fuse.passed
    assert passed.index("after write servers.state") < passed.index("before gate drain app-1")


@pytest.mark.parametrize("kind", ["sick", "crash", "liar"])
def test_version_that_does_not_get_ready_goes_back_with_one_slot_always_serving(driver: Driver, kind: str) -> None:
    bad = driver.world.release("1.1.0", kind=kind)
    record = driver.must("update", "rolled_back")
    assert record.message.endswith("1.0.0 läuft weiter. Protokoll: `upkeep logs lager`.")
    assert driver.world.gate.fewest_up == 1
    assert driver.state.held == (bad,)
    assert_settled(driver, "1.0.0")


def test_version_that_rots_while_it_bakes_goes_back_slot_by_slot_and_is_held(driver: Driver) -> None:
    bad = driver.world.release("1.1.0", kind="rotten")
    record = driver.must("update", "rolled_back")
    assert "Die neue Version antwortet zu oft mit Fehlern (gefunden: " in record.reason
    assert record.timings["bake_s"] < 30
    assert driver.world.gate.fewest_up == 1
    assert driver.state.held == (bad,)
    assert "zurückgehalten" in driver.must("update", "unchanged").message
    assert_settled(driver, "1.0.0")


def test_slot_that_is_down_already_is_replaced_first(driver: Driver) -> None:
    driver.world.box("app-2").state = "exited"
    driver.world.release("1.1.0")
    record = driver.must("update", "updated")
    assert next(phase.name for phase in record.phases if phase.name.startswith("replace")) == "replace:app-2"
    assert_settled(driver, "1.1.0")


def test_last_slot_that_serves_is_not_taken(driver: Driver) -> None:
    driver.world.release("1.1.0")
    well = driver.world.gate.servers
    driver.world.gate.servers = lambda: tuple(item for item in well() if item.name == "app-1")  # type: ignore[method-assign]
    record = driver.must("update", "rolled_back")
    assert "app-1 ist der einzige Slot, der antwortet" in record.reason


def test_deploy_with_changed_compose_rolls(driver: Driver) -> None:
    document = yaml.safe_load(driver.world.paths.compose_file.read_text())
    for slot in ("app-1", "app-2"):
        document["services"][slot]["mem_limit"] = "300m"
    driver.world.paths.compose_file.write_text(yaml.safe_dump(document))
    driver.must("deploy", "updated")
    assert driver.world.gate.fewest_up == 1
    assert {box.body.get("mem_limit") for box in driver.world.boxes.values() if box.role == "app"} == {"300m"}
    driver.must("deploy", "unchanged")


def test_deploy_with_a_changed_secret_rolls(driver: Driver) -> None:
    before = {box.id for box in driver.world.boxes.values()}
    (driver.world.paths.secrets / "token").write_text("neu")
    driver.must("deploy", "updated")
    assert driver.world.gate.fewest_up == 1
    assert len({box.id for box in driver.world.boxes.values()} & before) == 1
    driver.must("deploy", "unchanged")


@pytest.mark.parametrize(("few", "many"), [(2, 3), (2, 4)])
def test_slots_come_and_go_without_a_gap(world: World, few: int, many: int) -> None:
    driver = deployed_with(world, slots=few)
    for slots in (many, few):
        world.place(slots=slots, update=ROLLING)
        driver.must("deploy", "updated")
        assert world.gate.fewest_up is not None
        assert world.gate.fewest_up >= 1
        assert_settled(driver, "1.0.0", slots)
        driver.must("deploy", "unchanged")


def test_added_slot_that_does_not_get_ready_goes_before_the_gate_knows_it(world: World) -> None:
    driver = deployed_with(world)
    world.place(slots=3, update=ROLLING)
    world.gate.unknown = {"app-3"}
    world.published[world.box("app-1").image.partition("@")[2]].seconds = 1000
    for box in world.boxes.values():
        box.began = -10_000.0  # those that run are well
    record = driver.must("deploy", "rolled_back")
    assert record.phase("leave:app-3").detail == "am Gate nicht bekannt"  # type: ignore[union-attr]
    assert_settled(driver, "1.0.0")


def test_from_one_slot_with_recreate_to_two_with_rolling(world: World) -> None:
    world.place()
    world.release("1.0.0")
    driver = Driver(world)
    driver.must("deploy", "updated")
    world.place(slots=2, update=ROLLING)
    world.gate.fewest_up = None
    driver.must("deploy", "updated")
    assert world.gate.fewest_up == 1
    assert_settled(driver, "1.0.0")


def test_compose_change_that_does_not_start_returns_to_the_previous_compose_file(driver: Driver) -> None:
    document = yaml.safe_load(driver.world.paths.compose_file.read_text())
    for slot in ("app-1", "app-2"):
        document["services"][slot]["mem_limit"] = "1m"
    driver.world.paths.compose_file.write_text(yaml.safe_dump(document))
    record = driver.must("deploy", "rolled_back")
    assert "memory limit too small" in record.reason
    assert driver.world.gate.fewest_up == 1
    assert_settled(driver, "1.0.0")


def test_migration_that_is_not_compatible_forces_the_closed_window(world: World) -> None:
    driver = deployed_with(world, migration={"command": ["migrate"], "compatible": False})
    world.release("1.1.0")
    record = driver.must("update", "updated")
    assert "nicht rolling: die Migration ist nicht abwärtsverträglich" in record.message
    assert f"run:{record.id}" in world.gate.history


def test_check_mode_says_how_it_would_go(driver: Driver) -> None:
    from upkeep.memory.journal import Operation
    from upkeep.plans import planning
    from upkeep.plans.situation import Situation

    driver.world.release("1.1.0")
    situation = Situation.read(driver.world.paths, driver.world.ports(), {})
    assert planning.make(situation, Operation.UPDATE).steps() == [
        "Abbild laden: 1.1.0",
        "Slot für Slot ersetzen, ohne Unterbrechung: 1.1.0",
    ]


def test_release_before_that_does_not_come_back_leaves_serving_what_serves(
    driver: Driver, caplog: pytest.LogCaptureFixture
) -> None:
    """And somebody is called: half a stack is not what a way back promises."""
    old = driver.world.box("app-1").image.partition("@")[2]
    driver.world.release("1.1.0", kind="rotten")
    driver.world.published[old].seconds = 1000  # once stopped it does not get ready in time
    for box in driver.world.boxes.values():
        box.began = -10_000.0
    record = driver.must("update", "failed")
    assert "1.0.0 ist nur teilweise zurück; app-2 bedient weiter." in record.message
    assert [line for line in caplog.messages if line.startswith(f"ALARM lager: {record.reason[:20]}")]
    assert driver.world.gate.closed_by is None
    assert driver.world.gate.out == set() or driver.world.gate.out == {"app-1"}
    assert rotation.out(driver.world.paths) == {}


def test_rollback_rolls_too(driver: Driver) -> None:
    driver.world.release("1.1.0")
    driver.must("update", "updated")
    driver.must("rollback", "updated")
    assert driver.world.gate.fewest_up == 1
    assert_settled(driver, "1.0.0")


@pytest.mark.parametrize("kind", ["good", "sick", "rotten"])
@pytest.mark.parametrize("phase", ["drain:app-1", "replace:app-1", "admit:app-1", "leave:app-1", "bake"])
def test_gate_that_is_killed_and_comes_back_stops_no_run(driver: Driver, kind: str, phase: str) -> None:
    driver.world.release("1.1.0", kind=kind)
    run = driver.begin("update")
    gate, sleep = driver.world.gate, driver.world.clock.sleep
    began: list[float] = []

    def killed_for_two_seconds(seconds: float) -> None:
        sleep(seconds)
        if run.record.intended(phase) and not began:
            began.append(driver.world.clock.elapsed)
        was, gate.mute = gate.mute, bool(began) and driver.world.clock.elapsed - began[0] < 2
        if was and not gate.mute:
            gate.read_files()

    driver.world.clock.sleep = killed_for_two_seconds  # type: ignore[method-assign]
    execute(run)
    record = driver.read(run.record.id)
    assert record.result == ("updated" if kind == "good" else "rolled_back"), record.message
    assert_settled(driver, "1.1.0" if kind == "good" else "1.0.0")

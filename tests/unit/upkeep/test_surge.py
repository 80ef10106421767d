"""A rolling run with a spare slot: as many slots as ever serve, and nothing of it is left."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from tests.unit.upkeep.drive import Driver
from tests.unit.upkeep.test_rolling import ROLLING, assert_settled
from tests.unit.upkeep.world import World
from upkeep.errors import PolicyInvalid
from upkeep.health import health
from upkeep.phases import weight
from upkeep.phases.surge import SURGE
from upkeep.policy import stack as policy
from upkeep.ports.gate import Server
from upkeep.ports.probe import Answer
from upkeep.status import status

SPARE = ROLLING | {"surge": True}


def deployed(world: World, slots: int = 2, **update: Any) -> Driver:
    world.place(slots=slots, update=SPARE | update)
    world.release("1.0.0")
    driver = Driver(world)
    driver.must("deploy", "updated")
    world.gate.fewest_up = None
    return driver


def limit_memory(driver: Driver, limits: dict[str, str]) -> None:
    document = yaml.safe_load(driver.world.paths.compose_file.read_text())
    for slot, limit in limits.items():
        document["services"][slot]["mem_limit"] = limit
    driver.world.paths.compose_file.write_text(yaml.safe_dump(document))


def assert_nothing_left(driver: Driver, version: str, slots: int = 2) -> None:
    assert_settled(driver, version, slots)
    assert driver.world.gate.off == {SURGE}
    assert SURGE not in driver.world.gate.maps["release.map"]


def test_as_many_slots_as_before_serve_at_every_moment(world: World) -> None:
    driver = deployed(world)
    world.release("1.1.0")
    record = driver.must("update", "updated")
    assert world.gate.fewest_up == 2
    names = [phase.name for phase in record.phases if ":" in phase.name]
    exchange = [f"{step}:{slot}" for slot in ("app-1", "app-2") for step in ("drain", "replace", "ready", "admit")]
    begin, end = [f"{step}:{SURGE}" for step in ("start", "ready", "admit")], [f"drain:{SURGE}", f"retire:{SURGE}"]
    assert names == [*begin, *exchange, *end]
    assert_nothing_left(driver, "1.1.0")


def test_spare_slot_is_told_of_its_own_drain_and_bears_its_own_name(world: World) -> None:
    driver = deployed(world, drain_path="/drain")
    world.release("1.1.0")
    seen: list[dict[str, str]] = []
    tell = world.gate.set_map

    def listen(name: str, entries: dict[str, str]) -> None:
        seen.append(dict(entries))
        tell(name, entries)

    world.gate.set_map = listen  # type: ignore[method-assign]
    driver.must("update", "updated")
    assert world.probe.posted == [("app-1", "/drain"), ("app-2", "/drain"), (SURGE, "/drain")]
    assert seen[0] == {"app-1": "1.0.0", "app-2": "1.0.0", SURGE: "1.1.0"}
    assert seen[-1] == {"app-1": "1.1.0", "app-2": "1.1.0"}


@pytest.mark.parametrize("kind", ["sick", "crash", "liar"])
def test_release_that_does_not_get_ready_is_found_out_before_anybody_leaves(world: World, kind: str) -> None:
    driver = deployed(world)
    bad = world.release("1.1.0", kind=kind)
    before = {box.id for box in world.boxes.values()}
    record = driver.must("update", "rolled_back")
    assert world.gate.fewest_up == 2
    assert not record.intended("drain:app-1")
    assert {box.id for box in world.boxes.values()} == before
    assert driver.state.held == (bad,)
    assert any(line.startswith(f"{SURGE}: ") for line in record.last_logs)
    assert_nothing_left(driver, "1.0.0")


def test_container_that_ended_is_not_waited_for(world: World) -> None:
    driver = deployed(world, ready_timeout=3600)
    world.release("1.1.0", kind="crash")
    begin = world.clock.elapsed
    record = driver.must("update", "rolled_back")
    assert f"{SURGE} startet nicht" in record.reason
    assert world.clock.elapsed - begin < 60


def test_slot_that_fails_after_the_spare_one_serves_goes_back_at_full_strength(world: World) -> None:
    driver = deployed(world)
    limit_memory(driver, {"app-1": "300m", "app-2": "1m"})
    record = driver.must("deploy", "rolled_back")
    assert "memory limit too small" in record.reason
    assert record.done(f"dismiss:{SURGE}")
    assert world.gate.fewest_up == 2
    assert_nothing_left(driver, "1.0.0")


def test_release_that_rots_when_the_spare_slot_is_gone_already(world: World) -> None:
    driver = deployed(world, bake=30)
    world.release("1.1.0", kind="rotten")
    record = driver.must("update", "rolled_back")
    assert record.done(f"retire:{SURGE}")
    assert not record.intended(f"dismiss:{SURGE}")
    assert_nothing_left(driver, "1.0.0")


def test_way_back_that_fails_leaves_no_spare_slot(world: World) -> None:
    driver = deployed(world, drain_path="/drain")
    limit_memory(driver, {"app-1": "300m", "app-2": "300m"})
    world.box("app-2").began = -10_000.0
    tell = world.probe.post

    def nothing_gets_ready_any_more(*words: Any) -> Answer:
        world.behaviour(world.box("app-2")).seconds = 1000
        return tell(*words)

    world.probe.post = nothing_gets_ready_any_more  # type: ignore[method-assign]
    record = driver.must("deploy", "failed")
    assert "nur teilweise zurück; app-2 bedient weiter." in record.message
    assert [box.service for box in world.boxes.values() if box.run] == []
    assert world.gate.off == {SURGE}


def test_slots_that_come_anew_need_no_spare_one(world: World) -> None:
    driver = deployed(world)
    world.place(slots=3, update=SPARE)
    record = driver.must("deploy", "updated")
    assert not record.intended(f"start:{SURGE}")
    world.place(slots=2, update=SPARE)
    world.gate.fewest_up = None
    record = driver.must("deploy", "updated")
    assert record.done(f"retire:{SURGE}")
    assert world.gate.fewest_up == 2
    assert_nothing_left(driver, "1.0.0")


def test_left_over_of_a_dead_run_goes_first(world: World) -> None:
    driver = deployed(world)
    body = {"image": world.box("app-1").image, "labels": {"upkeep.role": "surge"}}
    world.start_box(world.make_box(SURGE, body, run="20260101-000000-update"))
    world.release("1.1.0")
    driver.must("update", "updated")
    assert_nothing_left(driver, "1.1.0")


def test_gate_that_knows_no_spare_slot_goes_without_its_help(world: World) -> None:
    driver = deployed(world)
    world.gate.unknown = {SURGE}
    world.release("1.1.0")
    driver.must("update", "updated")
    assert_settled(driver, "1.1.0")


def test_migration_and_spare_slot_do_not_take_each_other_for_their_own(world: World) -> None:
    migration = {"command": ["migrate"], "compatible": True}
    world.place(slots=2, update=SPARE, migration=migration)
    world.release("1.0.0")
    driver = Driver(world)
    driver.must("deploy", "updated")
    world.release("1.1.0", kind="sick")
    record = driver.must("update", "rolled_back")
    assert record.done("migrate")
    assert world.one_offs.boxes == {}
    assert_nothing_left(driver, "1.0.0")


def test_nobody_complains_of_a_spare_slot_that_is_off(world: World) -> None:
    driver = deployed(world)
    servers = world.gate.servers
    off = Server(SURGE, "MAINT", 0)
    world.gate.servers = lambda: (*servers(), off)  # type: ignore[method-assign]
    assert health(world.paths, world.ports())["healthy"]
    shown = status(world.paths, world.ports(), None)
    assert shown["drift"] == []
    assert [slot["name"] for slot in shown["slots"]] == ["app-1", "app-2"]
    driver.must("deploy", "unchanged")


def test_policy_takes_only_true_or_false(world: World) -> None:
    world.place(slots=2, update=SPARE | {"surge": 1})
    with pytest.raises(PolicyInvalid, match=r"update\.surge"):
        policy.read(world.paths.policy_file, "lager")


def test_strategy_recreate_has_no_spare_slot(world: World) -> None:
    world.place(slots=2, update={"strategy": "recreate", "surge": True})
    assert not policy.read(world.paths.policy_file, "lager").update.surge


def test_what_starts_is_light_until_it_is_ready(world: World) -> None:
    driver = deployed(world)
    world.release("1.1.0")
    seen: dict[str, list[int]] = {}
    weigh = driver.world.docker.weigh

    def watched(container_id: str, shares: int) -> None:
        seen.setdefault(container_id, []).append(shares)
        weigh(container_id, shares)

    driver.world.docker.weigh = watched  # type: ignore[method-assign]
    driver.must("update", "updated")
    assert len(seen) == 3
    assert set(map(tuple, seen.values())) == {(weight.STARTING, weight.SERVING)}

"""Several hosts take from one pool: no host is needed to see who gets what."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.faults.matrix.grounds import Ground
from tests.faults.matrix.lane import Lane, LaneBroken
from tests.faults.matrix.pool import Pool
from tests.faults.matrix.scenes import scene

HERE, THERE = Ground("hier"), Ground("dort")


@dataclass
class Noted:
    """A task that leaves its name, and does something more."""

    name: str
    seen: list[str]
    ground: Ground = HERE
    rank: int = 0
    alone: bool = False
    more: Callable[[Lane, Pool], None] = field(default=lambda lane, pool: None)

    def run(self, lane: Lane, pool: Pool) -> None:
        lane.ground = self.ground
        self.more(lane, pool)
        self.seen.append(self.name)


def lanes(count: int) -> list[Lane]:
    return [Lane("bett", f"m{number}") for number in range(count)]


def test_what_fits_the_stack_comes_before_its_equals_but_never_before_a_lower_rank() -> None:
    seen: list[str] = []
    pool = Pool()
    pool.add([Noted("a", seen), Noted("fremd", seen, THERE), Noted("b", seen), Noted("später", seen, rank=1)])
    pool.work_off(lanes(1))
    assert seen == ["a", "b", "fremd", "später"]


def test_task_that_another_one_brings_is_done_by_whoever_waits() -> None:
    seen: list[str] = []
    both = threading.Barrier(2, timeout=10)

    def bring(lane: Lane, pool: Pool) -> None:
        pool.add(Noted(name, seen, more=lambda lane, pool: both.wait() and None) for name in ("links", "rechts"))

    pool = Pool()
    pool.add([Noted("anfang", seen, more=bring)])
    pool.work_off(lanes(2))
    assert (seen[0], sorted(seen[1:])) == ("anfang", ["links", "rechts"])


def test_what_needs_to_be_alone_is() -> None:
    seen: list[str] = []
    guard = threading.Lock()

    def alone(lane: Lane, pool: Pool) -> None:
        assert guard.acquire(blocking=False)
        threading.Event().wait(0.02)
        guard.release()

    pool = Pool()
    pool.add(Noted(str(number), seen, alone=True, more=alone) for number in range(4))
    pool.work_off(lanes(3))
    assert len(seen) == 4


def test_host_that_cannot_be_made_ready_is_left_out_and_its_work_stays_undone() -> None:
    seen: list[str] = []

    def broken(lane: Lane, pool: Pool) -> None:
        raise LaneBroken("kein Docker")

    pool = Pool()
    pool.add(Noted(str(number), seen, more=broken) for number in range(3))
    pool.work_off(lanes(1))
    assert (seen, [getattr(task, "name", "") for task in pool.waiting]) == ([], ["2"])


def test_nothing_is_begun_when_time_is_over() -> None:
    seen: list[str] = []
    pool = Pool(until=0.0)
    pool.add([Noted("a", seen)])
    pool.work_off(lanes(1))
    assert seen == []


class OnPaper(Lane):
    """A host whose stacks are only written down."""

    def stand(self, ground: Ground) -> None:
        self.ground = ground
        self.stood = [*getattr(self, "stood", []), ground.name]

    def cell(self, verb: str, job: dict[str, Any]) -> dict[str, Any]:
        return {"problems": []}


def test_scene_after_one_that_leaves_another_stack_begins_with_a_new_one() -> None:
    lane = OnPaper("bett", "m1")
    usual, adding = scene("rolling-vor"), scene("rolling-slot-mehr")
    assert usual.ground == adding.ground
    for one in (usual, usual, adding, usual):
        lane.play(one)
    assert lane.stood == ["rolling", "rolling", "rolling"]

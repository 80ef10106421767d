"""What a host does for the second book: survey a scene, shoot one of its cells. Each leaves its entry in the ledger."""

from __future__ import annotations

import time
from collections.abc import Container
from dataclasses import dataclass
from typing import Any

from tests.faults.matrix.data import campaign
from tests.faults.matrix.data.campaign import KINDS, Cell
from tests.faults.matrix.data.lane import DataLane
from tests.faults.matrix.data.scenes import Scene
from tests.faults.matrix.grounds import Ground
from tests.faults.matrix.lane import Lane, LaneBroken
from tests.faults.matrix.ledger import Ledger
from tests.faults.matrix.pool import Pool
from tests.faults.matrix.tasks import MISSED
from workshop.progress import say

Json = dict[str, Any]


@dataclass
class Survey:
    """The moments of an undisturbed run; then its cells of these kinds are to be shot."""

    scene: Scene
    ledger: Ledger
    kinds: Container[str] = KINDS
    alone = False

    rank = -1

    @property
    def ground(self) -> Ground:
        return self.scene.ground

    def run(self, lane: Lane, pool: Pool) -> None:
        """Where even that goes wrong there are no cells, and the scene stays outstanding."""
        assert isinstance(lane, DataLane)
        seen = lane.shoot(self.scene)
        if seen["problems"]:
            raise LaneBroken(f"{self.scene.name}, ungestört: {seen['problems']}: {seen.get('message', '')}")
        course = campaign.Course(seen["course"], seen["times"])
        self.ledger.add(
            kind="survey", scene=self.scene.name, course=course.points, times=course.times, result=seen["result"]
        )
        say(f"  {self.scene.name} vermessen: {len(course.points)} Augenblicke")
        _, cells = campaign.outstanding(self.ledger, self.scene.name)
        pool.add(Shot(cell, self.ledger) for cell in cells if cell.kind in self.kinds)


@dataclass
class Shot:
    cell: Cell
    ledger: Ledger
    alone = False

    @property
    def rank(self) -> int:
        return self.cell.turn * len(KINDS) + KINDS.index(self.cell.kind)

    @property
    def ground(self) -> Ground:
        return self.cell.scene.ground

    def run(self, lane: Lane, pool: Pool) -> None:
        assert isinstance(lane, DataLane)
        cell, began = self.cell, time.monotonic()
        seen = lane.shoot(cell.scene, cell)
        seconds = round(time.monotonic() - began, 1)
        missed = all(MISSED in problem for problem in seen["problems"]) and bool(seen["problems"])
        if missed:
            self.ledger.add(kind="absent", **cell.key)
            say(f"– {cell.scene.name} {cell.point}: kam nicht noch einmal vor")
            return
        self.ledger.add(kind="cell", **cell.key, phase=cell.phase, operator=cell.operator, took=seconds, **seen)
        verdict = "✘" if seen["problems"] else "✔"
        left = f"noch {len(pool.waiting)}"
        say(f"{verdict} {cell.scene.name} {cell.point} {cell.deed} → {seen['result']} ({seconds:.0f} s; {left})")
        for problem in seen["problems"]:
            say(f"    {problem}")

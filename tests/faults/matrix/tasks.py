"""What the hosts do: survey a scene, shoot one of its cells, suffer a fault. Each leaves its entry in the ledger."""

from __future__ import annotations

import time
from collections.abc import Container
from dataclasses import dataclass
from typing import Any

from tests.faults.matrix import broken, campaign
from tests.faults.matrix.campaign import KINDS, Cell
from tests.faults.matrix.grounds import Ground
from tests.faults.matrix.lane import Lane, LaneBroken
from tests.faults.matrix.ledger import Ledger
from tests.faults.matrix.own_registry import OwnRegistry
from tests.faults.matrix.pool import Pool
from tests.faults.matrix.scenes import Scene
from workshop.progress import say

Json = dict[str, Any]
TRIES = 2
MISSED = "kam nicht"
AFTER_COMMIT = ("after", "prune")


@dataclass
class Survey:
    """The moments of an undisturbed run; then its cells of these kinds are to be shot."""

    scene: Scene
    ledger: Ledger
    kinds: Container[str] = KINDS
    alone = False

    @property
    def rank(self) -> int:
        return min(KINDS.index(kind) for kind in campaign.kinds_of(self.scene) if kind in self.kinds)

    @property
    def ground(self) -> Ground:
        return self.scene.ground

    def run(self, lane: Lane, pool: Pool) -> None:
        """Where even that goes wrong there are no cells, and the scene stays outstanding."""
        cells = campaign.cells_of(self.scene, self.of(lane))
        pool.add(Shot(cell, self.ledger) for cell in cells if cell.kind in self.kinds)

    def of(self, lane: Lane) -> list[str]:
        seen = lane.play(self.scene)
        if seen["problems"]:
            raise LaneBroken(f"{self.scene.name}, ungestört: {seen['problems']}: {seen.get('message', '')}")
        course: list[str] = seen["course"]
        self.ledger.add(kind="survey", scene=self.scene.name, course=course, result=seen["result"])
        say(f"  {self.scene.name} vermessen: {len(course)} Augenblicke")
        return course


@dataclass
class Shot:
    cell: Cell
    ledger: Ledger
    alone = False

    @property
    def rank(self) -> int:
        return KINDS.index(self.cell.kind)

    @property
    def ground(self) -> Ground:
        return self.cell.scene.ground

    def run(self, lane: Lane, pool: Pool) -> None:
        cell, began = self.cell, time.monotonic()
        seen = _play(lane, cell)
        seconds = round(time.monotonic() - began, 1)
        if cell.kind == "between" and _missed(seen):
            self.ledger.add(kind="absent", **cell.key)
            say(f"– {cell.scene.name} {cell.point}: kam nicht noch einmal vor")
            return
        self.ledger.add(kind="cell", **cell.key, phase=cell.phase, operator=cell.operator, took=seconds, **seen)
        _tell(f"{cell.scene.name} {cell.point} {cell.deed}", seen, seconds, pool)


@dataclass
class Suffering:
    """A broken release or surroundings."""

    fault: broken.Fault
    strategy: str
    registry: OwnRegistry
    ledger: Ledger
    rank = KINDS.index("images")

    @property
    def ground(self) -> Ground:
        return self.fault.scene(self.strategy).ground

    @property
    def alone(self) -> bool:
        return self.fault.alone

    def run(self, lane: Lane, pool: Pool) -> None:
        began = time.monotonic()
        seen = broken.suffer(lane, self.registry, self.fault, self.strategy)
        seconds = round(time.monotonic() - began, 1)
        self.ledger.add(kind="fault", name=self.fault.name, strategy=self.strategy, took=seconds, **seen)
        _tell(f"{self.fault.title} ({self.strategy})", seen, seconds, pool)


def _play(lane: Lane, cell: Cell) -> Json:
    """A moment may be missed when the run took another way for once: then again."""
    seen: Json = {}
    for _ in range(TRIES):
        seen = lane.play(cell.scene, cell.point, cell.deed, cell.operator)
        seen["problems"] += _on_full_disk(cell, seen)
        if not _missed(seen):
            break
    return seen


def _missed(seen: Json) -> bool:
    return any(MISSED in problem for problem in seen["problems"])


def _on_full_disk(cell: Cell, seen: Json) -> list[str]:
    """The old release, and no success; once the new one is committed, it stays and the report warns (ADR 0025)."""
    if cell.deed != "disk":
        return []
    committed = "done commit" in cell.point or cell.phase in AFTER_COMMIT
    if seen["result"] == "updated" and not committed:
        return ["Ein Lauf mit voller Platte gilt als Erfolg"]
    return [] if "Die Platte ist voll" in seen["message"] else ["Der Bericht nennt sie nicht"]


def _tell(what: str, seen: Json, seconds: float, pool: Pool) -> None:
    left = f"noch {len(pool.waiting)}"
    say(f"{'✘' if seen['problems'] else '✔'} {what} → {seen['result']} ({seconds:.0f} s; {left})")
    for problem in seen["problems"]:
        say(f"    {problem}")

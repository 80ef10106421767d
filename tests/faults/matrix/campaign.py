"""The campaign: survey each scene once, then shoot at every moment of it, several hosts side by side."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from tests.faults.matrix import steps
from tests.faults.matrix.lane import Lane, LaneBroken
from tests.faults.matrix.ledger import Ledger
from tests.faults.matrix.scenes import Scene
from workshop.progress import say

Json = dict[str, Any]
TRIES = 2
MISSED = "kam nicht"


@dataclass(frozen=True)
class Cell:
    """One run to be disturbed: `deed` happens at `point`."""

    scene: Scene
    point: str
    deed: str
    operator: bool

    @property
    def key(self) -> Json:
        return {"scene": self.scene.name, "point": self.point, "deed": self.deed}

    @property
    def phase(self) -> str:
        return self.point.split("|")[0]


def survey(lane: Lane, ledger: Ledger, scene: Scene) -> list[str]:
    """The moments of an undisturbed run; from the ledger if it was surveyed before."""
    known = ledger.course(scene.name)
    if known is None:
        seen = lane.play(scene)
        if seen["problems"]:
            raise LaneBroken(f"{scene.name}, ungestört: {seen}")
        known = seen["course"]
        ledger.add(kind="survey", scene=scene.name, course=known, result=seen["result"])
    return known


def own_phases(scene: Scene) -> list[str]:
    """The steps this scene is there to disturb."""
    return steps.of_story(scene.ground.policy("registry.test/app"))[scene.direction]


def kills(scene: Scene, course: list[str]) -> list[Cell]:
    """The agent shot at every moment; where the operator has shut the gate himself, every second time."""
    wanted = set(own_phases(scene)) | ({"", "plan"} if scene.direction == steps.FORWARD else set())
    points = [point for point in course if point.split("|")[0] in wanted]
    return [Cell(scene, point, "agent", number % 2 == 1) for number, point in enumerate(points)]


def at_intents(scene: Scene, course: list[str], deed: str, every: int = 1) -> list[Cell]:
    """Something else than the agent is hit, right after an intent was written."""
    wanted = own_phases(scene)
    points = [point for point in course if "|after|journal" in point and f"intent {point.split('|')[0]}" in point]
    points = [point for point in points if point.split("|")[0] in wanted]
    return [Cell(scene, point, deed, False) for point in points[::every]]


def shoot(lanes: list[Lane], ledger: Ledger, cells: Iterable[Cell]) -> None:
    """All cells that the ledger does not have; each lane takes the next one."""
    open_cells = [cell for cell in cells if not ledger.of("cell", **cell.key)]
    waiting: queue.SimpleQueue[Cell] = queue.SimpleQueue()
    for cell in open_cells:
        waiting.put(cell)
    say(f"{len(open_cells)} Läufe auf {len(lanes)} Hosts")
    threads = [threading.Thread(target=_work, args=(lane, waiting, ledger, len(open_cells))) for lane in lanes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _work(lane: Lane, waiting: queue.SimpleQueue[Cell], ledger: Ledger, total: int) -> None:
    while True:
        try:
            cell = waiting.get_nowait()
        except queue.Empty:
            return
        began = time.monotonic()
        seen = _play(lane, cell)
        seconds = round(time.monotonic() - began, 1)
        ledger.add(kind="cell", **cell.key, phase=cell.phase, operator=cell.operator, took=seconds, **seen)
        told = f"{total - waiting.qsize()}/{total} {cell.scene.name} {cell.point} → {seen['result']} ({seconds:.0f} s)"
        say(f"{'✘' if seen['problems'] else '✔'} {told}")
        for problem in seen["problems"]:
            say(f"    {problem}")


def _play(lane: Lane, cell: Cell) -> Json:
    """A moment may be missed when the run took another way for once: then again."""
    seen: Json = {}
    for _ in range(TRIES):
        try:
            seen = lane.play(cell.scene, cell.point, cell.deed, cell.operator)
        except (LaneBroken, AssertionError) as error:
            lane.ground = None
            seen = {"result": None, "problems": [f"Der Host ist nicht bereit: {error}"[:2000]]}
            continue
        if not any(MISSED in problem for problem in seen["problems"]):
            break
    return seen

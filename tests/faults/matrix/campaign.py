"""The campaign: survey each scene once, then shoot at every moment of it, several hosts side by side."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from tests.faults.matrix import broken, steps
from tests.faults.matrix.lane import Lane, LaneBroken
from tests.faults.matrix.ledger import Ledger
from tests.faults.matrix.own_registry import OwnRegistry
from tests.faults.matrix.scenes import Scene, story_of
from workshop.progress import say

Json = dict[str, Any]
TRIES = 2
AGAIN = 2  # what is done in a loop is met twice: how often it turns differs from run to run
MISSED = "kam nicht"
AFTER_COMMIT = ("after", "prune")


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
    def at_record(self) -> bool:
        """Right before or after the journal is written."""
        return "|journal " in self.point

    @property
    def phase(self) -> str:
        return self.point.split("|")[0]


def survey(lane: Lane, ledger: Ledger, scene: Scene) -> list[str]:
    """The moments of an undisturbed run; from the ledger if it was surveyed before."""
    known = ledger.course(scene.name)
    if known is None:
        lane.ground = None if scene.fresh else lane.ground
        seen = lane.play(scene)
        if seen["problems"]:
            raise LaneBroken(f"{scene.name}, ungestört: {seen['problems']}: {seen.get('message', '')}")
        known = seen["course"]
        ledger.add(kind="survey", scene=scene.name, course=known, result=seen["result"])
    return known


def own_phases(scene: Scene, course: list[str]) -> list[str]:
    """The steps this scene is there to disturb, in the order of its course."""
    names = dict.fromkeys(point.split("|")[0] for point in course)
    forward = {"", *story_of(scene)[steps.FORWARD]} if scene.tells_a_story else set(names)
    chosen = [name for name in names if (name in forward) == (scene.direction == steps.FORWARD)]
    return [name for name in chosen if not scene.only or {name, steps.plain(name)} & {*scene.only}]


def kills(scene: Scene, course: list[str]) -> list[Cell]:
    """The agent shot at every moment; half of the times the operator has shut the gate himself."""
    wanted = own_phases(scene, course)
    points = [point for point in distinct(course) if point.split("|")[0] in wanted]
    points = [point for point in points if not scene.sparse or "|journal " in point]
    points = [point for point in points if int(point.rpartition("|")[2]) <= AGAIN]
    shut = [number // 2 % 2 == 1 and not scene.moves for number in range(len(points))]
    return [Cell(scene, point, "agent", operator) for point, operator in zip(points, shut, strict=True)]


def distinct(course: list[str]) -> list[str]:
    """Before and after every record; of the other moments only those before which something has changed: between
    „after this“ and „before the next“ the world stands still."""
    chosen = []
    for point, following in zip(course, [*course[1:], ""], strict=True):
        if "|journal " in point or ("|after|" in point and "|before|journal " not in following):
            chosen.append(point)
    return chosen


def at_intents(scene: Scene, course: list[str], deed: str, every: int = 1) -> list[Cell]:
    """Something else than the agent is hit, right after an intent was written."""
    wanted = own_phases(scene, course)
    points = [point for point in course if "|after|journal" in point and f"intent {point.split('|')[0]}" in point]
    points = [point for point in points if point.split("|")[0] in wanted]
    return [Cell(scene, point, deed, False) for point in points[::every]]


def disk_full(scene: Scene, course: list[str]) -> list[Cell]:
    """The disk is full from the moment before each record of the journal."""
    return [Cell(scene, point, "disk", False) for point in course if "|before|journal " in point]


def shoot(lanes: list[Lane], ledger: Ledger, cells: Iterable[Cell]) -> None:
    """All cells that the ledger does not have; each lane takes the next one."""
    open_cells = [cell for cell in cells if not ledger.of("cell", **cell.key)]
    waiting: queue.SimpleQueue[Cell] = queue.SimpleQueue()
    for cell in open_cells:
        waiting.put(cell)
    say(f"{len(open_cells)} Läufe auf {len(lanes)} Hosts")
    _side_by_side(lambda lane: _work(lane, waiting, ledger, len(open_cells)), lanes)


def suffer_all(lanes: list[Lane], registry: OwnRegistry, ledger: Ledger) -> None:
    """Broken releases side by side; what breaks the registry for all of them afterwards, one by one."""
    pairs = [(fault, strategy) for fault in broken.FAULTS for strategy in ("recreate", "rolling")]
    pairs = [pair for pair in pairs if not ledger.of("fault", name=pair[0].name, strategy=pair[1])]
    waiting: queue.SimpleQueue[tuple[broken.Fault, str]] = queue.SimpleQueue()
    for pair in pairs:
        if not pair[0].alone:
            waiting.put(pair)
    _side_by_side(lambda lane: _suffer(lane, registry, ledger, waiting), lanes)
    for pair in pairs:
        if pair[0].alone:
            waiting.put(pair)
    _suffer(lanes[0], registry, ledger, waiting)


def _suffer(lane: Lane, registry: OwnRegistry, ledger: Ledger, waiting: queue.SimpleQueue[Any]) -> None:
    while True:
        try:
            fault, strategy = waiting.get_nowait()
        except queue.Empty:
            return
        try:
            seen = broken.suffer(lane, registry, fault, strategy)
        except (LaneBroken, AssertionError) as error:
            seen = {"result": None, "problems": [f"Der Host ist nicht bereit: {error}"[:2000]]}
        ledger.add(kind="fault", name=fault.name, strategy=strategy, **seen)
        say(f"{'✘' if seen['problems'] else '✔'} {fault.title} ({strategy}) → {seen['result']}")
        for problem in seen["problems"]:
            say(f"    {problem}")


def _side_by_side(work: Callable[[Lane], None], lanes: list[Lane]) -> None:
    threads = [threading.Thread(target=work, args=(lane,)) for lane in lanes]
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
        seen["problems"] += _on_full_disk(cell, seen)
        if not any(MISSED in problem for problem in seen["problems"]):
            break
    return seen


def _on_full_disk(cell: Cell, seen: Json) -> list[str]:
    """The old release, and no success; once the new one is committed, it stays and the report warns (ADR 0025)."""
    if cell.deed != "disk":
        return []
    committed = "done commit" in cell.point or cell.phase in AFTER_COMMIT
    if seen["result"] == "updated" and not committed:
        return ["Ein Lauf mit voller Platte gilt als Erfolg"]
    return [] if "Die Platte ist voll" in seen["message"] else ["Der Bericht nennt sie nicht"]

"""The campaign: which moments of which scene are disturbed, by what; and what of it is still to be done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.faults.matrix import broken, steps
from tests.faults.matrix.ledger import Ledger
from tests.faults.matrix.scenes import SCENES, Scene, story_of

Json = dict[str, Any]
AGAIN = 2  # what is done in a loop is met twice: how often it turns differs from run to run
STRATEGIES = ("recreate", "rolling")
# Records of the journal come first, moments between them last: who stops early knows every step by then.
KINDS = ("agent", "images", "gate", "docker", "reboot", "disk", "between")
# What hits others than the agent: scene → every how many steps.
OTHERS = {
    "gate": {"recreate-vor": 1, "recreate-zurueck": 1, "rolling-vor": 1, "rolling-zurueck": 1, "rolling-reserve": 2},
    "docker": {"recreate-vor": 4, "recreate-zurueck": 3, "rolling-vor": 5, "rolling-zurueck": 5},
    "reboot": {"recreate-vor": 5, "rolling-vor": 7},
}
ALL_SCENES = (*SCENES, *broken.DISK_SCENES)


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

    @property
    def kind(self) -> str:
        return "between" if self.deed == "agent" and not self.at_record else self.deed


@dataclass(frozen=True)
class Outstanding:
    """What a ledger does not have yet; the cells of a scene are known once it was surveyed."""

    scenes: list[Scene]
    cells: list[Cell]
    faults: list[tuple[broken.Fault, str]]


def outstanding(ledger: Ledger) -> Outstanding:
    courses = {scene.name: ledger.course(scene.name) for scene in ALL_SCENES}
    cells = [cell for scene in ALL_SCENES if (course := courses[scene.name]) for cell in cells_of(scene, course)]
    pairs = [(fault, strategy) for fault in broken.FAULTS for strategy in STRATEGIES]
    return Outstanding(
        [scene for scene in ALL_SCENES if courses[scene.name] is None],
        [cell for cell in cells if not (ledger.of("cell", **cell.key) or ledger.of("absent", **cell.key))],
        [pair for pair in pairs if not ledger.of("fault", name=pair[0].name, strategy=pair[1])],
    )


def kinds_of(scene: Scene) -> set[str]:
    """The kinds of which this scene has cells."""
    if scene in broken.DISK_SCENES:
        return {"disk"}
    between = set() if scene.sparse else {"between"}
    return {"agent", *between, *(deed for deed, scenes in OTHERS.items() if scene.name in scenes)}


def cells_of(scene: Scene, course: list[str]) -> list[Cell]:
    """Every run of this scene that is to be disturbed."""
    if scene in broken.DISK_SCENES:
        return disk_full(scene, course)
    hit = [cell for deed, scenes in OTHERS.items() for cell in at_intents(scene, course, deed, scenes.get(scene.name))]
    return kills(scene, course) + hit


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


def at_intents(scene: Scene, course: list[str], deed: str, every: int | None = 1) -> list[Cell]:
    """Something else than the agent is hit, right after every so many-th intent was written; None: never."""
    wanted = own_phases(scene, course)
    points = [point for point in course if "|after|journal" in point and f"intent {point.split('|')[0]}" in point]
    points = [point for point in points if point.split("|")[0] in wanted]
    return [Cell(scene, point, deed, False) for point in points[::every]] if every else []


def disk_full(scene: Scene, course: list[str]) -> list[Cell]:
    """The disk is full from the moment before each record of the journal."""
    return [Cell(scene, point, "disk", False) for point in course if "|before|journal " in point]

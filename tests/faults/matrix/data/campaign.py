"""Which moments of which scene are disturbed, by what; and what of it is still to be done."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from tests.faults.matrix.campaign import distinct
from tests.faults.matrix.data.scenes import ALL_SCENES, DISK_SCENES, SCENES, SMALL_DISK, Scene
from tests.faults.matrix.ledger import Ledger
from tests.faults.matrix.steps import plain

Json = dict[str, Any]
# Records of the journal first; what takes longest last.
KINDS = ("agent", "docker", "power", "disk", "net", "inside")
PARTS = (35, 70)  # percent of a long step
LONG = 1.0  # seconds
TURNS = 4  # who stops early has seen some of everything
# What hits others than the agent: scene → every how many steps.
OTHERS: dict[str, dict[str, int]] = {
    "docker": {"sicherung": 2, "zurueckspielen": 3, "zuruecknehmen": 3, "uebung": 3, "update-zurueck": 5},
    "power": {"sicherung": 3, "zurueckspielen": 4, "zuruecknehmen": 4, "uebung": 4, "update-zurueck": 6},
    "net": {"sicherung": 3, "zurueckspielen": 6, "uebung": 5},
}
# Only there the backup server is spoken to.
SPEAKS = ("repository", "save:*", "manifest", "look", "stage", "choose", "unpack", "load:*")
BEFORE = "vorher"


@dataclass(frozen=True)
class Cell:
    """One run to be disturbed: `deed` happens `delay` seconds after `moment`, which is `percent` of a long step.
    `turn`: lower ones first."""

    scene: Scene
    moment: str
    deed: str
    operator: bool = False
    delay: float = 0.0
    percent: int = 0
    turn: int = 0

    @property
    def point(self) -> str:
        return f"{self.moment}@{self.percent}" if self.percent else self.moment

    @property
    def key(self) -> Json:
        return {"scene": self.scene.name, "point": self.point, "deed": self.deed}

    @property
    def phase(self) -> str:
        """The step that is hit; a record belongs to the one it begins."""
        return self.moment.split("|")[0]

    @property
    def kind(self) -> str:
        at_record = "|journal " in self.moment and not self.percent
        return self.deed if at_record or self.deed != "agent" else "inside"


@dataclass(frozen=True)
class Course:
    """What an undisturbed run met, and when."""

    points: list[str]
    times: list[float]

    def seconds(self, phase: str) -> float:
        """From its intent to the next record of another."""
        phases = [point.split("|")[0] for point in self.points]
        first = phases.index(phase)
        later = [at for at, name in zip(self.times[first:], phases[first:], strict=True) if name != phase]
        return (later or self.times)[0 if later else -1] - self.times[first]


def course_of(ledger: Ledger, scene: Scene) -> Course | None:
    """On a small disk a run goes the same way."""
    surveys = ledger.of("survey", scene=scene.name.removeprefix(SMALL_DISK))
    return Course(surveys[-1]["course"], surveys[-1]["times"]) if surveys else None


def outstanding(ledger: Ledger, name: str = "") -> tuple[list[Scene], list[Cell]]:
    """Scenes nobody has seen undisturbed, and cells of the others that are still to be shot; of one scene (and its twin
    on a small disk) or of all."""
    courses = {scene.name: course_of(ledger, scene) for scene in ALL_SCENES}
    asked = [scene for scene in ALL_SCENES if name in ("", scene.name.removeprefix(SMALL_DISK))]
    cells = [cell for scene in asked if (course := courses[scene.name]) for cell in cells_of(scene, course)]
    unseen = [cell for cell in cells if not (ledger.of("cell", **cell.key) or ledger.of("absent", **cell.key))]
    return [scene for scene in SCENES if courses[scene.name] is None], unseen


def kinds_of(scene: Scene) -> set[str]:
    """Also of its twin on a small disk."""
    small = {"disk"} if any(one.name == f"{SMALL_DISK}{scene.name}" for one in DISK_SCENES) else set()
    return {*small, "agent", "inside", *(deed for deed, scenes in OTHERS.items() if scene.name in scenes)}


def cells_of(scene: Scene, course: Course) -> list[Cell]:
    return [
        replace(cell, turn=number % TURNS)
        for kind in KINDS
        for number, cell in enumerate(_of_kind(scene, course, kind))
    ]


def _of_kind(scene: Scene, course: Course, kind: str) -> list[Cell]:
    return [cell for cell in _all(scene, course) if cell.kind == kind]


def _all(scene: Scene, course: Course) -> list[Cell]:
    if scene in DISK_SCENES:
        return disk_full(scene, course)
    hit = [cell for deed, scenes in OTHERS.items() for cell in _others(scene, course, deed, scenes.get(scene.name))]
    return [*kills(scene, course), *inside(scene, course), *hit]


def kills(scene: Scene, course: Course) -> list[Cell]:
    """The agent shot before and after every record; every other time the operator has shut the gate himself."""
    points = [point for point in _own(scene, course.points) if "|journal " in point]
    return [Cell(scene, point, "agent", number // 2 % 2 == 1) for number, point in enumerate(dict.fromkeys(points))]


def inside(scene: Scene, course: Course) -> list[Cell]:
    """In the middle of steps: after each change of the world, and at fixed parts of what takes long."""
    points = [point for point in distinct(_own(scene, course.points)) if "|journal " not in point]
    points = [point for point in points if point.endswith("|1")]
    cells = [Cell(scene, point, "agent") for point in points if not point.split("|")[2].startswith("write ")]
    for point in _intents(scene, course):
        seconds = course.seconds(_begun(point))
        parts = PARTS if seconds >= LONG else ()
        cells += [Cell(scene, point, "agent", False, seconds * part / 100, part) for part in parts]
    return cells


def _others(scene: Scene, course: Course, deed: str, every: int | None) -> list[Cell]:
    """In the middle of every so many-th step; of what speaks to the backup server for a cut of the network."""
    points = [point for point in _intents(scene, course) if deed != "net" or _named(_begun(point), SPEAKS)]
    half = {point: course.seconds(_begun(point)) / 2 for point in points}
    return [Cell(scene, point, deed, False, half[point], 50) for point in points[::every]] if every else []


def disk_full(scene: Scene, course: Course) -> list[Cell]:
    """Before the run, and from the moment before every third record."""
    points = [point for point in dict.fromkeys(course.points) if "|before|journal " in point]
    return [Cell(scene, BEFORE, "disk"), *(Cell(scene, point, "disk") for point in points[1::3])]


def _own(scene: Scene, points: list[str]) -> list[str]:
    return [point for point in points if not scene.only or _named(point.split("|")[0], scene.only)]


def _intents(scene: Scene, course: Course) -> list[str]:
    """Right after an intent was written; each once."""
    after = dict.fromkeys(point for point in course.points if "|after|journal " in point and "intent " in point)
    return [point for point in after if not scene.only or _named(_begun(point), scene.only)]


def _begun(point: str) -> str:
    """The step whose intent this record brings."""
    return point.split("|")[2].rpartition("intent ")[2]


def _named(phase: str, names: tuple[str, ...]) -> bool:
    return bool({phase, plain(phase)} & {*names})

"""What of a stack's data is at work when it is disturbed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from tests.faults.matrix.data.ground import DataGround
from tests.faults.matrix.grounds import GOOD

# The first version may begin with it; the next one destroys what it finds, and fails.
DESTROYS = (
    "import os, sys, time; from pathlib import Path; first = os.environ['VERSION'] == '1.0.0'; "
    "[file.unlink() for file in Path('/data').iterdir() if not first]; time.sleep(0 if first else 0.5); "
    "sys.exit(0 if first else 3)"
)
PATIENCE = 90.0  # seconds from the cut of the network to the end of the run


@dataclass(frozen=True)
class Scene:
    """`only`: steps that are disturbed (`save:*`: all of them), others are met in other scenes. `next`: what must work
    afterwards. `written`: whether somebody writes meanwhile. `broken`: it must not succeed."""

    name: str
    title: str
    ground: DataGround
    operation: str
    next: str = "backup"
    written: bool = True
    targets: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    broken: bool = False

    def job(self, point: str | None, deed: str, delay: float, operator: bool) -> dict[str, Any]:
        """What the one on the host needs to know."""
        return {
            "operation": self.operation,
            "targets": list(self.targets),
            "services": self.ground.services,
            "writes": self.ground.writes if self.written else [],
            "next": self.next,
            "broken": self.broken,
            "point": point,
            "deed": deed,
            "delay": delay,
            "operator": operator,
            "patience": PATIENCE,
        }


EVERYTHING = DataGround("alles", mongodb=True)
SMALL = replace(EVERYTHING, name="alles-kleine-platte", small_disk=True)
BEFORE = {"backup": "before_update", "ready_timeout": 30}
UPDATED = DataGround("update", mongodb=True, volume=True, update=BEFORE, everything=False)
MIGRATED = replace(
    UPDATED,
    name="update-migration",
    more={"migration": {"command": ["python3", "-c", DESTROYS], "timeout": 60, "compatible": False}},
)
SMALL_DISK = "platte-"
SAVING = ("repository", "save:*", "manifest", "remember")
TAKEN_BACK = ("again", "again:*", "seal", "note", "migrate", "evidence", "halt", "still", "load", "exchange", "restore")
# The backup that a restore begins with is disturbed where it is made alone.
RESTORING = ("", "repository", "look", "remember", "stage", "close", "stop", "switch", "start", "ready", "keep", "open")
RESTORING += ("tidy",)

SCENES = (
    Scene("sicherung", "Sicherung", EVERYTHING, "backup"),
    Scene("zurueckspielen", "Zurückspielen des ganzen Stacks", EVERYTHING, "restore", written=False, only=RESTORING),
    Scene("zuruecknehmen", "Zurücknehmen (`upkeep undo`)", EVERYTHING, "undo", written=False),
    Scene("uebung", "Wiederherstellungsübung", EVERYTHING, "drill"),
    Scene("update-sicherung", "Sicherung vor einem Update", UPDATED, "update", targets=GOOD, only=SAVING),
    Scene(
        "update-zurueck",
        "Update, dessen Migration Daten zerstört und scheitert",
        MIGRATED,
        "update",
        targets=GOOD,
        only=(*TAKEN_BACK, "recheck", "reopen", "drop"),
        broken=True,
    ),
)
# The disk that holds what Upkeep itself writes is full.
DISK_SCENES = tuple(
    replace(scene, name=f"{SMALL_DISK}{scene.name}", ground=SMALL) for scene in SCENES if scene.ground is EVERYTHING
)
ALL_SCENES = (*SCENES, *DISK_SCENES)


def scene(name: str) -> Scene:
    return next(one for one in ALL_SCENES if one.name == name)

"""The scenes that are disturbed: which stack stands there, what is asked of it, and how that may end."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from testbed.paths import CHECKOUT
from tests.faults.matrix.grounds import GOOD, OLD_PROJECT, Ground
from tests.faults.matrix.steps import BACK, FORWARD, of_story
from upkeep.memory.journal import Operation

UGLY, UGLY_SECOND, UGLY_THIRD, FADING = "1.2.0", "1.3.0", "1.4.0", "1.5.0"
BROKEN = {UGLY: "ugly", UGLY_SECOND: "ugly-2", UGLY_THIRD: "ugly-3", FADING: "fading"}
HOOKS = {"before": [{"command": ["/bin/true"], "timeout": 10}], "after": [{"command": ["/bin/true"], "timeout": 10}]}
# Long enough to be met at work, and leaves a line for each time it was run to its end.
MIGRATION = ["python3", "-c", "import time; print('stellt um', flush=True); time.sleep(1.5); print('fertig')"]


@dataclass(frozen=True)
class Scene:
    """`targets`: what is updated to, the first that does not run already. `touched`: files below the stack's home that
    get another content first; `becomes`: the stack's files are those of this ground then. `direction`: whose steps this
    scene is there to disturb, `only`: just these of them (of one slot, or `drain:*` of all), `sparse`: only at the
    journal's records. `fresh`: every run begins with a new stack. `stays_closed`: may rightly end with the gate shut.
    `service`: what is updated instead of the app. `damaged`: files of the agent's memory that are spoiled first, and
    the app is stopped."""

    name: str
    title: str
    ground: Ground
    operation: str = "update"
    targets: tuple[str, ...] = GOOD
    touched: tuple[str, ...] = ()
    becomes: Ground | None = None
    direction: str = FORWARD
    only: tuple[str, ...] = ()
    sparse: bool = False
    fresh: bool = False
    stays_closed: bool = False
    service: str = ""
    damaged: tuple[str, ...] = ()

    @property
    def options(self) -> dict[str, str]:
        """What the order says besides."""
        named = {"service": self.service} if self.service else {}
        return named | {"adopt": {"project": OLD_PROJECT}, "remove": {"data": "delete", "confirm": "lager"}}.get(
            self.operation, {}
        )

    @property
    def tells_a_story(self) -> bool:
        """Whether it goes the way of stories/update.py, forward and back."""
        return self.operation in ("update", "deploy", "adopt")

    @property
    def moves(self) -> bool:
        """Whether the stack itself comes or goes: before, or afterwards, there is none that could be in maintenance."""
        return self.operation in ("adopt", "remove")

    @property
    def strategy(self) -> str:
        """Whose steps these are: a strategy's, the database's, or an operation's of its own."""
        own = self.service or ("" if self.operation in ("update", "deploy") else self.operation)
        return own or str(self.ground.update.get("strategy", "recreate"))

    @property
    def after(self) -> Ground:
        """What stands there when it went well."""
        return self.becomes or self.ground

    def job(self, point: str | None, deed: str, operator: bool, repository: str) -> dict[str, Any]:
        """What the one on the host needs to know."""
        placed = self.after.files(repository) if self.becomes else {}
        return {
            "scene": self.name,
            "operation": self.operation,
            "service": self.service,
            "options": self.options,
            "version": self.ground.version,
            "damaged": list(self.damaged),
            "targets": list(self.targets),
            "touched": list(self.touched),
            "placed": {name: content for name, (content, *_) in placed.items() if not name.startswith("secrets/")},
            "services": self.ground.services,
            "services_after": self.after.services,
            "broken": self.direction == BACK,
            "stays_closed": self.stays_closed,
            "pause": 0.1 if point else 0.03,
            "point": point,
            "deed": deed,
            "operator": operator,
        }


def story_of(scene: Scene) -> dict[str, list[str]]:
    """Direction → steps of the story that this scene plays."""
    if not scene.tells_a_story:
        return {FORWARD: [], BACK: []}
    wanted, before = (ground.policy("registry.test/app") for ground in (scene.after, scene.ground))
    operation = Operation.ADOPT if scene.operation == "adopt" else Operation.UPDATE
    return of_story(wanted, before, operation, database=scene.service == "mongodb")


def _migrating(ground: Ground, compatible: bool) -> Ground:
    policy = {"migration": {"command": MIGRATION, "timeout": 60, "compatible": compatible}}
    kind = "vertraeglich" if compatible else "unvertraeglich"
    return replace(ground, name=f"{ground.name}-migration-{kind}", more=ground.more | policy)


RECREATE = Ground("recreate", more={"hooks": HOOKS})
BAKING = Ground("beobachtet", update={"bake": 9}, environment={"FADES": "3"})
DATABASE = Ground("datenbank", mongodb=True, more={"hooks": HOOKS})
# The same server under other names, and one that does not start.
DATABASES, DEAD_DATABASE = (f"stufe-{CHECKOUT}-1", f"stufe-{CHECKOUT}-2"), f"stufe-{CHECKOUT}-tot"
BY_HAND = Ground("von-hand", volume=True, by_hand=True)
ROLLING = Ground("rolling", slots=2, update={"strategy": "rolling"}, more={"hooks": HOOKS})
ROLLING_THREE = replace(ROLLING, name="rolling-drei", slots=3)
ROLLING_SPARE = replace(ROLLING, name="rolling-reserve", update={"strategy": "rolling", "surge": True})
ROLLING_UGLY = replace(ROLLING, name="rolling-dritter-kaputt", version=UGLY_THIRD)
RECREATE_COMPATIBLE, RECREATE_INCOMPATIBLE = (_migrating(RECREATE, compatible) for compatible in (True, False))
ROLLING_COMPATIBLE = _migrating(ROLLING, True)
EVERYTHING = ("secrets/token", "secrets/mongodb-app", "gate-wanted/haproxy.cfg")

SCENES = (
    Scene("recreate-vor", "Update, das gelingt", RECREATE),
    Scene("recreate-zurueck", "Update, dessen Startseite fehlt", RECREATE, targets=(UGLY,), direction=BACK),
    Scene("rolling-vor", "Update, das gelingt", ROLLING),
    Scene("rolling-zurueck", "Update, das am zweiten Slot scheitert", ROLLING, targets=(UGLY_SECOND,), direction=BACK),
    Scene("recreate-migration", "Update mit Migration", RECREATE_INCOMPATIBLE, only=("migrate", "start"), fresh=True),
    Scene(
        "recreate-migration-zurueck",
        "Verträgliche Migration, dann fehlt die Startseite",
        RECREATE_COMPATIBLE,
        targets=(UGLY,),
        direction=BACK,
        sparse=True,
    ),
    Scene(
        "recreate-geschlossen",
        "Unverträgliche Migration, dann fehlt die Startseite",
        RECREATE_INCOMPATIBLE,
        targets=(UGLY,),
        direction=BACK,
        sparse=True,
        fresh=True,
        stays_closed=True,
    ),
    Scene(
        "recreate-beobachtung",
        "Update, das in der Beobachtung auffällt",
        BAKING,
        targets=(FADING,),
        direction=BACK,
        sparse=True,
    ),
    Scene(
        "rolling-reserve",
        "Update mit zusätzlichem Slot",
        ROLLING_SPARE,
        only=("start:*", "ready:*", "admit:*", "retire:*"),
    ),
    Scene(
        "rolling-reserve-zurueck",
        "Update mit zusätzlichem Slot, das am zweiten scheitert",
        ROLLING_SPARE,
        targets=(UGLY_SECOND,),
        direction=BACK,
        only=("leave:*", "dismiss:*"),
    ),
    Scene("rolling-migration", "Update mit Migration", ROLLING_COMPATIBLE, only=("migrate", "switch")),
    Scene(
        "rolling-migration-zurueck",
        "Migration, dann scheitert der zweite Slot",
        ROLLING_COMPATIBLE,
        targets=(UGLY_SECOND,),
        direction=BACK,
        sparse=True,
    ),
    Scene(
        "rolling-slot-mehr",
        "Deploy: ein Slot mehr",
        ROLLING,
        operation="deploy",
        becomes=ROLLING_THREE,
        only=("switch", "replace:app-3", "ready:app-3", "gate", "admit:app-3", "commit"),
        sparse=True,
        fresh=True,
    ),
    Scene(
        "rolling-slot-weniger",
        "Deploy: ein Slot weniger",
        ROLLING_THREE,
        operation="deploy",
        becomes=ROLLING,
        only=("switch", "drain:app-3", "retire:app-3", "gate", "commit"),
        sparse=True,
        fresh=True,
    ),
    Scene(
        "rolling-slot-mehr-zurueck",
        "Deploy: ein Slot mehr, der nicht taugt",
        ROLLING_UGLY,
        operation="deploy",
        becomes=replace(ROLLING_UGLY, slots=3),
        direction=BACK,
        only=("restore", "leave:app-3", "dismiss:app-3", "gateback"),
        sparse=True,
        fresh=True,
    ),
    Scene("datenbank-vor", "Update der Datenbank", DATABASE, targets=DATABASES, sparse=True, service="mongodb"),
    Scene(
        "datenbank-zurueck",
        "Update der Datenbank, die nicht startet",
        DATABASE,
        targets=(DEAD_DATABASE,),
        direction=BACK,
        sparse=True,
        service="mongodb",
    ),
    Scene("uebernahme-vor", "Übernahme eines Compose-Projekts", BY_HAND, operation="adopt", sparse=True, fresh=True),
    Scene(
        "uebernahme-zurueck",
        "Übernahme, nach der die Startseite fehlt",
        replace(BY_HAND, name="von-hand-kaputt", version=UGLY),
        operation="adopt",
        direction=BACK,
        sparse=True,
        fresh=True,
    ),
    Scene(
        "entfernung",
        "Entfernen samt Daten",
        replace(RECREATE, name="mit-daten", volume=True),
        operation="remove",
        sparse=True,
        fresh=True,
    ),
    Scene("pruefung", "Suche nach einer neuen Version", RECREATE, operation="check"),
    Scene(
        "reparatur",
        "Reparatur: state.json beschädigt, Anwendung angehalten",
        RECREATE,
        operation="repair",
        damaged=("state.json",),
        sparse=True,
    ),
    Scene(
        "deploy-vor",
        "Deploy: neues Geheimnis, neues Datenbankkennwort, neue Gate-Konfiguration",
        DATABASE,
        operation="deploy",
        touched=EVERYTHING,
    ),
)


def scene(name: str) -> Scene:
    return next(one for one in SCENES if one.name == name)

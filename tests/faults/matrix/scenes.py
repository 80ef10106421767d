"""The scenes that are disturbed: which stack stands there, what is asked of it, and how that may end."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import yaml

from testbed.paths import CHECKOUT
from tests.faults.matrix.steps import BACK, FORWARD, of_story
from tests.integration.upkeep import stack

Files = dict[str, tuple[str, int, int, int]]
GOOD = ("1.0.0", "1.1.0")
UGLY, UGLY_SECOND, UGLY_THIRD, FADING = "1.2.0", "1.3.0", "1.4.0", "1.5.0"
BROKEN = {UGLY: "ugly", UGLY_SECOND: "ugly-2", UGLY_THIRD: "ugly-3", FADING: "fading"}
UPDATE = {"ready_timeout": 30, "ready_interval": 0.1, "drain_timeout": 3, "stop_timeout": 5, "minimum_free_mb": 100}
HOOKS = {"before": [{"command": ["/bin/true"], "timeout": 10}], "after": [{"command": ["/bin/true"], "timeout": 10}]}
# Long enough to be met at work, and leaves a line for each time it was run to its end.
MIGRATION = ["python3", "-c", "import time; print('stellt um', flush=True); time.sleep(1.5); print('fertig')"]


@dataclass(frozen=True)
class Ground:
    """A stack as Ansible would have placed it. `update` and `more`: of the policy; `version`: what it begins with;
    `registry`: another one than the testbed's; `small_disk`: its data lies on a small file system of its own."""

    name: str
    slots: int = 1
    mongodb: bool = False
    update: dict[str, Any] = field(default_factory=dict)
    more: dict[str, Any] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    limits: dict[str, Any] = field(default_factory=dict)
    version: str = GOOD[0]
    registry: str = ""
    small_disk: bool = False

    def policy(self, repository: str) -> dict[str, Any]:
        app = {"port": 8000, "health_path": "/api/health", "version_path": "/api/health", "smoke_path": "/"}
        changes = {
            "image": {"channel": f"{repository}:{self.version}"},
            "registries_allowed": [repository.partition("/")[0]],
            "app": app | {"slots": self.slots},
            "update": UPDATE | {"strategy": "recreate", "bake": 0} | self.update,
        }
        return stack.policy(self.slots, self.mongodb, **changes | self.more)

    def files(self, repository: str) -> Files:
        placed = stack.files(self.slots, self.mongodb)
        compose = stack.compose(self.slots, self.mongodb)
        for name, body in compose["services"].items():
            if name.startswith("app-"):
                body["environment"] |= {"UPKEEP_SLOT": name, **self.environment}
                body |= self.limits
        texts = {"compose.yml": compose, "stack.yml": self.policy(repository)}
        return placed | {name: (yaml.safe_dump(text), 0o644, 0, 0) for name, text in texts.items()}

    @property
    def services(self) -> list[str]:
        return [*(f"app-{n}" for n in range(1, self.slots + 1)), "gate", *(["mongodb"] if self.mongodb else [])]


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
    def tells_a_story(self) -> bool:
        """Whether it goes the way of story.py, forward and back."""
        return self.operation in ("update", "deploy")

    @property
    def strategy(self) -> str:
        """Whose steps these are: a strategy's, the database's, or an operation's of its own."""
        own = self.service or ("" if self.tells_a_story else self.operation)
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
    policies = (ground.policy("registry.test/app") for ground in (scene.after, scene.ground))
    return of_story(*policies, database=scene.service == "mongodb")


def _migrating(ground: Ground, compatible: bool) -> Ground:
    policy = {"migration": {"command": MIGRATION, "timeout": 60, "compatible": compatible}}
    kind = "vertraeglich" if compatible else "unvertraeglich"
    return replace(ground, name=f"{ground.name}-migration-{kind}", more=ground.more | policy)


RECREATE = Ground("recreate", more={"hooks": HOOKS})
BAKING = Ground("beobachtet", update={"bake": 9}, environment={"FADES": "3"})
DATABASE = Ground("datenbank", mongodb=True)
# The same server under other names, and one that does not start.
DATABASES, DEAD_DATABASE = (f"stufe-{CHECKOUT}-1", f"stufe-{CHECKOUT}-2"), f"stufe-{CHECKOUT}-tot"
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

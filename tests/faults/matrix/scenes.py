"""The scenes that are disturbed: which stack stands there, what is asked of it, and how that may end."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import yaml

from tests.faults.matrix.steps import BACK, FORWARD
from tests.integration.upkeep import stack

Files = dict[str, tuple[str, int, int, int]]
GOOD = ("1.0.0", "1.1.0")
BROKEN = {"1.2.0": "ugly", "1.3.0": "ugly-2"}
UPDATE = {"ready_timeout": 20, "ready_interval": 0.1, "drain_timeout": 3, "stop_timeout": 5, "minimum_free_mb": 100}


@dataclass(frozen=True)
class Ground:
    """A stack as Ansible would have placed it. `update`: the policy's update section beyond the usual."""

    name: str
    slots: int = 1
    mongodb: bool = False
    update: dict[str, Any] = field(default_factory=dict)
    more: dict[str, Any] = field(default_factory=dict)
    memory: str = ""
    registry: str = ""

    def policy(self, repository: str) -> dict[str, Any]:
        app = {"port": 8000, "health_path": "/api/health", "version_path": "/api/health", "smoke_path": "/"}
        registry, _, _ = repository.partition("/")
        changes = {
            "image": {"channel": f"{repository}:1.0.0"},
            "registries_allowed": [registry],
            "app": app | {"slots": self.slots},
            "update": UPDATE | {"strategy": "recreate"} | self.update,
        }
        return stack.policy(self.slots, self.mongodb, **changes | self.more)

    def files(self, repository: str) -> Files:
        placed = stack.files(self.slots, self.mongodb)
        compose = stack.compose(self.slots, self.mongodb)
        for name, body in compose["services"].items():
            if name.startswith("app-"):
                body["environment"]["UPKEEP_SLOT"] = name
                body |= {"mem_limit": self.memory, "memswap_limit": self.memory} if self.memory else {}
        texts = {"compose.yml": compose, "stack.yml": self.policy(repository)}
        return placed | {name: (yaml.safe_dump(text), 0o644, 0, 0) for name, text in texts.items()}

    @property
    def services(self) -> list[str]:
        return [*(f"app-{n}" for n in range(1, self.slots + 1)), "gate", *(["mongodb"] if self.mongodb else [])]


@dataclass(frozen=True)
class Scene:
    """`targets`: what is updated to, the first that does not run already. `touched`: files below the stack's home that
    get another content first. `directions`: whose steps this scene is there to disturb."""

    name: str
    title: str
    strategy: str
    ground: Ground
    operation: str = "update"
    targets: tuple[str, ...] = GOOD
    touched: tuple[str, ...] = ()
    direction: str = FORWARD

    def job(self, point: str | None, deed: str, operator: bool) -> dict[str, Any]:
        """What the one on the host needs to know."""
        return {
            "scene": self.name,
            "operation": self.operation,
            "targets": list(self.targets),
            "touched": list(self.touched),
            "services": self.ground.services,
            "broken": self.direction == BACK,
            "point": point,
            "deed": deed,
            "operator": operator,
        }


RECREATE = Ground("recreate")
DATABASE = Ground("datenbank", mongodb=True)
SCENES = (
    Scene("recreate-vor", "Update, das gelingt", "recreate", RECREATE),
    Scene("recreate-zurueck", "Update, das scheitert", "recreate", RECREATE, targets=("1.2.0",), direction=BACK),
    Scene(
        "deploy-vor",
        "Deploy: neues Geheimnis, neues Datenbankkennwort, neue Gate-Konfiguration",
        "recreate",
        DATABASE,
        operation="deploy",
        touched=("secrets/token", "secrets/mongodb-app", "gate/haproxy.cfg"),
    ),
)


def scene(name: str) -> Scene:
    return next(one for one in SCENES if one.name == name)

"""What stands on a host before a scene begins: stacks as Ansible would have placed them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import yaml

from tests.integration.upkeep import stack

Files = dict[str, tuple[str, int, int, int]]
GOOD = ("1.0.0", "1.1.0")
UPDATE = {"ready_timeout": 30, "ready_interval": 0.1, "drain_timeout": 3, "stop_timeout": 5, "minimum_free_mb": 100}
OLD_PROJECT = "alt"


@dataclass(frozen=True)
class Ground:
    """A stack as Ansible would have placed it. `update` and `more`: of the policy; `version`: what it begins with;
    `registry`: another one than the testbed's; `small_disk`: its data lies on a small file system of its own; `volume`:
    its app has data in one; `by_hand`: it is not rolled out yet, its app runs in a compose project with that volume."""

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
    volume: bool = False
    by_hand: bool = False

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
                body |= self.limits | ({"volumes": [_data("daten")]} if self.volume else {})
        if self.volume:
            external = {"external": True, "name": f"{OLD_PROJECT}_daten"} if self.by_hand else {}
            compose["volumes"] |= {"daten": external}
        texts = {"compose.yml": compose, "stack.yml": self.policy(repository)}
        return placed | {name: (yaml.safe_dump(text), 0o644, 0, 0) for name, text in texts.items()}

    def old_project(self, repository: str) -> str:
        """The compose.yml of somebody who runs the app by hand."""
        app = {
            "image": f"{repository}:{self.version}",
            "user": "7310:7310",
            "restart": "always",
            "environment": {"PORT": "8000"},
            "ports": ["80:8000"],
            "volumes": [_data("daten")],
        }
        return yaml.safe_dump({"services": {"web": app}, "volumes": {"daten": {}}})

    @property
    def services(self) -> list[str]:
        return [*(f"app-{n}" for n in range(1, self.slots + 1)), "gate", *(["mongodb"] if self.mongodb else [])]


def _data(volume: str) -> dict[str, str]:
    return {"type": "volume", "source": volume, "target": "/data"}

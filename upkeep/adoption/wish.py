"""What an operator wants taken over, and the stack that is to take it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from upkeep import composition, yaml_text
from upkeep.composition import Composition
from upkeep.errors import BadRequest, PolicyInvalid
from upkeep.layout import StackPaths
from upkeep.policy import stack as policies
from upkeep.policy.stack import Policy

KEYS = ("project", "app", "without", "keep")


@dataclass(frozen=True)
class Wish:
    """`project`: a compose project of this host, by name or directory. `app`: which of its services is the application
    (None: the one that is left). `without`: services that end with it, `keep`: services that go on as they are."""

    project: str
    app: str | None = None
    without: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()

    @property
    def folder(self) -> str:
        """The directory it may name, directly or by a file in it."""
        named = Path(self.project)
        return str(named.parent if named.suffix in (".yml", ".yaml") else named)

    @classmethod
    def parse(cls, options: dict[str, Any]) -> Wish:
        project, app = options.get("project"), options.get("app") or None
        if not isinstance(project, str) or not project:
            raise BadRequest("project fehlt", limit="Name oder Ordner eines Compose-Projekts (`docker compose ls`)")
        if not (app is None or isinstance(app, str)):
            raise BadRequest("app ist kein Name eines Dienstes", observed=app)
        return cls(project, app, _names(options, "without"), _names(options, "keep"))


def _names(options: dict[str, Any], key: str) -> tuple[str, ...]:
    names = options.get(key) or ()
    if not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names):
        raise BadRequest(f"{key} muss eine Liste von Diensten sein", observed=names)
    return tuple(names)


@dataclass(frozen=True)
class Place:
    """Where a service of the stack keeps data. `name`: of the volume in Docker, empty for a directory of the host."""

    service: str
    target: str
    name: str
    path: str


@dataclass(frozen=True)
class Taker:
    """The stack that is to take it: what its files say, on the host already or only in the caller's hands."""

    policy: Policy
    compose: Composition
    environment_secrets: tuple[str, ...] = ()

    @property
    def slot(self) -> str:
        return self.policy.app.slot_names[0]

    @property
    def app_user(self) -> tuple[int, int]:
        user, _, group = str(self.compose.services[self.slot].get("user", "0:0")).partition(":")
        return int(user), int(group or user)

    @property
    def environment(self) -> dict[str, str]:
        raw = self.compose.services[self.slot].get("environment") or {}
        return {name: str(value).replace("$$", "$") for name, value in raw.items()}

    @property
    def host_ports(self) -> tuple[int, ...]:
        return tuple(item.host_port for item in self.policy.published)

    def places(self, service: str) -> tuple[Place, ...]:
        found = self.compose.services.get(service, {}).get("volumes") or ()
        return tuple(self._place(service, item) for item in found if isinstance(item, dict))

    def _place(self, service: str, item: dict[str, Any]) -> Place:
        source, target = str(item.get("source", "")), str(item["target"])
        if item.get("type") != "volume":
            return Place(service, target, "", source)
        declared = (self.compose.document.get("volumes") or {}).get(source) or {}
        return Place(service, target, str(declared.get("name") or f"{self.policy.stack}_{source}"), "")


def taker(paths: StackPaths, options: dict[str, Any]) -> Taker:
    """From the texts in `options` (before anything was placed), else from the host. Raises PolicyInvalid."""
    secrets = tuple(options.get("environment_secrets") or ())
    if not options.get("compose"):
        policy = policies.read(paths.policy_file, paths.name)
        return Taker(policy, composition.read(paths.compose_file, paths.home), secrets)
    try:
        document, policy = yaml_text.parse(options["compose"]), yaml_text.parse(options["policy"])
    except (yaml.YAMLError, KeyError, AttributeError) as exc:
        raise PolicyInvalid("compose und policy sind kein YAML", observed=type(exc).__name__) from exc
    return Taker(policies.parse(policy, paths.name), Composition(document, paths.home), secrets)

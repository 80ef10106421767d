"""The place of a trial: a directory, and a compose project of its own whose network leads nowhere. All of it is found
again by the project's name, so whatever a killed agent left behind goes with the next one."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from upkeep import composition
from upkeep.errors import RepositoryFailed
from upkeep.layout import StackPaths
from upkeep.policy.stack import MongoPolicy
from upkeep.ports import Ports
from upkeep.ports.compose import Project

NETWORK = "drill"
SHARES = 128  # of the processor, against the usual 1024: what serves comes first
STOP = 5.0
ASIDE = ("ports", "container_name", "depends_on", "profiles", "network_mode", "networks", "deploy", "links")


@dataclass(frozen=True)
class Scratch:
    """`paths`: of the stack whose backup it is."""

    paths: StackPaths

    @property
    def name(self) -> str:
        """No stack can be called so."""
        return f"{self.paths.name}_drill"

    @property
    def directory(self) -> Path:
        return self.paths.data / "drill"

    @property
    def root(self) -> Path:
        """Stands for the host's own root in what was saved."""
        return self.directory / "root"

    @property
    def home(self) -> Path:
        return self.at(self.paths.home)

    def at(self, path: Path) -> Path:
        return self.root / path.relative_to("/")

    def volume(self, name: str) -> Path:
        return self.directory / "volumes" / name

    @property
    def project(self) -> Project:
        return Project(self.name, self.home, self.home / "release.env", self.directory / "compose.yml")

    def mongodb(self, policy: MongoPolicy) -> MongoPolicy:
        """The same, with the secrets out of the backup."""
        users = tuple(replace(user, password_file=self.at(user.password_file)) for user in policy.users)
        root, keyfile = self.at(policy.root_password_file), self.at(policy.keyfile)
        return replace(policy, root_password_file=root, keyfile=keyfile, users=users)


def clear(paths: StackPaths, ports: Ports) -> None:
    """Again is fine. Only what bears the name of a trial is touched."""
    place = Scratch(paths)
    ports.compose.down(place.name, STOP)
    for name in ports.neighbours.volumes_of(place.name):
        ports.neighbours.remove_volume(name)
    ports.files.remove(place.directory)


def written(place: Scratch, services: tuple[str, ...], ports: Ports) -> None:
    """The backup's own compose.yml, for these services and for this place. Raises RepositoryFailed."""
    document = composition.read(place.home / "compose.yml", place.home).document
    if missing := [name for name in services if name not in document["services"]]:
        raise RepositoryFailed("backup_incomplete", f"compose.yml der Sicherung kennt {', '.join(missing)} nicht")
    ports.files.write(place.project.file, json.dumps(composed(document, services, place), indent=1))


def composed(document: dict[str, Any], services: tuple[str, ...], place: Scratch) -> dict[str, Any]:
    """compose.yml as a mapping (JSON is YAML, too)."""
    volumes = document.get("volumes") or {}
    bodies = {name: _body(document["services"][name], volumes, place) for name in services}
    used = {item["source"] for body in bodies.values() for item in body["volumes"] if item["type"] == "volume"}
    shared = {kind: _files(document[kind], place) for kind in ("secrets", "configs") if document.get(kind)}
    networks = {NETWORK: {"internal": True}}
    return {"services": bodies, "networks": networks, "volumes": {name: {} for name in sorted(used)}} | shared


def _body(service: dict[str, Any], volumes: dict[str, Any], place: Scratch) -> dict[str, Any]:
    body = {key: copy.deepcopy(value) for key, value in service.items() if key not in ASIDE}
    role = _labels(body).get("upkeep.role", "")
    mounts = [_mount(item, role, volumes, place) for item in body.get("volumes") or ()]
    return body | {"restart": "no", "networks": [NETWORK], "cpu_shares": SHARES, "volumes": mounts}


def _labels(body: dict[str, Any]) -> dict[str, str]:
    found = body.get("labels") or {}
    return dict(found) if isinstance(found, dict) else dict(str(item).partition("=")[::2] for item in found)


def _mount(item: Any, role: str, volumes: dict[str, Any], place: Scratch) -> dict[str, Any]:
    """A database's data are loaded, so it gets an empty volume; everything else is what was unpacked."""
    source, target, read_only = _parts(item)
    if not source.startswith(("/", ".")) and role == "database":
        return {"type": "volume", "source": source, "target": target}
    path = _source(source, volumes, place)
    return {"type": "bind", "source": str(path), "target": target, "read_only": read_only}


def _parts(item: Any) -> tuple[str, str, bool]:
    if isinstance(item, dict):
        return str(item.get("source", "")), str(item["target"]), bool(item.get("read_only"))
    source, _, rest = str(item).partition(":")
    target, _, mode = rest.partition(":")
    return source, target, "ro" in mode.split(",")


def _source(source: str, volumes: dict[str, Any], place: Scratch) -> Path:
    if source.startswith("/"):
        return place.at(Path(source))
    if source.startswith("."):
        return place.home / source
    return place.volume(volume_name(source, volumes, place.paths.name))


def volume_name(key: str, volumes: dict[str, Any], stack: str) -> str:
    """What a volume of compose.yml is called in Docker."""
    return str((volumes.get(key) or {}).get("name") or f"{stack}_{key}")


def make_binds(place: Scratch) -> None:
    """Directories that were in no backup: compose would refuse, and the live ones are not for a trial."""
    services = json.loads(place.project.file.read_text(encoding="utf-8"))["services"]
    for mount in (item for body in services.values() for item in body["volumes"] if item["type"] == "bind"):
        if not Path(mount["source"]).exists():
            Path(mount["source"]).mkdir(parents=True)


def _files(declared: dict[str, Any], place: Scratch) -> dict[str, Any]:
    return {name: item | {"file": str(_near(str(item["file"]), place))} for name, item in declared.items()}


def _near(path: str, place: Scratch) -> Path:
    return place.at(Path(path)) if path.startswith("/") else place.home / path

"""A world as an agent of the version before left it, from tests/unit/upkeep/recorded/."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import yaml

from tests.unit.upkeep.drive import Driver
from tests.unit.upkeep.placed import REPOSITORY
from tests.unit.upkeep.world import Behaviour, Box, World
from upkeep.memory.journal import path_of
from upkeep.ports.files import DiskFiles

BEFORE = Path(__file__).parent / "recorded" / "schema-1"
UNFINISHED = "20261121-093026-update-8077"


def recorded(root: Path) -> Driver:
    """The recorded host, killed in the middle of its last update."""
    world = World(root)
    for part in ("srv", "var"):
        shutil.copytree(BEFORE / part, root / part)
    world.place()
    for digest, (version, kind) in _read("versions.json").items():
        world.published[digest] = Behaviour(version, kind)
        world.images.add(f"{REPOSITORY if version else _name_of(digest)}@{digest}")
    for item in _read("containers.json"):
        box = Box(**item, body=_body(world, item), address=f"10.0.0.{item['id'][2:]}")
        world.boxes[box.id] = box
    world.gate.read_files()
    return Driver(world)


def as_version_before(driver: Driver, run_id: str) -> None:
    """Rewrite a journal of today as the version before would have written it: its schema, its fields."""
    path = path_of(driver.world.paths, run_id)
    known = json.loads(_journal(BEFORE / "var/lib/upkeep/lager/runs" / f"{UNFINISHED}.json"))
    body = _only(json.loads(_journal(path)), known) | {"schema": 1}
    if body["plan"]:
        body["plan"] = _only(body["plan"], known["plan"])
    text = json.dumps(body, sort_keys=True)
    envelope = {"checksum": hashlib.sha256(text.encode()).hexdigest(), "body": text}
    DiskFiles().write(path, json.dumps(envelope))


def _only(body: dict[str, Any], known: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in body.items() if key in known}


def _journal(path: Path) -> str:
    return str(json.loads(path.read_text(encoding="utf-8"))["body"])


def _read(name: str) -> Any:
    return json.loads((BEFORE / name).read_text(encoding="utf-8"))


def _name_of(digest: str) -> str:
    return {1: "haproxy", 2: "mongo"}[int(digest.removeprefix("sha256:"), 16)]


def _body(world: World, item: dict[str, str]) -> dict[str, Any]:
    """What compose remembers of the definition the container was made from."""
    document = yaml.safe_load(world.paths.compose_file.read_text(encoding="utf-8"))
    return dict(document["services"][item["service"]]) | {"image": item["image"]}

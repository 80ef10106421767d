"""A small world behind fake ports: a registry, a Docker host with compose, a gate, a database, and a fuse.

The fakes behave like the real things where runs depend on it (compose reads release.env and the compose file it is
given; a gate that starts reads its map files). Every change of the world passes the fuse, which can kill the agent
there: before the change or right after it.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from tests.unit.upkeep.counting import Numbers
from tests.unit.upkeep.fake_collections import FakeCollections
from tests.unit.upkeep.fake_commands import FakePrograms, OneOffs
from tests.unit.upkeep.fake_databases import FakeDatabases
from tests.unit.upkeep.fake_engine import FakeCompose, FakeDocker, FakeRegistry
from tests.unit.upkeep.fake_neighbours import FakeNeighbours
from tests.unit.upkeep.fake_notify import FakeNotify
from tests.unit.upkeep.fake_restic import FakeRestic
from tests.unit.upkeep.fake_services import FakeGate, FakeMongo, FakeProbe, FakeSockets
from tests.unit.upkeep.placed import REPOSITORY, compose, policy
from upkeep.layout import Layout, StackPaths
from upkeep.ports import Ports


class Killed(BaseException):
    """SIGKILL: nobody catches it, nothing is cleaned up."""


class Fuse:
    """Counts changes of the world; kills before or after the n-th, or at the first of a name."""

    def __init__(self) -> None:
        self.count = 0
        self.kill_at: int | str | None = None
        self.passed: list[str] = []

    def arm(self, point: int | str | None) -> None:
        self.count, self.kill_at, self.passed = 0, point, []

    def burn(self, label: str) -> None:
        self.passed.append(label)
        self.count += 1
        if self.kill_at in (self.count, label):
            raise Killed(label)


class FakeClock:
    """Time passes only by sleeping (and a little by looking)."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
        self.elapsed = 0.0

    def now(self) -> datetime:
        self._pass(0.001)
        return self.moment

    def monotonic(self) -> float:
        return self.elapsed

    def sleep(self, seconds: float) -> None:
        self._pass(seconds)

    def _pass(self, seconds: float) -> None:
        self.elapsed += seconds
        self.moment += timedelta(seconds=seconds)


class FakeFiles:
    def __init__(self, world: World) -> None:
        self.world = world
        self.free_mb = 50_000

    def write(self, path: Path, text: str, mode: int = 0o600) -> None:
        with self.world.change(f"write {path.name}"):
            path.parent.mkdir(parents=True, exist_ok=True)
            draft = path.with_name(f".{path.name}.draft")  # others read meanwhile
            draft.write_text(text, encoding="utf-8")
            draft.chmod(mode)
            draft.replace(path)

    def append(self, path: Path, text: str) -> None:
        with self.world.change(f"append {path.name}"):
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("a", encoding="utf-8") as stream:
                stream.write(text)

    def preallocate(self, path: Path, size: int) -> None:
        with self.world.change(f"preallocate {path.name}"):
            path.touch()

    def remove(self, path: Path) -> None:
        with self.world.change(f"remove {path.name}"):
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)

    def drop_torn(self, directory: Path) -> None:
        """Nothing is ever torn here: a kill comes before a write or after it."""

    def free_bytes(self, path: Path) -> int:
        return self.free_mb * 1024 * 1024


@dataclass
class Behaviour:
    """What an image's containers do: good, sick (503), liar (other version), crash, ugly (only / fails), fading (well
    for three seconds), rotten (healthy, but after five seconds it answers its users with 500)."""

    version: str | None
    kind: str = "good"
    seconds: float = 0.2
    notes: str | None = None


@dataclass
class Box:
    """A container, mutable."""

    id: str
    service: str
    role: str
    image: str
    body: dict[str, Any]
    address: str
    state: str = "running"
    name: str = ""
    anonymous_volumes: bool = False
    began: float = 0.0
    run: str = ""  # the run it was made for; compose counts it to no slot then
    started: datetime = field(default_factory=lambda: datetime.now(UTC))


class World:
    """One Docker host with one stack, „lager“, in a temporary directory."""

    def __init__(self, root: Path) -> None:
        self.layout = Layout(root)
        self.paths: StackPaths = self.layout.paths("lager")
        self.clock = FakeClock()
        self.fuse = Fuse()
        self.tags: dict[str, str] = {}
        self.published: dict[str, Behaviour] = {}
        self.images: set[str] = set()
        self.boxes: dict[str, Box] = {}
        self.shares: dict[str, int] = {}
        self.architecture = "amd64"
        self.pull_fails = False
        self.foreign_images: frozenset[str] = frozenset()
        self.publishers: tuple[str, ...] = ()
        self.gate_check = (0, "")
        self._numbers = Numbers()
        self.files, self.docker, self.compose = FakeFiles(self), FakeDocker(self), FakeCompose(self)
        self.gate, self.probe, self.mongo = FakeGate(self), FakeProbe(self), FakeMongo(self)
        self.sockets = FakeSockets()
        self.one_offs, self.programs = OneOffs(self), FakePrograms(self)
        self.neighbours = FakeNeighbours(self)
        self.restic = FakeRestic(self)
        self.notify = FakeNotify()
        self.collections, self.databases = FakeCollections(self), FakeDatabases(self)
        self.publish("haproxy:3.0", None)
        self.publish("mongo:6.0", "6.0.5")
        self.logins: list[Path] = []  # credentials that a registry was asked with, other than root's
        self.volumes = {"lager_mongodb": "Daten"}  # volume → what is in it
        self.feature = "6.0"
        self.data_mb = 2

    def ports(self) -> Ports:
        return Ports(
            docker=self.docker,
            compose=self.compose,
            probe=self.probe,
            mongo=self.mongo,
            collections=self.collections,
            databases=self.databases,
            registry=FakeRegistry(self),
            clock=self.clock,
            files=self.files,
            sockets=self.sockets,
            programs=self.programs,
            neighbours=self.neighbours,
            restic=lambda target, cache: self.restic,
            notify=self.notify,
            gate=lambda paths: self.gate,
        )

    def change(self, label: str) -> _Change:
        return _Change(self.fuse, label)

    def publish(self, name: str, version: str | None, kind: str = "good", seconds: float = 0.2) -> str:
        """A new image under this name; returns its digest."""
        digest = f"sha256:{next(self._numbers):064x}"
        self.tags[name] = digest
        self.published[digest] = Behaviour(version, kind, seconds)
        return digest

    def release(self, version: str, kind: str = "good", seconds: float = 0.2) -> str:
        """A new version of the app in the channel; returns its digest."""
        digest = self.publish(f"{REPOSITORY}:stable", version, kind, seconds)
        self.tags[f"{REPOSITORY}:{version}"] = digest
        return digest

    def behaviour(self, box: Box) -> Behaviour:
        return self.published[box.image.partition("@")[2]]

    def rotten(self, box: Box) -> bool:
        """Whether its users see errors now, whatever its health says."""
        age = self.age(box)
        return self.behaviour(box).kind == "rotten" and age > 5

    def age(self, box: Box) -> float:
        """Seconds since it was started, whatever the time of day says."""
        return self.clock.elapsed - box.began

    def create_box(self, service: str, body: dict[str, Any]) -> None:
        self.start_box(self.make_box(service, body))

    def make_box(self, service: str, body: dict[str, Any], number: int = 1, run: str = "") -> Box:
        with self.change(f"create {service}"):
            unique = next(self._numbers)
            role = body["labels"]["upkeep.role"]
            box = Box(f"id{unique}", service, role, body["image"], body, f"10.0.0.{unique}", "created")
            box.name, box.run = f"lager-{service}-{number}", run
            self.boxes[box.id] = box
        return box

    def start_box(self, box: Box) -> None:
        with self.change(f"start {box.service}"):
            box.state, box.started, box.began = "running", self.clock.moment, self.clock.elapsed
            if box.role == "gate":
                self.gate.read_files()
            if box.role == "app" and self.neighbours.spoils:
                (self.neighbours.data / "content").write_text("Spuren der neuen Version")
            if box.role == "database":
                self.volumes["lager_mongodb"] += f" +{self.behaviour(box).version}"

    def box(self, service: str) -> Box:
        found = [box for box in self.boxes.values() if box.service == service]
        return max(found, key=lambda box: box.state == "running")

    def place(self, slots: int = 1, mongodb: bool = False, **changes: Any) -> None:
        """What Ansible places. `changes` replace top-level keys of the policy."""
        home = self.paths.home
        secrets = home / "secrets"
        (home / "gate" / "maps").mkdir(parents=True, exist_ok=True)
        secrets.mkdir(exist_ok=True)
        for name in ("token", "root", "app", "keyfile"):
            if not (secrets / name).exists():
                (secrets / name).write_text(f"geheim-{name}")
        self.paths.gate_wanted.mkdir(exist_ok=True)
        (self.paths.gate_wanted / "haproxy.cfg").write_text("global\n")
        self.paths.compose_file.write_text(yaml.safe_dump(compose(slots, mongodb)))
        self.paths.policy_file.write_text(yaml.safe_dump(policy(secrets, slots, mongodb) | changes))


@dataclass
class _Change:
    fuse: Fuse
    label: str

    def __enter__(self) -> None:
        self.fuse.burn(f"before {self.label}")

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if kind is None:
            self.fuse.burn(f"after {self.label}")

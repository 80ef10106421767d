"""The registry, Docker and compose of a test's world."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.unit.upkeep.fake_errands import run_errand
from upkeep import yaml_text
from upkeep.errors import ComposeFailed, DockerFailed, ImageMissing
from upkeep.ports.clock import stamp
from upkeep.ports.compose import OneOff, Project
from upkeep.ports.docker import Container, DockerHost, Image, Progress
from upkeep.ports.errand import Errand
from upkeep.ports.registry import Resolved
from upkeep.versions.reference import Reference

if TYPE_CHECKING:
    from tests.unit.upkeep.world import Box, World


CRASHING = {("app", "crash"), ("surge", "crash"), ("database", "dying")}


class FakeRegistry:
    def __init__(self, world: World) -> None:
        self.world = world

    def resolve(self, reference: Reference, host: DockerHost) -> Resolved:
        tags = self.world.tags
        digest = reference.digest or tags.get(f"{reference.repository}:{reference.tag}")
        if digest is None or digest not in self.world.published:
            raise ImageMissing(f"Das Abbild {reference} gibt es nicht", observed="HTTP 404")
        image = self.world.published[digest]
        return Resolved(reference, digest, image.version, self.world.architecture, 1_000_000, image.notes)

    def with_credentials(self, file: Path) -> FakeRegistry:
        self.world.logins.append(file)
        return self

    def tags(self, reference: Reference, host: DockerHost) -> tuple[str, ...]:
        named = (name.rpartition(":") for name in self.world.tags)
        return tuple(tag for repository, _, tag in named if repository == reference.repository)


class FakeDocker:
    def __init__(self, world: World) -> None:
        self.world = world
        self.down_for = 0
        self.stopped_when: Callable[[], bool] = lambda: False  # by an operator, for forty seconds
        self._back_at: float | None = None
        self.errands: list[Errand] = []
        self.failing_errands: set[str] = set()

    def host(self) -> DockerHost:
        if self.down_for > 0:
            self.down_for -= 1
            raise DockerFailed("Docker antwortet nicht")
        self._answer()
        return DockerHost("amd64", "/var/lib/docker")

    def _answer(self) -> None:
        now = self.world.clock.elapsed
        if self._back_at is None and self.stopped_when():
            self._back_at = now + 40
        if self._back_at is not None and now < self._back_at:
            raise DockerFailed("Docker antwortet nicht")

    def containers(self, stack: str) -> tuple[Container, ...]:
        self._answer()
        return tuple(self._view(box) for box in self.world.boxes.values() if not box.run)

    def one_offs(self, stack: str) -> tuple[Container, ...]:
        if self.down_for > 0:
            self.down_for -= 1
            raise DockerFailed("Docker antwortet nicht")
        spare = tuple(self._view(box) for box in self.world.boxes.values() if box.run)
        return spare + tuple(self.world.one_offs.view(box) for box in self.world.one_offs.boxes.values())

    def image(self, name: str) -> Image | None:
        if name not in self.world.images:
            return None
        version = self.world.published[name.partition("@")[2]].version
        return Image(name, (name,), version, "amd64")

    def pull(self, name: str, progress: Progress, timeout: float) -> None:
        if self.world.pull_fails:
            raise DockerFailed(f"Abbild {name} lässt sich nicht laden", observed="no space left on device")
        with self.world.change(f"pull {name.split('@')[0]}"):
            progress(50, "Abbild wird geladen, 50 %")
            self.world.images.add(name)

    def stop(self, container_id: str, timeout: float) -> None:
        with self.world.change("stop"):
            box = self.world.boxes.get(container_id)
            if box:
                box.state = "exited"
            if container_id in self.world.neighbours.containers:
                self.world.neighbours.change(container_id, state="exited")
            self.world.one_offs.stop(container_id)

    def start(self, container_id: str) -> None:
        if container_id in self.world.one_offs.boxes:
            self.world.one_offs.start(container_id)
            return
        if container_id in self.world.neighbours.containers:
            with self.world.change(f"start {container_id}"):
                self.world.neighbours.change(container_id, state="running")
            return
        box = self.world.boxes[container_id]
        if box.body.get("mem_limit") == "1m":
            raise DockerFailed("Container lässt sich nicht starten", observed="memory limit too small")
        if box.state != "running":
            self.world.start_box(box)

    def remove(self, container_id: str) -> None:
        with self.world.change("remove container"):
            self.world.boxes.pop(container_id, None)
            self.world.one_offs.boxes.pop(container_id, None)

    def rename(self, container_id: str, name: str) -> None:
        with self.world.change("rename"):
            self.world.boxes[container_id].name = name

    def signal(self, container_id: str, name: str) -> None:
        with self.world.change(f"signal {name}"):
            box = self.world.boxes[container_id]
            if box.role == "gate":
                self.world.gate.read_files()
            elif name == "SIGTERM":
                box.state = "exited"

    def weigh(self, container_id: str, shares: int) -> None:
        with self.world.change(f"weigh {shares}"):
            self.world.shares[container_id] = shares

    def errand(self, errand: Errand, timeout: float) -> tuple[int, str]:
        with self.world.change(f"errand {errand.argv[0]}"):
            self.errands.append(errand)
            if errand.argv[0] in self.failing_errands:
                return 1, f"{errand.argv[0]}: kaputt"
            return run_errand(self.world, errand)

    def logs(self, container_id: str, lines: int) -> tuple[str, ...]:
        if container_id in self.world.one_offs.boxes:
            return self.world.one_offs.lines
        box = self.world.boxes[container_id]
        return (f"{box.service} sagt: {self.world.behaviour(box).kind}",)

    def images_in_use(self) -> frozenset[str]:
        return frozenset(box.image for box in self.world.boxes.values()) | self.world.foreign_images

    def remove_image(self, name: str) -> bool:
        with self.world.change("remove image"):
            if any(box.image == name for box in self.world.boxes.values()) or name not in self.world.images:
                return False
            self.world.images.discard(name)
        return True

    def publishers(self, port: int) -> tuple[str, ...]:
        return self.world.publishers

    def _view(self, box: Box) -> Container:
        crashing = box.state == "running" and (box.role, self.world.behaviour(box).kind) in CRASHING
        restarts = int(self.world.age(box) / 0.5) if crashing else 0
        return Container(
            id=box.id,
            name=box.name,
            anonymous_volumes=box.anonymous_volumes,
            service="app-1" if box.run else box.service,
            role=box.role,
            run=box.run,
            state=("exited" if box.run else "restarting") if crashing else box.state,
            digest=box.image.partition("@")[2],
            addresses={"lager_front": box.address if box.state == "running" else ""},
            started_at=stamp(box.started),
            restarts=0 if box.run else restarts,
            exit_code=1 if crashing else 0,
            ports=(80,) if box.role == "gate" else (),
            mounts={"/data/db": "lager_mongodb"} if box.role == "database" else box.body.get("mounts", {}),
        )


class FakeCompose:
    def __init__(self, world: World) -> None:
        self.world = world
        self.calls: list[tuple[str, ...]] = []
        self.fails_for: Callable[[Project, tuple[str, ...]], bool] = lambda project, services: False

    def validate(self, project: Project) -> None:
        self._services(project)

    def create(self, project: Project, services: tuple[str, ...]) -> None:
        bodies = self._services(project)
        if self.fails_for(project, services):
            raise ComposeFailed("docker compose up ist gescheitert", observed="no such network")
        for service in services:
            present = [box for box in self.world.boxes.values() if box.service == service]
            assert len(present) == 1, "compose would not make another one"
            self.world.make_box(service, bodies[service], number=2)

    def run(self, project: Project, service: str, one_off: OneOff) -> None:
        body = self._services(project)[service]
        if self.fails_for(project, (one_off.name,)):
            raise ComposeFailed("docker compose run ist gescheitert", observed="no such network")
        if one_off.labels["upkeep.role"] == "surge":
            self._spare(body, one_off)
        else:
            self.world.one_offs.make(body["image"], one_off)

    def _spare(self, body: dict[str, Any], one_off: OneOff) -> None:
        """It stays, unlike a migration: a slot like the others, but for its labels."""
        slot, run = one_off.environment["UPKEEP_SLOT"], one_off.labels["upkeep.run"]
        assert not any(box.run == run for box in self.world.boxes.values()), "the name is already in use"
        self.world.start_box(self.world.make_box(slot, body | {"labels": one_off.labels}, run=run))

    def up(
        self,
        project: Project,
        services: tuple[str, ...],
        *,
        stop_timeout: float | None,
        force: bool = False,
        orphans: bool = True,
    ) -> None:
        self.calls.append(services)
        bodies = self._services(project)
        if self.fails_for(project, services):
            raise ComposeFailed("docker compose up ist gescheitert", observed="no such network")
        for service in [box.service for box in self.world.boxes.values()]:
            if service not in bodies and orphans:
                self._remove(service)
        for service in services:
            self._converge(service, bodies[service], force)

    def down(self, name: str, stop_timeout: float) -> None:
        for service in sorted({box.service for box in self.world.boxes.values()}):
            self._remove(service)

    def _services(self, project: Project) -> dict[str, dict[str, Any]]:
        lines = project.env_file.read_text(encoding="utf-8").splitlines()
        variables = dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
        text = project.file.read_text(encoding="utf-8")
        for name, value in variables.items():
            text = text.replace(f"${{{name}:?}}", value)
        if "${" in text:
            raise ComposeFailed("docker compose config ist gescheitert", observed="required variable is missing")
        return dict(yaml_text.parse(text)["services"])

    def _converge(self, service: str, body: dict[str, Any], force: bool) -> None:
        if body["image"] not in self.world.images:
            raise ComposeFailed("docker compose up ist gescheitert", observed=f"No such image: {body['image']}")
        present = [box for box in self.world.boxes.values() if box.service == service]
        assert len(present) <= 1, "nobody knows which one compose would keep"
        if len(present) == 1 and present[0].body == body and not force:
            if present[0].state != "running":
                self.world.start_box(present[0])
            return
        for box in present:
            with self.world.change(f"remove {service}"):
                self.world.boxes.pop(box.id)
        self.world.create_box(service, body)

    def _remove(self, service: str) -> None:
        with self.world.change(f"remove {service}"):
            for box in [box for box in self.world.boxes.values() if box.service == service]:
                self.world.boxes.pop(box.id)

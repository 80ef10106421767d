"""A compose project of somebody else in a test's world: „alt“, an application and the proxy in front of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from upkeep.ports.occupants import Mount, Occupant, Opening, Volume

if TYPE_CHECKING:
    from tests.unit.upkeep.world import World

PROJECT = "alt"
CONTENT = "Rechnung 1, Rechnung 2"


class FakeNeighbours:
    """`spoils`: a release of the stack that starts on the old data leaves its own traces in them."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.containers: dict[str, Occupant] = {}
        self.spoils = False
        self.layer: tuple[str, ...] = ()
        self.removed: list[str] = []
        self.own_volumes: tuple[str, ...] = ()

    @property
    def data(self) -> Path:
        return self.world.layout.root / "volumes" / "alt_daten"

    def move_in(self, image: str) -> None:
        """The project runs `image` (by digest), with data in a volume."""
        self.data.mkdir(parents=True)
        (self.data / "content").write_text(CONTENT)
        mount = Mount("volume", "alt_daten", str(self.data), "/data", True)
        app = _occupant("old-app", "web", image, mounts=(mount,), environment={"FIRMA": "Muster", "TOKEN": "geheim"})
        proxy = _occupant("old-proxy", "proxy", "nginx:1.27", openings=(Opening("0.0.0.0", 80, 80),))
        self.containers = {item.id: item for item in (app, proxy)}

    def change(self, container_id: str, **values: object) -> None:
        self.containers[container_id] = replace(self.containers[container_id], **values)  # type: ignore[arg-type]

    def projects(self) -> dict[str, str]:
        return {item.project: item.directory for item in self.containers.values()}

    def occupants(self, project: str) -> tuple[Occupant, ...]:
        if project == PROJECT:
            return tuple(self.containers.values())
        boxes = self.world.boxes.values()
        return tuple(replace(_occupant(box.id, box.service, box.image), name=box.name) for box in boxes)

    def volume(self, name: str) -> Volume | None:
        return Volume(name, str(self.data), True) if name not in self.removed else None

    def users(self, volume: str) -> dict[str, str]:
        mine = volume == "alt_daten"
        return {item.name: PROJECT for item in self.containers.values() if mine and item.mounts and item.running}

    def writers(self, volume: str) -> tuple[str, ...]:
        boxes = self.world.boxes.values()
        return tuple(box.id for box in boxes if box.role == "app" and box.state == "running")

    def pause(self, container_id: str) -> None:
        with self.world.change("pause"):
            self.world.boxes[container_id].state = "paused"

    def unpause(self, container_id: str) -> None:
        with self.world.change("unpause"):
            if self.world.boxes[container_id].state == "paused":
                self.world.boxes[container_id].state = "running"

    def changes(self, container_id: str) -> tuple[str, ...]:
        return self.layer

    def set_restart(self, container_id: str, policy: str) -> None:
        with self.world.change(f"restart policy of {container_id}"):
            self.change(container_id, restart=policy)

    def volumes_of(self, project: str) -> tuple[str, ...]:
        return self.own_volumes

    def remove_volume(self, name: str) -> bool:
        with self.world.change(f"remove volume {name}"):
            self.removed.append(name)
        return True


def _occupant(container_id: str, service: str, image: str, **values: object) -> Occupant:
    known: dict[str, object] = {
        "id": container_id,
        "name": f"{PROJECT}-{service}-1",
        "service": service,
        "project": PROJECT,
        "image": image,
        "image_id": "sha256:0",
        "digests": (image,) if "@" in image else (),
        "version": "1.0.0",
        "state": "running",
        "restart": "always",
        "grace": 10.0,
        "user": "",
        "healthy": None,
        "directory": "/opt/alt",
        "files": ("/opt/alt/docker-compose.yml",),
        "address": "10.1.0.9",
    }
    return Occupant(**(known | values))  # type: ignore[arg-type]

"""What runs there, and what becomes of each part of it. Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from upkeep.adoption.wish import Place, Taker, Wish
from upkeep.errors import Refused
from upkeep.ports import Ports
from upkeep.ports.neighbours import Mount, Occupant

PROXIES = ("nginx", "haproxy", "traefik", "caddy", "httpd", "nginx-proxy-manager")
DOCKER_SOCKET = ("/var/run/docker.sock", "/run/docker.sock")
DATABASE_SERVICE = "mongodb"


class Fate(StrEnum):
    APP = "app"
    DATABASE = "database"
    GATE = "gate"
    KEPT = "kept"
    DROPPED = "dropped"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Part:
    occupant: Occupant
    fate: Fate


@dataclass(frozen=True)
class Holding:
    """Data that goes along. `strangers`: how many entries would have to change their owner."""

    mount: Mount
    part: Part
    size: int
    strangers: int

    @property
    def label(self) -> str:
        return self.mount.name or self.mount.path


@dataclass(frozen=True)
class Survey:
    """`left`: mounts that nobody takes; `layer`: files that lie in no volume."""

    project: str
    parts: tuple[Part, ...]
    holdings: tuple[Holding, ...]
    left: tuple[tuple[Mount, Part], ...]
    layer: tuple[str, ...]
    wish: Wish

    @property
    def directory(self) -> str:
        return self.parts[0].occupant.directory

    @property
    def app(self) -> Occupant | None:
        return next((part.occupant for part in self.parts if part.fate is Fate.APP), None)

    @property
    def database(self) -> Occupant | None:
        return next((part.occupant for part in self.parts if part.fate is Fate.DATABASE), None)

    @property
    def stopping(self) -> tuple[Occupant, ...]:
        """In the order in which they stop: proxies and the like, the application, the database."""
        order = (Fate.DROPPED, Fate.GATE, Fate.APP, Fate.DATABASE)
        return tuple(part.occupant for fate in order for part in self.parts if part.fate is fate)

    @property
    def ports(self) -> tuple[int, ...]:
        return tuple(opening.host_port for occupant in self.stopping for opening in occupant.openings)


def survey(wish: Wish, taker: Taker, ports: Ports) -> Survey:
    """Raises Refused when there is no such project."""
    project = _project(wish, ports)
    occupants = ports.neighbours.occupants(project)
    parts = tuple(Part(item, fate) for item, fate in zip(occupants, _fates(occupants, wish, taker), strict=True))
    taken = [part for part in parts if part.fate in (Fate.APP, Fate.DATABASE)]
    mounts = [(mount, part) for part in taken for mount in part.occupant.mounts if mount.target not in DOCKER_SOCKET]
    placed = [(mount, part) for mount, part in mounts if _place(mount, part, taker)]
    left = tuple((mount, part) for mount, part in mounts if not _place(mount, part, taker) and _holds(mount, ports))
    kept = [(mount, part) for mount, part in placed if mount.writable and ports.stores.is_directory(Path(mount.path))]
    holdings = tuple(_holding(mount, part, taker, ports) for mount, part in kept)
    app = next((part.occupant for part in taken if part.fate is Fate.APP), None)
    layer = _layer(app, ports) if app else ()
    return Survey(project, parts, holdings, left, layer, wish)


def _project(wish: Wish, ports: Ports) -> str:
    known = ports.neighbours.projects()
    if wish.project in known:
        return wish.project
    found = [name for name, directory in known.items() if directory == wish.folder]
    if len(found) == 1:
        return found[0]
    listed = ", ".join(f"{name} ({directory})" for name, directory in sorted(known.items()))
    raise Refused(
        f"Ein Compose-Projekt „{wish.project}“ gibt es auf diesem Host nicht",
        observed=listed or "keine Compose-Projekte",
        next_step="project=… mit dem Namen oder Ordner wiederholen; laufende zeigt `docker compose ls`.",
    )


def _fates(occupants: tuple[Occupant, ...], wish: Wish, taker: Taker) -> list[Fate]:
    fates = [_fate(item, wish, taker) for item in occupants]
    open_ones = [number for number, fate in enumerate(fates) if fate is Fate.UNKNOWN]
    if wish.app is None and len(open_ones) == 1:
        fates[open_ones[0]] = Fate.APP
    return fates


def _fate(item: Occupant, wish: Wish, taker: Taker) -> Fate:
    if item.service in wish.keep:
        return Fate.KEPT
    if item.service in wish.without:
        return Fate.DROPPED
    if item.service == wish.app:
        return Fate.APP
    image = item.image.partition("@")[0].rpartition("/")[2].partition(":")[0]
    if image == "mongo":
        return Fate.DATABASE if taker.policy.mongodb else Fate.UNKNOWN
    return Fate.GATE if _stands_in_front(item, image) and _all_move(item, taker) else Fate.UNKNOWN


def _stands_in_front(item: Occupant, image: str) -> bool:
    """A proxy, or one of those that update their neighbours through Docker's socket."""
    return image in PROXIES or any(mount.target in DOCKER_SOCKET for mount in item.mounts)


def _all_move(item: Occupant, taker: Taker) -> bool:
    return {opening.host_port for opening in item.openings} <= set(taker.host_ports)


def _place(mount: Mount, part: Part, taker: Taker) -> Place | None:
    service = taker.slot if part.fate is Fate.APP else DATABASE_SERVICE
    return next(
        (
            place
            for place in taker.places(service)
            if place.target == mount.target and (place.name == mount.name if mount.name else place.path == mount.path)
        ),
        None,
    )


def _holds(mount: Mount, ports: Ports) -> bool:
    """An image's unnamed volume with nothing in it is no loss."""
    return mount.kind == "bind" or ports.stores.size(Path(mount.path)) > 0


def _holding(mount: Mount, part: Part, taker: Taker, ports: Ports) -> Holding:
    path = Path(mount.path)
    strangers = ports.stores.strangers(path, *taker.app_user) if part.fate is Fate.APP else 0
    return Holding(mount, part, ports.stores.size(path), strangers)


def _layer(app: Occupant, ports: Ports) -> tuple[str, ...]:
    """Changed files of the container itself, without the directories above them and what is volatile anyway."""
    changed = sorted(ports.neighbours.changes(app.id))
    mounted = tuple(mount.target for mount in app.mounts)
    volatile = ("/tmp", "/run", "/var/run", "/var/tmp", "/root/.npm", "/var/log", "/proc", "/dev")  # noqa: S108
    files = [path for path in changed if not any(other.startswith(f"{path}/") for other in changed)]
    return tuple(path for path in files if not path.startswith(volatile) and path not in mounted)

"""What Docker says about containers of somebody else, as values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from upkeep.ports.containers import COMPOSE_PROJECT, COMPOSE_SERVICE

WORKING_DIRECTORY = "com.docker.compose.project.working_dir"
CONFIG_FILES = "com.docker.compose.project.config_files"
USUAL_GRACE = 10.0


@dataclass(frozen=True)
class Mount:
    """`kind`: volume or bind. `name`: of the volume; `path`: where its content lies on the host."""

    kind: str
    name: str
    path: str
    target: str
    writable: bool


@dataclass(frozen=True)
class Opening:
    """A port of the container that the host offers."""

    bind: str
    host_port: int
    container_port: int


@dataclass(frozen=True)
class Occupant:
    """A container of somebody else. `environment`: what was set for it (without what its image brings, see
    `image_environment`); it may hold secrets."""

    id: str
    name: str
    service: str
    project: str
    image: str
    image_id: str
    digests: tuple[str, ...]
    version: str | None
    state: str
    restart: str
    grace: float
    user: str
    healthy: bool | None
    directory: str
    files: tuple[str, ...]
    address: str | None
    environment: dict[str, str] = field(repr=False, default_factory=dict)
    image_environment: dict[str, str] = field(repr=False, default_factory=dict)
    openings: tuple[Opening, ...] = ()
    exposed: tuple[int, ...] = ()
    mounts: tuple[Mount, ...] = ()

    @property
    def running(self) -> bool:
        return self.state == "running"


@dataclass(frozen=True)
class Volume:
    """`plain`: an ordinary directory below Docker's own, not a share that is mounted while somebody uses it."""

    name: str
    path: str
    plain: bool


def parse(raw: dict[str, Any], image: dict[str, Any]) -> Occupant:
    """From `inspect` of a container and of its image."""
    config, state, host = raw["Config"], raw["State"], raw.get("HostConfig") or {}
    labels, built = config.get("Labels") or {}, image.get("Config") or {}
    brought = _environment(built.get("Env"))
    given = {name: value for name, value in _environment(config.get("Env")).items() if brought.get(name) != value}
    networks = (raw.get("NetworkSettings") or {}).get("Networks") or {}
    return Occupant(
        id=raw["Id"],
        name=raw["Name"].lstrip("/"),
        service=labels.get(COMPOSE_SERVICE, ""),
        project=labels.get(COMPOSE_PROJECT, ""),
        image=config["Image"],
        image_id=raw["Image"],
        digests=tuple(image.get("RepoDigests") or ()),
        version=(built.get("Labels") or {}).get("org.opencontainers.image.version"),
        state=state["Status"],
        restart=_restart(host.get("RestartPolicy") or {}),
        grace=float(config.get("StopTimeout") or USUAL_GRACE),
        user=config.get("User") or "",
        healthy=state["Health"]["Status"] == "healthy" if state.get("Health") else None,
        directory=labels.get(WORKING_DIRECTORY, ""),
        files=tuple(name for name in labels.get(CONFIG_FILES, "").split(",") if name),
        address=next((item["IPAddress"] for item in networks.values() if item.get("IPAddress")), None),
        environment=given,
        image_environment=brought,
        openings=tuple(sorted(_openings(host.get("PortBindings") or {}), key=lambda item: item.host_port)),
        exposed=tuple(int(port.partition("/")[0]) for port in config.get("ExposedPorts") or ()),
        mounts=tuple(_mount(item) for item in raw.get("Mounts") or () if item.get("Type") in ("volume", "bind")),
    )


def _restart(raw: dict[str, Any]) -> str:
    retries = raw.get("MaximumRetryCount") or 0
    return f"{raw.get('Name') or 'no'}{f':{retries}' if retries else ''}"


def _environment(pairs: Iterable[str] | None) -> dict[str, str]:
    return dict(pair.split("=", 1) for pair in pairs or () if "=" in pair)


def _openings(bindings: dict[str, Any]) -> Iterable[Opening]:
    for container_port, items in bindings.items():
        for item in items or ():
            if item.get("HostPort"):
                bind = item.get("HostIp") or "0.0.0.0"  # noqa: S104 - what Docker means by an empty one
                yield Opening(bind, int(item["HostPort"]), int(container_port.partition("/")[0]))


def _mount(raw: dict[str, Any]) -> Mount:
    return Mount(
        kind=raw["Type"],
        name=raw.get("Name") or "",
        path=raw.get("Source") or "",
        target=raw["Destination"],
        writable=bool(raw.get("RW")),
    )


def first_name(names: list[str]) -> str:
    return names[0].lstrip("/") if names else "?"

"""What Docker says about containers, images and itself, as values."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

COMPOSE_PROJECT = "com.docker.compose.project"
COMPOSE_SERVICE = "com.docker.compose.service"
COMPOSE_ONE_OFF = "com.docker.compose.oneoff"
RUN = "upkeep.run"
KILLED = 137  # by SIGKILL: the kernel's answer to who takes more memory than he may


@dataclass(frozen=True)
class Container:
    """`digest` is that of the image it really runs (None when the image has none: built or loaded by hand). `run`:
    id of the run it was made for, of a one-off container. `mounts`: path inside → volume or directory."""

    id: str
    name: str
    service: str
    role: str
    state: str
    digest: str | None
    addresses: dict[str, str]
    started_at: str
    restarts: int
    exit_code: int
    ports: tuple[int, ...] = ()
    anonymous_volumes: bool = False
    run: str = ""
    finished_at: str = ""
    mounts: dict[str, str] = field(default_factory=dict)

    @property
    def at_rest(self) -> bool:
        """Not running and not about to (what is restarting is about to)."""
        return self.state in ("created", "exited", "dead")

    @property
    def running(self) -> bool:
        return self.state == "running"

    @property
    def told_exit(self) -> str:
        """Its exit code in the operator's words."""
        killed = " (von außen beendet, etwa weil der Speicher nicht reichte)" if self.exit_code == KILLED else ""
        return f"Exit-Code {self.exit_code}{killed}"

    @property
    def address(self) -> str | None:
        """Where this host reaches it: the gate's network first, any other otherwise."""
        ordered = sorted(self.addresses.items(), key=lambda item: (not item[0].endswith("_front"), item[0]))
        return next((address for _, address in ordered if address), None)


def by_service(containers: Iterable[Container]) -> dict[str, Container]:
    """The container that counts for each service: a killed compose may leave two, then the running or newest one."""
    ordered = sorted(containers, key=lambda item: (item.running, item.started_at))
    return {item.service: item for item in ordered}


def running_of(containers: Iterable[Container], service: str) -> Container | None:
    return next((item for item in containers if item.service == service and item.running), None)


@dataclass(frozen=True)
class Image:
    id: str
    digests: tuple[str, ...]
    version: str | None
    architecture: str


@dataclass(frozen=True)
class DockerHost:
    """`insecure`: registries the daemon speaks plain HTTP to. `mirrors`: addresses in place of Docker Hub's."""

    architecture: str
    root_directory: str
    insecure: tuple[str, ...] = ()
    insecure_networks: tuple[str, ...] = ()
    mirrors: tuple[str, ...] = ()


def parse_container(raw: dict[str, Any], digests: dict[str, tuple[str, ...]]) -> Container:
    labels = raw["Config"].get("Labels") or {}
    state = raw["State"]
    networks = (raw.get("NetworkSettings") or {}).get("Networks") or {}
    bindings = (raw.get("HostConfig") or {}).get("PortBindings") or {}
    return Container(
        id=raw["Id"],
        name=raw["Name"].lstrip("/"),
        service=labels.get(COMPOSE_SERVICE, ""),
        role=labels.get("upkeep.role", ""),
        run=labels.get(RUN, ""),
        state=state["Status"],
        digest=_running_digest(raw["Config"]["Image"], digests.get(raw["Image"], ())),
        addresses={name: network.get("IPAddress") or "" for name, network in networks.items()},
        started_at=state.get("StartedAt", ""),
        finished_at=state.get("FinishedAt", ""),
        mounts={item["Destination"]: item.get("Name") or item["Source"] for item in raw.get("Mounts") or ()},
        restarts=int(raw.get("RestartCount", 0)),
        exit_code=int(state.get("ExitCode", 0)),
        anonymous_volumes=any(_anonymous(mount) for mount in raw.get("Mounts") or ()),
        ports=tuple(int(item["HostPort"]) for items in bindings.values() for item in items or () if item["HostPort"]),
    )


def _anonymous(mount: dict[str, Any]) -> bool:
    """A volume the image asked for and nobody named: it belongs to this one container."""
    return mount.get("Type") == "volume" and re.fullmatch(r"[0-9a-f]{64}", mount.get("Name") or "") is not None


def _running_digest(wanted: str, present: tuple[str, ...]) -> str | None:
    """The name it was started by, if the image it runs really bears it; else any digest of that image."""
    if wanted in present:
        return wanted.partition("@")[2]
    return present[0].partition("@")[2] if present else None


def architecture(name: str) -> str:
    return {"x86_64": "amd64", "aarch64": "arm64"}.get(name, name)

"""Compose projects of this host that are not Upkeep's: what runs in them, and what a takeover does to their containers.

Their containers are stopped and started, never removed, so that the way back is exactly what was there before.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from upkeep.ports.connection import connect, failures
from upkeep.ports.containers import COMPOSE_ONE_OFF, COMPOSE_PROJECT
from upkeep.ports.occupants import WORKING_DIRECTORY, Mount, Occupant, Opening, Volume, first_name, parse

__all__ = ["Mount", "Neighbours", "Occupant", "Opening", "SdkNeighbours", "Volume"]


class Neighbours(Protocol):
    """Every method raises DockerFailed."""

    def projects(self) -> dict[str, str]:
        """Compose projects of the host: name → directory."""

    def occupants(self, project: str) -> tuple[Occupant, ...]: ...

    def volume(self, name: str) -> Volume | None: ...

    def users(self, volume: str) -> dict[str, str]:
        """Running containers that mount it: name → compose project."""

    def writers(self, volume: str) -> tuple[str, ...]:
        """Ids of running containers that mount it and are not paused."""

    def pause(self, container_id: str) -> None:
        """Freeze it; one that is frozen already is fine."""

    def unpause(self, container_id: str) -> None:
        """One that is not frozen, or not there any more, is fine."""

    def changes(self, container_id: str) -> tuple[str, ...]:
        """Paths that were added or changed in the container's own layer, so in no volume."""

    def set_restart(self, container_id: str, policy: str) -> None: ...

    def volumes_of(self, project: str) -> tuple[str, ...]: ...

    def remove_volume(self, name: str) -> bool:
        """False when a container still uses it; one that is gone is fine."""


class SdkNeighbours:
    """Its own connection, made at first use."""

    def __init__(self) -> None:
        self._client: Any = None

    @property
    def _api(self) -> Any:
        if self._client is None:
            self._client = connect(60)
        return self._client

    def projects(self) -> dict[str, str]:
        with failures("Container lassen sich nicht auflisten"):
            listed = self._api.containers(all=True, filters={"label": COMPOSE_PROJECT})
        labels = [item.get("Labels") or {} for item in listed]
        return {item[COMPOSE_PROJECT]: item.get(WORKING_DIRECTORY, "") for item in labels}

    def occupants(self, project: str) -> tuple[Occupant, ...]:
        with failures("Container lassen sich nicht auflisten"):
            listed = self._api.containers(all=True, filters={"label": f"{COMPOSE_PROJECT}={project}"})
            own = [item["Id"] for item in listed if item["Labels"].get(COMPOSE_ONE_OFF) != "True"]
            found = [self._api.inspect_container(container_id) for container_id in own]
            return tuple(parse(item, self._image(item["Image"])) for item in found)

    def _image(self, image_id: str) -> dict[str, Any]:
        from docker.errors import ImageNotFound

        try:
            return dict(self._api.inspect_image(image_id))
        except ImageNotFound:
            return {}

    def volume(self, name: str) -> Volume | None:
        from docker.errors import NotFound

        with failures(f"Volume {name} ist nicht lesbar"):
            try:
                raw = self._api.inspect_volume(name)
            except NotFound:
                return None
        plain = raw.get("Driver") == "local" and not raw.get("Options")
        return Volume(name, raw.get("Mountpoint", ""), plain)

    def users(self, volume: str) -> dict[str, str]:
        with failures("Container lassen sich nicht auflisten"):
            listed = self._api.containers(filters={"volume": volume})
        exact = (item for item in listed if _mounts(item, volume))
        return {first_name(item["Names"]): (item.get("Labels") or {}).get(COMPOSE_PROJECT, "") for item in exact}

    def writers(self, volume: str) -> tuple[str, ...]:
        with failures("Container lassen sich nicht auflisten"):
            listed = self._api.containers(filters={"volume": volume, "status": "running"})
        return tuple(sorted(item["Id"] for item in listed if _mounts(item, volume)))

    def pause(self, container_id: str) -> None:
        with failures("Container lässt sich nicht einfrieren"):
            _unless_so(self._api.pause, container_id)

    def unpause(self, container_id: str) -> None:
        with failures("Container lässt sich nicht auftauen"):
            _unless_so(self._api.unpause, container_id)

    def changes(self, container_id: str) -> tuple[str, ...]:
        with failures("Die Änderungen im Container sind nicht lesbar"):
            changed = self._api.diff(container_id) or []
        return tuple(item["Path"] for item in changed if item["Kind"] in (0, 1))

    def set_restart(self, container_id: str, policy: str) -> None:
        from docker.errors import NotFound

        name, _, retries = policy.partition(":")
        wanted = {"Name": name} | ({"MaximumRetryCount": int(retries)} if retries else {})
        with failures("Die Neustart-Regel lässt sich nicht ändern"):
            try:
                self._api.update_container(container_id, restart_policy=wanted)
            except NotFound:
                return

    def volumes_of(self, project: str) -> tuple[str, ...]:
        with failures("Volumes lassen sich nicht auflisten"):
            listed = self._api.volumes(filters={"label": f"{COMPOSE_PROJECT}={project}"})["Volumes"] or []
        return tuple(sorted(item["Name"] for item in listed))

    def remove_volume(self, name: str) -> bool:
        from docker.errors import APIError, NotFound

        with failures(f"Volume {name} lässt sich nicht löschen"):
            try:
                self._api.remove_volume(name)
            except NotFound:
                return True
            except APIError as exc:
                if exc.status_code == 409:
                    return False
                raise
        return True


def _mounts(listed: dict[str, Any], volume: str) -> bool:
    return any(mount.get("Name") == volume for mount in listed.get("Mounts") or ())


def _unless_so(action: Callable[[str], None], container_id: str) -> None:
    """A container that is gone, or is already as it shall be, is fine."""
    from docker.errors import APIError

    try:
        action(container_id)
    except APIError as exc:
        if exc.status_code not in (404, 409):
            raise

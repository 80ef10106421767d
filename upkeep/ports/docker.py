"""Docker through its SDK: reads, watches, pulls. Desired state is compose's business (see compose.py)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextlib import closing
from typing import Any, Protocol

from upkeep.errors import DockerFailed
from upkeep.ports.connection import connect as _connect
from upkeep.ports.connection import failures as _failures
from upkeep.ports.containers import (
    COMPOSE_ONE_OFF,
    COMPOSE_PROJECT,
    Container,
    DockerHost,
    Image,
    architecture,
    by_service,
    parse_container,
)
from upkeep.ports.errand import Errand
from upkeep.ports.pulling import PullProgress

__all__ = ["Container", "Docker", "DockerHost", "Image", "SdkDocker", "by_service"]

PULL_ADVICE = "Netz, Registry und Platz prüfen, dann erneut versuchen."
Progress = Callable[[int, str], None]


class Docker(Protocol):
    """Every method raises DockerFailed."""

    def host(self) -> DockerHost: ...

    def containers(self, stack: str) -> tuple[Container, ...]:
        """All containers of the stack's services, running or not."""

    def one_offs(self, stack: str) -> tuple[Container, ...]:
        """Containers made for one command (a migration), running or not."""

    def image(self, name: str) -> Image | None: ...

    def pull(self, name: str, progress: Progress, timeout: float) -> None:
        """Pull by tag or digest; `progress` gets percent and a German word. `timeout` in seconds for the whole pull."""

    def stop(self, container_id: str, timeout: float) -> None: ...

    def start(self, container_id: str) -> None: ...

    def remove(self, container_id: str) -> None:
        """Remove a container, running or not; its named volumes stay. One that is gone is fine."""

    def rename(self, container_id: str, name: str) -> None: ...

    def signal(self, container_id: str, name: str) -> None: ...

    def weigh(self, container_id: str, shares: int) -> None:
        """CPU shares: its part among all containers that want CPU at once."""

    def errand(self, errand: Errand, timeout: float) -> tuple[int, str]:
        """Run it to its end and remove it; exit code and output. DockerFailed also when time is up."""

    def logs(self, container_id: str, lines: int) -> tuple[str, ...]: ...

    def images_in_use(self) -> frozenset[str]:
        """Names and ids of the images of all containers of this host, running or not."""

    def remove_image(self, name: str) -> bool:
        """False when it is in use or not there."""

    def publishers(self, port: int) -> tuple[str, ...]:
        """Names of all running containers of the host that publish this host port."""


class SdkDocker:
    """One connection pool, made at first use: the SDK's import is dear."""

    def __init__(self, timeout: int = 60) -> None:
        self._timeout = timeout
        self._client: Any = None

    @property
    def _api(self) -> Any:
        if self._client is None:
            self._client = _connect(self._timeout)
        return self._client

    def host(self) -> DockerHost:
        with _failures("Docker antwortet nicht"):
            info = self._api.info()
        registries = info.get("RegistryConfig") or {}
        indexes = registries.get("IndexConfigs") or {}
        return DockerHost(
            architecture=architecture(str(info.get("Architecture", ""))),
            root_directory=str(info.get("DockerRootDir", "/var/lib/docker")),
            insecure=tuple(name for name, index in indexes.items() if not index.get("Secure", True)),
            insecure_networks=tuple(registries.get("InsecureRegistryCIDRs") or ()),
            mirrors=tuple(registries.get("Mirrors") or ()),
        )

    def containers(self, stack: str) -> tuple[Container, ...]:
        return self._listed(stack, one_off=False)

    def one_offs(self, stack: str) -> tuple[Container, ...]:
        return self._listed(stack, one_off=True)

    def _listed(self, stack: str, one_off: bool) -> tuple[Container, ...]:
        with _failures("Container lassen sich nicht auflisten"):
            listed = self._api.containers(all=True, filters={"label": f"{COMPOSE_PROJECT}={stack}"})
            wanted = [item["Id"] for item in listed if (item["Labels"].get(COMPOSE_ONE_OFF) == "True") is one_off]
            found = [self._inspect(container_id) for container_id in wanted]
            digests = {image: self._digest(image) for image in {item["Image"] for item in found if item}}
        return tuple(parse_container(item, digests) for item in found if item)

    def image(self, name: str) -> Image | None:
        from docker.errors import ImageNotFound

        with _failures(f"Abbild {name} ist nicht lesbar"):
            try:
                raw = self._api.inspect_image(name)
            except ImageNotFound:
                return None
        labels = (raw.get("Config") or {}).get("Labels") or {}
        return Image(
            id=raw["Id"],
            digests=tuple(raw.get("RepoDigests") or ()),
            version=labels.get("org.opencontainers.image.version"),
            architecture=str(raw.get("Architecture", "")),
        )

    def pull(self, name: str, progress: Progress, timeout: float) -> None:
        repository, _, digest = name.partition("@")
        with _failures(f"Abbild {name} lässt sich nicht laden", PULL_ADVICE), closing(_connect(int(timeout))) as api:
            _follow(api.pull(repository, tag=digest or None, stream=True, decode=True), name, progress, timeout)

    def stop(self, container_id: str, timeout: float) -> None:
        from docker.errors import NotFound

        with _failures("Container lässt sich nicht anhalten"):
            try:
                self._api.stop(container_id, timeout=int(timeout))
            except NotFound:
                return

    def start(self, container_id: str) -> None:
        with _failures("Container lässt sich nicht starten"):
            self._api.start(container_id)

    def remove(self, container_id: str) -> None:
        from docker.errors import NotFound

        with _failures("Container lässt sich nicht entfernen"):
            try:
                self._api.remove_container(container_id, force=True)
            except NotFound:
                return

    def rename(self, container_id: str, name: str) -> None:
        with _failures(f"Container lässt sich nicht in {name} umbenennen"):
            self._api.rename(container_id, name)

    def signal(self, container_id: str, name: str) -> None:
        with _failures(f"Signal {name} kam nicht an"):
            self._api.kill(container_id, signal=name)

    def weigh(self, container_id: str, shares: int) -> None:
        with _failures("CPU-Anteile ließen sich nicht setzen"):
            self._api.update_container(container_id, cpu_shares=shares)

    def errand(self, errand: Errand, timeout: float) -> tuple[int, str]:
        self.remove(errand.name)
        with _failures(f"{errand.argv[0]} ließ sich mit {errand.image} nicht ausführen"), closing(_connect(60)) as api:
            settings = api.create_host_config(**errand.host_options())
            created = api.create_container(host_config=settings, **errand.options())["Id"]
            try:
                api.start(created)
                code = api.wait(created, timeout=timeout)["StatusCode"]
                output = api.logs(created, tail=200)
            finally:
                api.remove_container(created, force=True, v=True)
        return int(code), output.decode("utf-8", "replace")

    def logs(self, container_id: str, lines: int) -> tuple[str, ...]:
        with _failures("Container-Log ist nicht lesbar"):
            raw = self._api.logs(container_id, tail=lines, timestamps=False)
        return tuple(raw.decode("utf-8", "replace").splitlines())

    def images_in_use(self) -> frozenset[str]:
        with _failures("Container lassen sich nicht auflisten"):
            listed = self._api.containers(all=True)
        return frozenset(str(item[key]) for item in listed for key in ("Image", "ImageID"))

    def remove_image(self, name: str) -> bool:
        from docker.errors import APIError, ImageNotFound

        with _failures(f"Abbild {name} lässt sich nicht entfernen"):
            try:
                self._api.remove_image(name, force=False)
            except (ImageNotFound, APIError):
                return False
        return True

    def publishers(self, port: int) -> tuple[str, ...]:
        with _failures("Container lassen sich nicht auflisten"):
            listed = self._api.containers(filters={"publish": str(port)})
        return tuple(item["Names"][0].lstrip("/") for item in listed if item.get("Names"))

    def _inspect(self, container_id: str) -> dict[str, Any] | None:
        from docker.errors import NotFound

        try:
            return dict(self._api.inspect_container(container_id))
        except NotFound:  # gone between list and look
            return None

    def _digest(self, image_id: str) -> tuple[str, ...]:
        image = self.image(image_id)
        return image.digests if image else ()


def _follow(lines: Iterable[dict[str, Any]], name: str, progress: Progress, timeout: float) -> None:
    """Read a pull's lines to their end; the daemon stops pulling when nobody reads any more."""
    tally = PullProgress(progress)
    deadline = time.monotonic() + timeout
    for line in lines:
        if "error" in line:
            raise DockerFailed(f"Abbild {name} lässt sich nicht laden", observed=line["error"], next_step=PULL_ADVICE)
        if time.monotonic() > deadline:
            raise DockerFailed(f"Abbild {name} wurde nicht rechtzeitig geladen", limit=f"{timeout:g} s")
        tally.add(line)

"""A registry, as far as an update needs it: tag → digest, and the labels of the image behind it."""

from __future__ import annotations

import hashlib
import ipaddress
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar
from urllib.parse import urlsplit

from upkeep.errors import ImageMissing, RegistryFailed, UpkeepError
from upkeep.ports.docker import DockerHost
from upkeep.ports.registry_session import INDEXES, Page, RegistrySession
from upkeep.versions.reference import DOCKER_HUB, Reference

T = TypeVar("T")
TAGS_A_PAGE = 1000
MOST_TAGS = 10_000
_NEXT = re.compile(r'<([^>]*)>\s*;\s*rel="?next"?')
VERSION_LABEL = "org.opencontainers.image.version"
NOTES_LABEL = "upkeep.release-notes"
NOTES_LIMIT = 4000


@dataclass(frozen=True)
class Resolved:
    """What a reference means right now. `size_bytes`: compressed layers. `version`, `notes`: image labels, if any."""

    reference: Reference
    digest: str
    version: str | None
    architecture: str
    size_bytes: int
    notes: str | None = None

    @property
    def pinned(self) -> str:
        return str(self.reference.pinned(self.digest))


class Registry(Protocol):
    def resolve(self, reference: Reference, host: DockerHost) -> Resolved:
        """Ask the registry (plain HTTP only where the daemon does too). Raises RegistryFailed or ImageMissing."""

    def tags(self, reference: Reference, host: DockerHost) -> tuple[str, ...]:
        """All tags of the repository, at most MOST_TAGS. Raises RegistryFailed or ImageMissing."""

    def with_credentials(self, file: Path) -> Registry:
        """The same with other ones: a file like that of `docker login`."""


class HttpRegistry:
    """Distribution API v2 over requests. Credentials are those of root's `docker login` unless others are given."""

    def __init__(self, timeout: float = 15.0, credentials: Path | None = None) -> None:
        self._timeout = timeout
        self._credentials = credentials

    def with_credentials(self, file: Path) -> Registry:
        return HttpRegistry(self._timeout, file)

    def resolve(self, reference: Reference, host: DockerHost) -> Resolved:
        return self._asked(reference, host, lambda session: self._resolve(session, reference, host))

    def tags(self, reference: Reference, host: DockerHost) -> tuple[str, ...]:
        return self._asked(reference, host, lambda session: _all_tags(session, reference))

    def _asked(self, reference: Reference, host: DockerHost, ask: Callable[[RegistrySession], T]) -> T:
        """The first address that answers, counts."""
        failure: UpkeepError | None = None
        for address in addresses(reference, host):
            with RegistrySession(address, reference, self._timeout, self._credentials) as session:
                try:
                    return ask(session)
                except (RegistryFailed, ImageMissing) as exc:
                    failure = exc
        raise failure or RegistryFailed(f"Für {reference} ist keine Registry bekannt")

    def _resolve(self, session: RegistrySession, reference: Reference, host: DockerHost) -> Resolved:
        wanted = reference.digest or reference.tag or "latest"
        top, digest = _document(session.manifest(wanted), reference, reference.digest)
        manifest = top
        if top.get("mediaType") in INDEXES or "manifests" in top:
            inner = _for_architecture(top, host.architecture, reference)
            manifest, _ = _document(session.manifest(inner), reference, inner)
        config_digest = str(manifest["config"]["digest"])
        config, _ = _document(session.blob(config_digest), reference, config_digest)
        labels = (config.get("config") or {}).get("Labels") or {}
        return Resolved(
            reference=reference,
            digest=digest,
            version=labels.get(VERSION_LABEL),
            architecture=str(config.get("architecture", "")),
            size_bytes=sum(int(layer.get("size", 0)) for layer in manifest.get("layers", ())),
            notes=str(labels[NOTES_LABEL])[:NOTES_LIMIT] if labels.get(NOTES_LABEL) else None,
        )


def _all_tags(session: RegistrySession, reference: Reference) -> tuple[str, ...]:
    """Page by page, until the registry names no next one."""
    found: list[str] = []
    path = f"/v2/{reference.path}/tags/list?n={TAGS_A_PAGE}"
    while path:
        page = session.page(path)
        document, _ = _document(page, reference, None)
        tags = document.get("tags") or []
        found += [tag for tag in tags if isinstance(tag, str)]
        path = _next_page(page) if tags else ""
        if len(found) > MOST_TAGS:
            raise RegistryFailed(
                f"{reference} hat zu viele Tags für einen Versionsbereich",
                observed=f"mehr als {MOST_TAGS}",
                limit=f"{MOST_TAGS}",
                next_step="Alte Tags löschen, oder im Inventar einen Kanal mit festem Tag nennen.",
            )
    return tuple(found)


def _next_page(page: Page) -> str:
    """Path and query of `Link: <…>; rel="next"`: the server is never taken from an answer."""
    link = _NEXT.search(page.headers.get("Link", ""))
    if not link:
        return ""
    target = urlsplit(link[1])
    return f"{target.path}?{target.query}" if target.path.startswith("/v2/") else ""


def addresses(reference: Reference, host: DockerHost) -> tuple[str, ...]:
    """Base addresses to ask, best first. Docker Hub's mirrors count for Docker Hub only, as in the daemon."""
    if reference.registry == DOCKER_HUB:
        return (*(mirror.rstrip("/") for mirror in host.mirrors), "https://registry-1.docker.io")
    scheme = "http" if _insecure(reference.registry, host) else "https"
    return (f"{scheme}://{reference.registry}",)


def _insecure(registry: str, host: DockerHost) -> bool:
    if registry in host.insecure:
        return True
    try:
        name = urlsplit(f"//{registry}").hostname or ""
        address = ipaddress.ip_address("127.0.0.1" if name == "localhost" else name)
    except ValueError:
        return False
    return any(address in ipaddress.ip_network(network) for network in host.insecure_networks)


def _document(page: Page, reference: Reference, expected: str | None) -> tuple[dict[str, Any], str]:
    """The JSON of an answer and the digest of its bytes, which must be the expected one."""
    digest = f"sha256:{hashlib.sha256(page.body).hexdigest()}"
    if expected and digest != expected:
        raise RegistryFailed(
            f"Die Registry hat für {reference} etwas anderes geliefert", observed=digest, limit=expected
        )
    try:
        document = json.loads(page.body)
    except ValueError as exc:
        raise RegistryFailed(f"Die Registry hat für {reference} kein JSON geliefert") from exc
    return dict(document), digest


def _for_architecture(index: dict[str, Any], architecture: str, reference: Reference) -> str:
    offered = [(item.get("platform") or {}).get("architecture") for item in index["manifests"]]
    for item, offer in zip(index["manifests"], offered, strict=True):
        if offer == architecture:
            return str(item["digest"])
    names = ", ".join(sorted({str(offer) for offer in offered if offer not in (None, "unknown")}))
    raise RegistryFailed(f"{reference} gibt es nicht für diesen Host", observed=names or "nichts", limit=architecture)

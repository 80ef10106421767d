"""Image references: registry, repository, tag, digest."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from upkeep.errors import BadRequest

DOCKER_HUB = "docker.io"
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_NAME = re.compile(r"[a-z0-9]+(?:[._/-]+[a-z0-9]+)*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")


@dataclass(frozen=True)
class Reference:
    """`repository` as written (without tag and digest); `registry` is docker.io when none is written."""

    repository: str
    tag: str | None = None
    digest: str | None = None

    @property
    def registry(self) -> str:
        first, slash, _ = self.repository.partition("/")
        return first if slash and (first == "localhost" or "." in first or ":" in first) else DOCKER_HUB

    @property
    def path(self) -> str:
        """The repository's path at its registry: Docker Hub's official images lie below library/."""
        if self.registry != DOCKER_HUB:
            return self.repository.partition("/")[2]
        bare = self.repository.removeprefix("docker.io/")
        return bare if "/" in bare else f"library/{bare}"

    def pinned(self, digest: str) -> Reference:
        return replace(self, tag=None, digest=digest)

    def __str__(self) -> str:
        if self.digest:
            return f"{self.repository}@{self.digest}"
        return f"{self.repository}:{self.tag}" if self.tag else self.repository


def named(text: str, known: Reference) -> Reference:
    """What a caller means by `text`: an image's whole name, or a tag or digest alone of the repository of `known`."""
    if text.startswith("sha256:"):
        return parse(f"{known.repository}@{text}")
    return parse(text if set("/:@") & set(text) else f"{known.repository}:{text}")


def parse(text: str) -> Reference:
    """`repo:tag`, `repo@sha256:…` or `repo:tag@sha256:…` (the digest wins). A bare name means the tag latest."""
    name, _, digest = text.partition("@")
    head, colon, tag = name.rpartition(":")
    if not colon or "/" in tag:
        head, tag = name, ""
    reference = Reference(head, (tag or "latest") if not digest else None, digest or None)
    path_valid = _NAME.fullmatch(reference.path) is not None
    tag_valid = not tag or _TAG.fullmatch(tag) is not None
    digest_valid = not digest or DIGEST.fullmatch(digest) is not None
    if not (head and path_valid and tag_valid and digest_valid):
        raise BadRequest(f"„{text}“ ist kein Abbildname", limit="repo:tag oder repo@sha256:<64 Hexziffern>")
    return reference

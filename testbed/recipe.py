"""What images there are, what each is made of, and the hash that says whether one is current."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from testbed.failure import TestbedError
from testbed.paths import MACHINE_CERTIFICATES, RECIPES

PREFIX = "upkeep-testbed/"
_FORMAT = "1"  # raise it when the way images are built changes what comes out


@dataclass(frozen=True)
class Recipe:
    """One image. A `suite` makes it a Debian base; otherwise `folder` holds its Dockerfile.

    `parents` maps a build argument to the recipe it stands for, `published` lists the registry
    names under which hosts find it, `extras` names what the build adds to the folder. `on_demand` ones are
    large and made only when they are named.
    """

    name: str
    suite: str = ""
    folder: str = ""
    parents: dict[str, str] = field(default_factory=dict)
    published: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    on_demand: bool = False

    @property
    def image(self) -> str:
        """Return the local image name."""
        return f"{PREFIX}{self.name}:latest"


_ON_13 = {"BASE": "debian13"}
RECIPES_BY_NAME: dict[str, Recipe] = {
    recipe.name: recipe
    for recipe in (
        Recipe("debian13", suite="trixie", published=("library/debian:trixie-slim", "library/debian:13-slim")),
        Recipe("debian12", suite="bookworm"),
        Recipe("host-debian13", folder="host", parents=_ON_13, extras=("certificates",)),
        Recipe("host-debian12", folder="host", parents={"BASE": "debian12"}, extras=("certificates",)),
        Recipe("host-debian13-docker", folder="host-docker13", parents={"BASE": "host-debian13"}),
        Recipe("host-debian12-docker", folder="host-docker12", parents={"BASE": "host-debian12", "NEWER": "debian13"}),
        Recipe("registry", folder="registry", parents=_ON_13),
        Recipe("restic", folder="restic", parents={"BASE": "host-debian13"}),
        Recipe(
            "mongo",
            folder="mongo",
            parents=_ON_13,
            extras=("mongod",),
            published=("library/mongo:6.0", "library/mongo:6.0.5"),
        ),
        Recipe("haproxy", folder="haproxy", parents=_ON_13, published=("library/haproxy:3.0",)),
        Recipe("python", folder="python", parents=_ON_13, published=("library/python:3.13-slim-trixie",)),
        Recipe("postgres15", folder="postgres", parents={"BASE": "debian12"}, published=("library/postgres:15",)),
        Recipe("postgres17", folder="postgres", parents=_ON_13, published=("library/postgres:17",)),
        Recipe("wine", folder="wine", parents=_ON_13, on_demand=True),
        Recipe("node", folder="node", parents=_ON_13, published=("library/node:20-trixie-slim",)),
    )
}


USUAL = [name for name, one in RECIPES_BY_NAME.items() if not one.on_demand]


def recipe(name: str) -> Recipe:
    """Return the recipe called `name`; an unknown name raises TestbedError."""
    try:
        return RECIPES_BY_NAME[name]
    except KeyError:
        raise TestbedError(
            f"Unbekanntes Image „{name}“",
            limit=f"bekannt sind: {', '.join(RECIPES_BY_NAME)}",
            next_step="Schreibweise prüfen: `python3 -m testbed images --help`",
        ) from None


def with_parents(names: list[str]) -> list[Recipe]:
    """Return the recipes for `names` and all they build on, parents first."""
    ordered: dict[str, Recipe] = {}
    for name in names:
        wanted = recipe(name)
        for parent in with_parents(list(wanted.parents.values())):
            ordered.setdefault(parent.name, parent)
        ordered.setdefault(name, wanted)
    return list(ordered.values())


def fingerprint(wanted: Recipe) -> str:
    """Return the content hash of everything the image is made of, parents included."""
    digest = hashlib.sha256(f"{_FORMAT}|{wanted.suite}|".encode())
    for file in _ingredients(wanted):
        digest.update(f"{file.name}|{file.stat().st_mode & 0o111:o}|".encode())
        digest.update(file.read_bytes())
    for argument, parent in sorted(wanted.parents.items()):
        digest.update(f"{argument}={fingerprint(recipe(parent))}|".encode())
    return digest.hexdigest()[:16]


def certificates() -> list[Path]:
    """Return the certificate authorities this machine was given by its operator."""
    return sorted(MACHINE_CERTIFICATES.glob("*.crt"))


def _ingredients(wanted: Recipe) -> Iterator[Path]:
    if wanted.folder:
        yield from sorted(entry for entry in (RECIPES / wanted.folder).iterdir() if entry.is_file())
    if "certificates" in wanted.extras:
        yield from certificates()

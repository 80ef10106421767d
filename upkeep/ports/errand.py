"""An errand: one command in a container of its own, without network, started, awaited and removed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from upkeep.ports.containers import RUN

HERE, THERE = "/from", "/to"
EMPTY = ("find", THERE, "-mindepth", "1", "-delete")
COPY = ("cp", "-a", f"{HERE}/.", THERE)
FILE_RIGHTS = ["CHOWN", "DAC_OVERRIDE", "FOWNER"]


@dataclass(frozen=True)
class Mount:
    """`source`: a path of this host, or the name of a volume."""

    source: Path | str
    target: str
    read_only: bool = True


@dataclass(frozen=True)
class Errand:
    """`name`: of its container; one that was left behind under this name goes first. `user` None: the image's own.
    `moves_files`: as root with the rights over files that a copy with its owners needs, and no other."""

    name: str
    run: str
    image: str
    argv: tuple[str, ...]
    mounts: tuple[Mount, ...] = field(default=())
    user: str | None = None
    moves_files: bool = False

    def options(self) -> dict[str, Any]:
        """What Docker's API takes to create it, beside host settings."""
        return {
            "image": self.image,
            "name": self.name,
            "entrypoint": [self.argv[0]],
            "command": list(self.argv[1:]),
            "user": "0:0" if self.moves_files else self.user,
            "labels": {RUN: self.run},
        }

    def host_options(self) -> dict[str, Any]:
        return {
            "network_mode": "none",
            "read_only": True,
            "cap_drop": ["ALL"],
            "cap_add": FILE_RIGHTS if self.moves_files else [],
            "security_opt": ["no-new-privileges:true"],
            "binds": list(_binds(self.mounts)),
        }


def exchange(source: Path | str, target: Path | str) -> tuple[tuple[tuple[str, ...], tuple[Mount, ...]], ...]:
    """What makes `target` hold exactly what is in `source`, with owners, times and attributes: commands and places."""
    here, there = Mount(source, HERE), Mount(target, THERE, read_only=False)
    return ((EMPTY, (there,)), (COPY, (here, there)))


def _binds(mounts: Iterable[Mount]) -> Iterable[str]:
    for mount in mounts:
        yield f"{mount.source}:{mount.target}:{'ro' if mount.read_only else 'rw'}"

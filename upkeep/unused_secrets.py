"""Secrets that left the inventory leave the host, too, once nothing on it names or mounts them any more."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from upkeep.layout import StackPaths
from upkeep.ports import Ports
from upkeep.release import Release

_NAMED = re.compile(r"secrets/([A-Za-z0-9._-]+)")


def drop(paths: StackPaths, ports: Ports, current: Release | None) -> list[str]:
    """Names of the files that went. Files that Ansible has placed and nobody has deployed yet are still to come."""
    if not paths.secrets.is_dir():
        return []
    deployed = paths.snapshot(current.snapshot if current and current.snapshot else "")
    files = (paths.compose_file, paths.policy_file, deployed.compose_file, deployed.policy_file)
    named = set(_names(files))
    mounted = {source for item in ports.docker.containers(paths.name) for source in item.mounts.values()}
    present = (path for path in paths.secrets.iterdir() if path.is_file())
    gone = sorted(path for path in present if path.name not in named and str(path) not in mounted)
    for path in gone:
        ports.files.remove(path)
    return [path.name for path in gone]


def _names(files: Iterable[Path]) -> Iterable[str]:
    for file in files:
        if file.is_file():
            yield from _NAMED.findall(file.read_text(encoding="utf-8", errors="replace"))

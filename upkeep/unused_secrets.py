"""Secrets that left the inventory leave the host, too, once nothing on it names or mounts them any more."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from upkeep.layout import StackPaths
from upkeep.memory.release import Release
from upkeep.ports import Ports

_NAMED = re.compile(r"secrets/([A-Za-z0-9._-]+)")


def drop(paths: StackPaths, ports: Ports, current: Release | None) -> list[str]:
    """Names of the files that went. Only what a release before this one named can go: files that others keep there
    stay, and so do those that Ansible has placed and nobody has deployed yet. Comes before the snapshots are pruned."""
    if not paths.secrets.is_dir():
        return []
    deployed = paths.snapshot(current.snapshot if current and current.snapshot else "")
    named = _names((paths.compose_file, paths.policy_file, deployed.compose_file, deployed.policy_file))
    former = _names(paths.releases.glob("*/*.yml")) - named
    mounted = {source for item in ports.docker.containers(paths.name) for source in item.mounts.values()}
    gone = [name for name in sorted(former) if (paths.secrets / name).is_file()]
    gone = [name for name in gone if str(paths.secrets / name) not in mounted]
    for name in gone:
        ports.files.remove(paths.secrets / name)
    return gone


def _names(files: Iterable[Path]) -> set[str]:
    texts = (file.read_text(encoding="utf-8", errors="replace") for file in files if file.is_file())
    return {name for text in texts for name in _NAMED.findall(text)}

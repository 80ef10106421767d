"""Secrets that left the inventory leave the host, too, once nothing on it names or mounts them any more."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from upkeep.layout import StackPaths
from upkeep.memory.release import Release
from upkeep.ports import Ports

_NAMED = re.compile(r"secrets/([A-Za-z0-9._-]+)")
_VERSION = re.compile(r"(.+)\.[0-9a-f]{4}")  # role stack names the files of slots' secrets after their contents


def drop(paths: StackPaths, ports: Ports, current: Release | None) -> list[str]:
    """Names of the files that went. Comes before the snapshots are pruned."""
    mounted = {source for item in ports.docker.containers(paths.name) for source in item.mounts.values()}
    gone = [name for name in former(paths, current) if str(paths.secrets / name) not in mounted]
    for name in gone:
        ports.files.remove(paths.secrets / name)
    return gone


def former(paths: StackPaths, current: Release | None) -> list[str]:
    """Only what a release before this one named, and what is another content of a secret that is named: files that
    others keep there stay, and so do those that Ansible has placed and nobody has deployed yet."""
    if not paths.secrets.is_dir():
        return []
    deployed = paths.snapshot(current.snapshot if current and current.snapshot else "")
    named = _names((paths.compose_file, paths.policy_file, deployed.compose_file, deployed.policy_file))
    found = (_names(paths.releases.glob("*/*.yml")) | _other_contents(paths, named)) - named
    return [name for name in sorted(found) if (paths.secrets / name).is_file()]


def _other_contents(paths: StackPaths, named: set[str]) -> set[str]:
    """Also of those that were replaced once more before anybody was started with them."""
    secrets = {match[1] for name in named if (match := _VERSION.fullmatch(name))}
    found = {file.name: _VERSION.fullmatch(file.name) for file in paths.secrets.iterdir()}
    return {name for name, match in found.items() if match and match[1] in secrets}


def _names(files: Iterable[Path]) -> set[str]:
    texts = (file.read_text(encoding="utf-8", errors="replace") for file in files if file.is_file())
    return {name for text in texts for name in _NAMED.findall(text)}

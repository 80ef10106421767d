"""Releases held back: tried and failed, or rolled back. Not taken again by themselves, only with force."""

from __future__ import annotations

from dataclasses import replace

from upkeep.memory.release import Release
from upkeep.memory.state import State

WHY = "gescheitert oder zurückgerollt, nur mit --force"


def with_held(known: State, release: Release) -> State:
    versions = known.held_versions | ({release.digest: release.version} if release.version else {})
    return replace(known, held=tuple(dict.fromkeys((*known.held, release.digest))), held_versions=versions)


def without(known: State, digest: str) -> State:
    """That digest runs now, so it is held no more."""
    versions = {held: version for held, version in known.held_versions.items() if held != digest}
    return replace(known, held=tuple(held for held in known.held if held != digest), held_versions=versions)


def labels(known: State) -> list[str]:
    return [known.held_versions.get(digest) or digest[:19] for digest in known.held]


def note(known: State) -> str:
    """A sentence to put behind any message; empty when nothing is held."""
    return f" Zurückgehalten: {', '.join(labels(known))} ({WHY})." if known.held else ""

"""Where a refused or failed deploy leaves a host whose new files Ansible has placed already."""

from __future__ import annotations

from upkeep.errors import UpkeepError
from upkeep.gate import files as gate_files
from upkeep.layout import Snapshot, StackPaths
from upkeep.memory import state
from upkeep.memory.state import State


def aside(paths: StackPaths) -> str:
    """A sentence to put behind the reason; empty when the files are those that are deployed."""
    try:
        known = state.load(paths)
        if known.release is None:
            return f" Die Dateien liegen schon in {paths.home}, gestartet wurde nichts." if _nothing_runs(known) else ""
        if not _differs(paths, paths.snapshot(known.release.snapshot or "")):
            return ""
    except (UpkeepError, OSError, UnicodeDecodeError):
        return ""
    return (
        f" Die neuen Dateien liegen schon in {paths.home}, gelten aber noch nicht: {known.release.label} läuft mit den "
        f"bisherigen weiter, bis `upkeep deploy {paths.name}` gelingt."
    )


def _nothing_runs(known: State) -> bool:
    return known.images is None


def _differs(paths: StackPaths, deployed: Snapshot) -> bool:
    pairs = ((paths.compose_file, deployed.compose_file), (paths.policy_file, deployed.policy_file))
    if any(placed.read_text(encoding="utf-8") != used.read_text(encoding="utf-8") for placed, used in pairs):
        return True
    used = gate_files.of_release(paths, deployed)
    return gate_files.fingerprint(gate_files.wanted(paths)) != gate_files.fingerprint(used)

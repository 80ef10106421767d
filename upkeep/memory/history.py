"""What happened to a stack: its runs, from the journals, and what is held."""

from __future__ import annotations

from typing import Any

from upkeep.errors import JournalCorrupt
from upkeep.layout import StackPaths
from upkeep.memory import journal, state
from upkeep.memory.held import WHY
from upkeep.memory.journal import Operation


def history(paths: StackPaths, checks: bool) -> dict[str, Any]:
    """{"stack", "runs": newest first, "damaged": names, "held": [{digest, version, reason}]}. Without `checks` only
    runs that could have changed something."""
    runs, damaged = [], [path.stem for path in paths.runs.glob("*.corrupt")]
    for run_id, found in journal.readings(paths, newest_first=True):
        if isinstance(found, JournalCorrupt):
            damaged.append(run_id)
        elif checks or found.operation not in (Operation.CHECK, Operation.VERIFY):
            runs.append(found.summary() | {"reason": found.reason, "timings": found.timings})
    return {"stack": paths.name, "runs": runs, "damaged": sorted(damaged), "held": _held(paths)}


def _held(paths: StackPaths) -> list[dict[str, Any]]:
    try:
        known = state.load(paths)
    except JournalCorrupt:
        return []
    return [{"digest": held, "version": known.held_versions.get(held), "reason": WHY} for held in known.held]

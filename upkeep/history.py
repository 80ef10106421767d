"""What happened to a stack: its runs, from the journals, and what is held."""

from __future__ import annotations

from typing import Any

from upkeep import journal, state
from upkeep.errors import JournalCorrupt, UpkeepError
from upkeep.held import WHY
from upkeep.journal import Operation
from upkeep.layout import StackPaths


def history(paths: StackPaths, checks: bool) -> dict[str, Any]:
    """{"stack", "runs": newest first, "damaged": names, "held": [{digest, version, reason}]}. Without `checks` only
    runs that could have changed something."""
    runs, damaged = [], [path.stem for path in paths.runs.glob("*.corrupt")]
    for run_id in reversed(journal.run_ids(paths)):
        try:
            record = journal.read(journal.path_of(paths, run_id))
        except UpkeepError:
            damaged.append(run_id)
            continue
        if checks or record.operation is not Operation.CHECK:
            runs.append(record.summary() | {"reason": record.reason, "timings": record.timings})
    return {"stack": paths.name, "runs": runs, "damaged": sorted(damaged), "held": _held(paths)}


def _held(paths: StackPaths) -> list[dict[str, Any]]:
    try:
        known = state.load(paths)
    except JournalCorrupt:
        return []
    return [{"digest": held, "version": known.held_versions.get(held), "reason": WHY} for held in known.held]

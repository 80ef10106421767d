"""What lies in a stack's repository, for `upkeep list`. Reads only."""

from __future__ import annotations

from typing import Any

from upkeep.backup import memory
from upkeep.backup.catalogue import Backup, catalogue
from upkeep.backup.repository import of_stack
from upkeep.backup.story import wanted
from upkeep.layout import StackPaths
from upkeep.ports import Ports
from upkeep.ports.clock import stamp


def listing(paths: StackPaths, ports: Ports) -> dict[str, Any]:
    """{"stack", "repository", "backups": newest first, "strange", "overdue", "problem", "proven"}. Raises Refused and
    RepositoryFailed."""
    restic, known, now = of_stack(paths, ports), memory.recall(paths), ports.clock.now()
    found = catalogue(restic.snapshots(), paths.name, now)
    return {
        "stack": paths.name,
        "repository": restic.shown,
        "backups": [_shown(backup, known.proven) for backup in reversed(found.backups)],
        "strange": list(found.strange),
        "overdue": memory.overdue(known, wanted(paths).overdue, now),
        "problem": known.problem,
        "proven": known.proven,
    }


def _shown(backup: Backup, proven: str | None) -> dict[str, Any]:
    return {
        "run": backup.run,
        "at": stamp(backup.at),
        "complete": backup.complete,
        "proven": proven is not None and backup.complete and backup.run <= proven,
        "sources": sorted(backup.sources),
        "read": backup.read,
        "added": backup.added,
    }

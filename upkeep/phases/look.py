"""Operation check: what does the channel offer? Recorded, nothing else."""

from __future__ import annotations

import logging
from dataclasses import replace

from upkeep.errors import UpkeepError
from upkeep.memory import pruning, release
from upkeep.memory.journal import Operation
from upkeep.phases.decide import refuse_at_once
from upkeep.plans.situation import Situation, available
from upkeep.ports.registry import Resolved
from upkeep.runs.run import Run
from upkeep.versions import ranges as versions

log = logging.getLogger("upkeep.run")


def look(run: Run) -> str:
    situation = Situation.read(run.paths, run.ports, run.record.options | {"to": None})
    refuse_at_once(situation, Operation.CHECK)
    resolved, offered = available(situation)
    offered = replace(offered, since=run.now())
    current = situation.state.release
    run.record.before = current
    new = current is None or offered.digest != current.digest
    if current and versions.older(offered.version, current.version):
        new = False
    notes = _notes(situation, resolved)
    run.remember(replace(situation.state, available=offered if new else None, notes=notes))
    run.record.after = offered if new else current
    _tidy(run)
    return _sentence(situation, offered, new)


def _notes(situation: Situation, offered: Resolved) -> dict[str, str]:
    """What the newest image says is new in it, and still what the present one said."""
    current, known = situation.state.release, situation.state.notes
    kept = {digest: text for digest, text in known.items() if current and digest == current.digest}
    return kept | ({offered.digest: offered.notes} if offered.notes else {})


def _tidy(run: Run) -> None:
    """What failed runs fetched goes now; old checks, too."""
    pruning.journals(run.paths, run.ports.files)
    try:
        pruning.images(run.paths, run.ports)
    except UpkeepError as exc:
        log.warning("%s: %s", run.record.id, exc)


def _sentence(situation: Situation, offered: release.Release, new: bool) -> str:
    current = situation.state.release
    if not new:
        return f"{current.label if current else ''} ist die neueste Version."
    if offered.digest in situation.state.held:
        return f"{offered.label} ist verfügbar, wurde aber zurückgerollt und ist zurückgehalten."
    running = f" (läuft: {current.label})" if current else ""
    return f"{offered.label} ist verfügbar{running}."

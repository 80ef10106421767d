"""The phases that make a backup: a run of its own, or a part of an update before anything is touched."""

from __future__ import annotations

from functools import partial

from upkeep.backup import sources
from upkeep.backup.record import notes
from upkeep.backup.repository import open_repository
from upkeep.backup.saving import remember, save, seal
from upkeep.memory.journal import Operation
from upkeep.runs.run import Run

BEFORE = 48  # percent of an update


def asked_before(run: Run) -> bool:
    """Whether the policy wants a backup first: only where a running release is left for another one."""
    forward = run.record.operation in (Operation.UPDATE, Operation.DEPLOY)
    return forward and run.policy.update.backup_before and not run.plan.first and run.plan.new_digest


def save_before(run: Run) -> None:
    """What fails here fails the update, and nothing has been touched."""
    begin(run)
    run.phase("repository", "Sicherungsziel wird geöffnet", BEFORE, open_repository)
    save_all(run, BEFORE, BEFORE)


def begin(run: Run) -> None:
    notes(run)
    run.mark("backup")


def save_all(run: Run, low: int, high: int) -> None:
    """Between these percents of the run."""
    every = tuple(sources.wanted(run.policy))
    for number, source in enumerate(every):
        percent = low + (high - low) * number // len(every)
        run.phase(f"save:{source.name}", f"Sicherung: {source.title}", percent, partial(save, source=source))
    run.phase("manifest", "Manifest wird geschrieben", high, seal)
    run.phase("remember", "Sicherung wird festgehalten", high, remember)

"""The phases that make a backup: a run of its own, or a part of an update before anything is touched."""

from __future__ import annotations

from functools import partial

from upkeep.backup import sources
from upkeep.backup.record import notes, renew
from upkeep.backup.repository import open_repository
from upkeep.backup.saving import remember, save, seal
from upkeep.memory import state
from upkeep.memory.journal import Operation, new_id
from upkeep.runs.run import Run

BEFORE, BEHIND = 48, 57  # percent of an update


def asked_before(run: Run) -> bool:
    """Whether the policy wants a backup first: only where a running release is left for another one."""
    forward = run.record.operation in (Operation.UPDATE, Operation.DEPLOY)
    return forward and run.policy.update.backup_before and not run.plan.first and run.plan.new_digest


def asked_behind(run: Run) -> bool:
    """Whether the data are saved once more behind the shut gate: a migration may spoil them, and what was acknowledged
    since the first backup must come back as well."""
    return asked_before(run) and run.plan.window and run.plan.migrates


def save_before(run: Run) -> None:
    """What fails here fails the update, and nothing has been touched."""
    begin(run)
    run.phase("repository", "Sicherungsziel wird geöffnet", BEFORE, open_repository)
    save_all(run, BEFORE, BEFORE)


def save_behind(run: Run) -> None:
    """Only what has changed is stored. From its end until users are in again these are the data of today."""
    run.phase("again", "Sicherung wird vervollständigt", BEHIND, _renew)
    for source in sources.wanted(run.policy):
        title = f"Sicherung bei geschlossenem Gate: {source.title}"
        run.phase(f"again:{source.name}", title, BEHIND, partial(save, source=source))
    run.phase("seal", "Manifest wird geschrieben", BEHIND, seal)
    run.phase("note", "Sicherung wird festgehalten", BEHIND, remember)


def _renew(run: Run) -> str:
    """What is known of the data now is known of the backup."""
    backup = new_id(run.record.operation, run.ports.clock.now(), run.record.id)
    renew(run, backup)
    notes(run).set_migrations(state.load(run.paths))
    run.mark("backup")
    return backup


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

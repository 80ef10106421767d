"""A backup, a verification, a trial restore and a new password as runs: same lock, journal, audit log and progress as
an update, and no effect on what runs. A backup that does not come to its end is none; the ones before are untouched."""

from __future__ import annotations

import logging

from upkeep.backup import checking, memory, rekeying
from upkeep.backup.making import begin, save_all
from upkeep.backup.quieting import bring_back
from upkeep.backup.record import notes
from upkeep.backup.repository import of_policy, open_repository, opened
from upkeep.drill import story as drills
from upkeep.errors import Refused, UpkeepError
from upkeep.export import making as exporting
from upkeep.layout import StackPaths
from upkeep.memory import state
from upkeep.memory.journal import Operation, Result
from upkeep.phases.hooks import alarm
from upkeep.plans.plan import Plan
from upkeep.policy import stack as policies
from upkeep.policy.backup import BackupPolicy
from upkeep.room import MEGABYTE
from upkeep.runs.failure import blame
from upkeep.runs.run import Run

log = logging.getLogger("upkeep.backup")


def wanted(paths: StackPaths) -> BackupPolicy:
    """What can be said at once. Refused for a stack without a place for backups."""
    return of_policy(policies.read(paths.policy_file, paths.name))


def execute(run: Run) -> None:
    """Never raises for what can go wrong."""
    try:
        _prepare(run)
        _forward(run)
    except Exception as exc:  # whatever it was: the journal gets an end
        _give_up(run, exc)


def resume(run: Run) -> None:
    """Whoever was kept still is brought back first. A backup whose manifest is there is finished, any other is over; a
    new password is brought to its end."""
    try:
        bring_back(run)
        if run.record.operation is Operation.REKEY:
            return _rekey_again(run)
        if run.record.operation is Operation.BACKUP and _sealed(run):
            return _backup(run)
        raise UpkeepError("Der Agent wurde währenddessen beendet")
    except Exception as exc:  # as above
        _give_up(run, exc)


def _prepare(run: Run) -> None:
    """The hooks of an alarm name the release."""
    known = state.load(run.paths)
    plan = Plan(known.release, known.release, known.images, known.images, message="Sicherung")
    run.record.plan = plan.dump()
    begin(run)


def _forward(run: Run) -> None:
    if run.record.operation is Operation.DRILL:
        return drills.carry_out(run)
    if run.record.operation is Operation.REKEY:
        return rekeying.rekey(run)
    run.phase("repository", "Sicherungsziel wird geöffnet", 3, open_repository)
    if run.record.operation is Operation.VERIFY:
        _verify(run)
    elif run.record.operation is Operation.EXPORT:
        exporting.export(run)
    elif young := memory.young_enough(memory.recall(run.paths), run.record.options, run.ports.clock.now()):
        run.finish(Result.UNCHANGED, young)
    else:
        _backup(run)
    return None


def _rekey_again(run: Run) -> None:
    """Locks that were left behind go first."""
    if opening := run.record.phase("repository"):
        opening.done_at = None
    _forward(run)


def _backup(run: Run) -> None:
    save_all(run, 5, 95)
    run.finish(Result.UPDATED, _outcome(run))


def _verify(run: Run) -> None:
    run.phase("check", "Sicherungsziel wird geprüft", 10, checking.check)
    run.phase("compare", "Sicherungen werden verglichen", 80, checking.compare)
    if run.record.options.get("tidy") is True:
        run.phase("tidy", "Alte Sicherungen werden entfernt", 85, checking.tidy)
    run.phase("judge", "Ergebnis wird beurteilt", 97, checking.judge)
    run.finish(Result.UPDATED if notes(run).removed else Result.UNCHANGED, checking.told(run))


def _sealed(run: Run) -> bool:
    """Whether the manifest came to the repository, although nobody wrote that down any more."""
    phase = run.record.phase("manifest")
    if phase is None or phase.done_at:
        return phase is not None
    found = checking.known(run, opened(run)).of(run.record.id)
    if found is None or not found.complete:
        return False
    assert found.manifest is not None  # noqa: S101 - it is complete
    notes(run).manifest, phase.done_at = found.manifest.id, run.now()
    return True


def _give_up(run: Run, exc: Exception) -> None:
    try:
        bring_back(run)
    except UpkeepError as second:
        log.error("%s: %s", run.record.id, second)
        run.record.warnings.append(str(second))
    reason = blame(run.record, exc)
    if run.record.operation is Operation.DRILL:
        drills.give_up(run, reason)
    untouched = " Frühere Sicherungen sind unberührt." if run.record.operation is Operation.BACKUP else ""
    message = f"{reason}{untouched}"
    alarm(run, message)
    run.finish(Result.REFUSED if isinstance(exc, Refused) else Result.FAILED, message)


def _outcome(run: Run) -> str:
    found = notes(run).sources
    read, added = sum(item.read for item in found), sum(item.added for item in found)
    seconds = f"{run.record.timings['backup_s']:.1f}".replace(".", ",")
    parts = ", ".join(item.name for item in found)
    return f"{read // MEGABYTE} MB gesichert, davon {added // MEGABYTE} MB neu gespeichert ({parts}; {seconds} s)."

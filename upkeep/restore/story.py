"""A restore and its undoing as runs. Until the gate is shut nothing is touched; until the data are kept everything
leads back; once users are in again nothing does but `upkeep undo`."""

from __future__ import annotations

import logging

from upkeep.backup.making import begin, save_all
from upkeep.backup.repository import open_repository
from upkeep.errors import Refused, UpkeepError
from upkeep.layout import StackPaths
from upkeep.memory import state
from upkeep.memory.journal import Operation, Result
from upkeep.phases.farewell import leave_closed, take_leave
from upkeep.phases.gate import close_gate, open_gate, reopen_gate
from upkeep.phases.ready import await_previous, await_ready
from upkeep.phases.trouble import say_disturbed
from upkeep.plans.plan import Plan
from upkeep.restore import behind_gate, exchanging, origin, postgres, preflight
from upkeep.restore.evidence import keep_logs
from upkeep.restore.kept import demanded, drop_expired
from upkeep.restore.record import notes
from upkeep.restore.selection import asked
from upkeep.runs.failure import blame, blame_way_back
from upkeep.runs.run import Run

OPERATIONS = (Operation.RESTORE, Operation.UNDO)

log = logging.getLogger("upkeep.restore")


def refuse_at_once(paths: StackPaths, operation: Operation, options: dict[str, object]) -> None:
    """What needs no look at the world."""
    if operation is Operation.UNDO:
        demanded(paths)
    elif operation is Operation.RESTORE:
        asked(options)
        origin.refuse_nonsense(options)


def execute(run: Run) -> None:
    """Never raises for what can go wrong."""
    try:
        _prepare(run)
        carry_out(run)
    except Refused as exc:
        _discard_quietly(run)
        take_leave(run, Result.REFUSED)
        run.finish(Result.REFUSED, blame(run.record, exc))
    except Exception as exc:  # whatever it was: the journal gets an end
        _fail_untouched(run, exc)


def resume(run: Run) -> None:
    """Before the gate was shut: nothing happened. After the exchange began: on, or back if that fails."""
    record = run.record
    try:
        if record.done("start") and not record.done("ready"):
            _again(run, "start")
        if record.going_back:
            _back(run, None)
        elif record.intended("switch"):
            carry_out(run)
        elif record.intended("close"):
            _back(run, UpkeepError("Der Agent wurde während des Laufs beendet"))
        else:
            raise UpkeepError("Der Agent wurde beendet, bevor etwas geändert war")
    except Exception as exc:  # as above
        _fail_untouched(run, exc)


def carry_out(run: Run) -> None:
    try:
        _forward(run)
    except Exception as exc:
        if run.record.done("keep"):
            return _stay_closed(run, exc)
        if run.record.intended("close"):
            return _back(run, exc)
        raise
    return run.finish(Result.UPDATED, _outcome(run))


def _prepare(run: Run) -> None:
    known = state.load(run.paths)
    run.record.before = run.record.after = known.release
    plan = Plan(known.release, known.release, known.images, known.images, slots=True, message="Daten")
    run.record.plan = plan.dump()
    drop_expired(run)


def _forward(run: Run) -> None:
    if run.record.operation is Operation.UNDO:
        run.phase("look", "Aufgehobene Daten werden geprüft", 5, _look_back)
    else:
        _load(run)
    run.phase("close", "Wartungsseite wird eingeschaltet", 70, close_gate)
    run.phase("stop", "Anwendung wird angehalten", 73, behind_gate.stop)
    run.phase("switch", "Daten werden ausgetauscht", 76, exchanging.switch)
    run.phase("start", "Anwendung wird gestartet", 80, behind_gate.start)
    run.phase("ready", "Anwendung wird mit diesen Daten geprüft", 82, await_ready)
    run.phase("keep", "Daten von vorher werden aufgehoben", 94, exchanging.keep)
    run.phase("open", "Wartungsseite wird ausgeschaltet", 96, open_gate)
    run.phase("tidy", "Aufräumen", 98, exchanging.tidy)


def _load(run: Run) -> None:
    """A backup of now first: whatever comes, the data of today can be had again."""
    run.phase("repository", "Sicherungsziel wird geöffnet", 2, open_repository)
    run.phase("look", "Voraussetzungen werden geprüft", 4, preflight.look)
    begin(run)
    save_all(run, 6, 30)
    run.mark("stage")
    run.phase("stage", "Daten werden neben den laufenden geladen", 32, exchanging.stage)


def _look_back(run: Run) -> str:
    kept, known = demanded(run.paths), notes(run)
    release = state.load(run.paths).release
    if release is not None:
        preflight.refuse_changed_app(run.paths, run.policy, release)
    known.set(backup=kept.run, at=kept.at, source=kept.run, which="old", volumes=list(kept.volumes))
    known.set(pairs=[list(pair) for pair in kept.pairs], databases=list(kept.databases))
    known.set(postgres=postgres.going_back(run, kept))
    known.set(leaving=list(kept.leaving), views=kept.views, stopped=list(behind_gate.concerned(run)))
    return kept.told


def _back(run: Run, cause: Exception | None) -> None:
    """To the data before. The evidence first, the explanation last."""
    if cause is not None:
        run.record.going_back = True
        blame(run.record, cause)
    try:
        run.phase("evidence", "Fehler wird festgehalten", 88, keep_logs)
        run.phase("restore", "Daten von vorher werden zurückgeholt", 90, exchanging.take_back)
        run.phase("recheck", "Anwendung wird geprüft", 93, await_previous)
        run.phase("reopen", "Wartungsseite wird ausgeschaltet", 96, reopen_gate)
        run.phase("discard", "Geladenes wird entfernt", 98, exchanging.discard)
    except Exception as exc:
        blame_way_back(run.record, exc)
        say_disturbed(run)
        advice = f"Ursache beheben, dann `upkeep deploy {run.paths.name}`. Protokoll: `upkeep logs {run.paths.name}`."
        return leave_closed(run, f"{run.record.reason} Die Wartungsseite bleibt eingeschaltet. {advice}")
    take_leave(run, Result.ROLLED_BACK)
    return run.finish(Result.ROLLED_BACK, f"{run.record.reason} Die Daten sind wieder die von vorher.")


def _again(run: Run, name: str) -> None:
    """A container that was started but never seen ready may be gone by now."""
    phase = run.record.phase(name)
    assert phase is not None  # noqa: S101 - it was done
    phase.done_at = None


def _stay_closed(run: Run, exc: Exception) -> None:
    """The data are in their place; what failed is the gate, or the tidying after it."""
    reason = blame(run.record, exc)
    if run.record.done("open"):
        log.warning("%s: %s", run.record.id, reason)
        return run.finish(Result.UPDATED, f"{_outcome(run)} Aufräumen gelang nicht: {reason}")
    advice = f"Ursache beheben, dann `upkeep deploy {run.paths.name}`."
    return leave_closed(run, f"{_outcome(run)} Aber: {reason} Die Wartungsseite bleibt eingeschaltet. {advice}")


def _fail_untouched(run: Run, exc: Exception) -> None:
    _discard_quietly(run)
    take_leave(run, Result.FAILED)
    run.finish(Result.FAILED, f"{blame(run.record, exc)} Die laufenden Daten sind unberührt.")


def _discard_quietly(run: Run) -> None:
    if not run.record.intended("stage"):
        return
    try:
        exchanging.discard(run)
    except UpkeepError as exc:
        run.record.warnings.append(f"Geladenes ließ sich nicht entfernen: {exc}")


def _outcome(run: Run) -> str:
    known, keep = notes(run), run.record.phase("keep")
    seconds = f"{run.record.timings.get('maintenance_s', 0.0):.1f}".replace(".", ",")
    kept = keep.detail if keep else ""
    if run.record.operation is Operation.UNDO:
        return (
            f"Die Daten von vor dem Zurückspielen sind wieder da (Wartung {seconds} s). Die zurückgespielten sind "
            f"{kept} aufgehoben; zu ihnen mit `upkeep undo {run.paths.name}`."
        )
    return (
        f"Daten der Sicherung vom {known.at} sind eingesetzt (Wartung {seconds} s). Die von vorher sind {kept} "
        f"aufgehoben; zurück mit `upkeep undo {run.paths.name}`."
    )

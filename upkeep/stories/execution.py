"""A run is carried out to its honest end. What it does is told by the stories; each phase may be entered again after a
crash.

Before SWITCH a failure is undone, after it the run goes back to the release before, after COMMIT it is only finished.
"""

from __future__ import annotations

import logging

from upkeep.adoption import decide as adoption
from upkeep.backup import story as backups
from upkeep.errors import Refused, UpkeepError
from upkeep.memory import standing, state
from upkeep.memory.journal import OF_BACKUPS, Operation, Result
from upkeep.phases.decide import decide
from upkeep.phases.farewell import take_leave
from upkeep.phases.hooks import alarm
from upkeep.phases.look import look
from upkeep.phases.prepare import discard_quietly
from upkeep.phases.repairing import repair
from upkeep.restore import story as restores
from upkeep.runs.failure import blame
from upkeep.runs.run import FULL, Run
from upkeep.stories import removal
from upkeep.stories.update import back, forward, outcome

log = logging.getLogger("upkeep.run")


def execute(run: Run) -> None:
    """Carry out a new run to its honest end; never raises for what can go wrong."""
    stories = {Operation.REPAIR: repair, Operation.REMOVE: removal.execute}
    stories |= dict.fromkeys(OF_BACKUPS, backups.execute)
    stories |= dict.fromkeys(restores.OPERATIONS, restores.execute)
    if run.record.operation in stories:
        return stories[run.record.operation](run)
    try:
        if run.record.operation is Operation.CHECK:
            run.phase("check", "Neue Version wird gesucht", 50, look)
            return run.finish(Result.UNCHANGED, run.record.phases[-1].detail)
        adopts = run.record.operation is Operation.ADOPT
        run.phase("plan", "Ziel wird bestimmt", 2, adoption.decide if adopts else decide)
        if not run.plan.changed:
            return run.finish(Result.UNCHANGED, run.plan.message)
        carry_out(run)
    except Refused as exc:
        refuse(run, exc)
    except Exception as exc:  # whatever it was: the journal gets an end
        fail_untouched(run, exc)


def carry_out(run: Run) -> None:
    """Forward; what fails after the gate was shut leads back, what fails before leaves everything as it was."""
    try:
        forward(run)
    except Exception as exc:
        if run.record.done("commit"):
            log.exception("%s: Aufräumen", run.record.id)
        elif any(run.record.intended(name) for name in ("close", "migrate", "switch")):
            return back(run, exc)
        else:
            raise
    told = outcome(run)
    if run.disk_filled:
        alarm(run, f"{told} {FULL}.")
    return run.finish(Result.UPDATED, told)


def refuse(run: Run, exc: Refused) -> None:
    take_leave(run, Result.REFUSED)
    run.finish(Result.REFUSED, blame(run.record, exc) + _aside(run))


def fail_untouched(run: Run, exc: Exception) -> None:
    """Nothing was touched: the release before goes on serving."""
    if run.record.intended("prepare"):
        discard_quietly(run)
    take_leave(run, Result.FAILED)
    reason = blame(run.record, exc)
    run.finish(Result.FAILED, f"{reason}{_serving(run)}{_aside(run)} Protokoll: `upkeep logs {run.paths.name}`.")


def _serving(run: Run) -> str:
    known = _remembered(run)
    if (serving := run.record.before or known.release) and serving.digest in known.outdated:
        return " Die Wartungsseite bleibt eingeschaltet."
    return f" {serving.label} läuft unverändert weiter." if serving else ""


def _aside(run: Run) -> str:
    """Of a deploy that did not happen: what becomes of the files that Ansible has placed for it."""
    return standing.aside(run.paths) if run.record.operation is Operation.DEPLOY else ""


def _remembered(run: Run) -> state.State:
    """Also of a run that was killed before it looked; an empty one where the state cannot be read."""
    try:
        return state.load(run.paths)
    except UpkeepError:
        return state.State()

"""What every end of a run owes: the hooks after it, no container for one command left, an alarm where it is due."""

from __future__ import annotations

from upkeep.backup.quieting import leave_nobody_still
from upkeep.memory.journal import Result
from upkeep.phases.hooks import after, alarm
from upkeep.phases.migrate import clear_one_offs
from upkeep.phases.surge import STARTED
from upkeep.runs.run import Run


def leave_good(run: Run) -> str:
    return after(run, Result.UPDATED)


def take_leave(run: Run, result: Result) -> None:
    leave_nobody_still(run)
    if run.record.intended("migrate") or run.record.intended(STARTED):
        clear_one_offs(run)
    after(run, result)


def leave_closed(run: Run, message: str) -> None:
    """The end with the gate shut."""
    run.record.keeps_closed = True
    leave_failed(run, message)


def leave_failed(run: Run, message: str) -> None:
    """Neither release is what it should be: whoever looks after the stack hears of it before anything else is said."""
    alarm(run, message)
    take_leave(run, Result.FAILED)
    run.finish(Result.FAILED, message)

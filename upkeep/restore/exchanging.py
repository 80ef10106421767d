"""The phases that exchange the data behind the shut gate, and those that take it back. The same for a restore and for
its undoing: only where the data to be put in lie is another matter."""

from __future__ import annotations

from datetime import timedelta

from upkeep.backup.repository import of_policy
from upkeep.memory.journal import Operation
from upkeep.phases.patience import await_docker
from upkeep.ports.clock import stamp
from upkeep.restore import behind_gate, mongodb, postgres, volumes
from upkeep.restore.kept import Kept, forget, remember
from upkeep.restore.preflight import reopened
from upkeep.restore.record import notes
from upkeep.runs.run import Run


def stage(run: Run) -> str:
    """Beside the live data. Every byte was compared with what the backup says of it when this ends well."""
    backup, told = reopened(run), []
    if notes(run).mongodb is not None:
        told.append(mongodb.stage(run, backup))
    told += postgres.stage(run, backup)
    told += [f"{name}: {volumes.stage(run, backup, name)}" for name in notes(run).volumes]
    run.record.timings["stage_s"] = round(run.seconds_since("stage"), 1)
    return "; ".join(told)


def switch(run: Run) -> str:
    began = run.ports.clock.monotonic()
    told = [mongodb.switch(run)] if notes(run).pairs or notes(run).leaving or notes(run).databases else []
    told += postgres.switch(run)
    told += [volumes.switch(run, name) for name in notes(run).volumes]
    run.record.timings["switch_s"] = round(run.ports.clock.monotonic() - began, 3)
    return "; ".join(told)


def take_back(run: Run) -> str:
    """Everything as it was before the exchange."""
    await_docker(run.ports)
    behind_gate.stop(run)
    if notes(run).steps:
        mongodb.switch_back(run)
    postgres.switch_back(run)
    volumes.switch_back(run)
    behind_gate.start(run)
    return "wie vorher"


def keep(run: Run) -> str:
    """From here on nothing leads back by itself: users will write. What was live is kept, and can be had again."""
    known = notes(run)
    until = run.ports.clock.now() + timedelta(seconds=of_policy(run.policy).undo)
    aside = mongodb.aside(run)
    undone = run.record.operation is Operation.UNDO
    kept = Kept(
        run=run.record.id,
        at=run.now(),
        until=stamp(until),
        told="zurückgespielte Daten" if undone else f"Daten von vor dem Zurückspielen vom {run.record.started_at[:16]}",
        pairs=aside,
        databases=known.databases,
        leaving=tuple(dict.fromkeys((*known.leaving, *(live for _, live in aside)))),
        views=known.views_before,
        volumes=known.volumes,
        postgres=postgres.aside(run),
    )
    remember(run.paths, kept, run.ports.files)
    return f"bis {until:%d.%m.%Y}"


def discard(run: Run) -> str:
    """What was loaded and is not wanted any more; what lies aside is nobody's data now."""
    forget(run, run.record.id)
    return ""


def tidy(run: Run) -> str:
    """What an undoing has put back no longer lies aside; unpacked volumes are in their place."""
    if run.record.operation is Operation.UNDO:
        forget(run, notes(run).backup)
    for name in notes(run).volumes:
        run.ports.files.remove(volumes.place(run, run.record.id, name, volumes.NEW))
    return ""

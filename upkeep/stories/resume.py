"""After a crash, a kill or a reboot: every unfinished run comes to its end before anything new begins."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

from upkeep.backup import story as backups
from upkeep.errors import JournalCorrupt, JournalTooNew, UpkeepError
from upkeep.gate import maintenance
from upkeep.layout import StackPaths
from upkeep.memory import audit, journal, state
from upkeep.memory.journal import OF_BACKUPS, Journal, Operation, Record
from upkeep.phases.hooks import cut_short
from upkeep.phases.patience import await_docker
from upkeep.phases.repairing import repair
from upkeep.ports import Ports
from upkeep.restore import story as restores
from upkeep.runs.progress import RESUME_GAP, Progress
from upkeep.runs.run import Run
from upkeep.stories import removal
from upkeep.stories.execution import carry_out, fail_untouched
from upkeep.stories.update import back

log = logging.getLogger("upkeep.resume")

STARTS = (("start", "ready"), ("replace", "ready"), ("return", "recheck"))  # a phase that starts, one that proves it

Watcher = Callable[[Run], None]


def pending(paths: StackPaths, ports: Ports) -> list[Record]:
    """Unfinished runs, oldest first. Journals nobody can read are set aside, and new runs are refused then; one that a
    newer agent wrote stays where it is and raises JournalTooNew."""
    records = []
    for run_id, found in journal.readings(paths):
        if isinstance(found, JournalTooNew):
            raise found
        if isinstance(found, JournalCorrupt):
            _set_aside(paths, run_id, found, ports)
        elif found.finished_at is None:
            records.append(found)
    return records


def resume(paths: StackPaths, ports: Ports, records: list[Record], watcher: Watcher) -> list[Run]:
    """Bring these unfinished runs to an end and return them; the caller tells their followers that they are over, once
    the stack is free. The caller holds the stack's lock; `watcher` hears of each run before it goes on. Raises
    DockerFailed, with everything still unfinished, when Docker stays away."""
    if records:
        await_docker(ports)
    runs = []
    for record in records:
        progress = Progress(ports.clock, record.started_at, record.last_event + RESUME_GAP)
        run = Run(paths, ports, Journal(record, journal.path_of(paths, record.id), ports.files), progress)
        watcher(run)
        log.warning("%s wird fortgesetzt", record.id)
        finish(run)
        runs.append(run)
    drop_stale_notice(paths, ports)
    return runs


def finish(run: Run) -> None:
    """Before the gate was shut: nothing happened. Before the switch: undo. After it: go on, or back if that fails."""
    record = run.record
    stories = {Operation.REPAIR: _repair_again, Operation.REMOVE: removal.execute}
    stories |= dict.fromkeys(OF_BACKUPS, backups.resume)
    stories |= dict.fromkeys(restores.OPERATIONS, restores.resume)
    if record.operation in stories:
        return stories[record.operation](run)
    try:
        _rewind(record)
        if record.going_back:
            back(run)
        elif record.intended("switch") or record.intended("migrate"):
            carry_out(run)
        elif record.intended("close"):
            back(run)
        else:
            fail_untouched(run, UpkeepError(cut_short(run)))
    except UpkeepError as exc:
        fail_untouched(run, exc)


def _repair_again(run: Run) -> None:
    run.record.phases.clear()
    repair(run)


def _rewind(record: Record) -> None:
    """A slot that was started but never seen ready may be gone by now: start again what is not there."""
    for begun, proven in STARTS:
        for phase in record.phases:
            name, colon, slot = phase.name.partition(":")
            if name == begun and not record.done(f"{proven}{colon}{slot}"):
                phase.done_at = None


def drop_stale_notice(paths: StackPaths, ports: Ports) -> None:
    """A run's notice whose run is over goes, unless that run ended in a failure that keeps the gate shut."""
    try:
        current = maintenance.load(paths)
    except JournalCorrupt as exc:
        log.error("%s", exc)
        return
    if current.run is None:
        return
    run_id = current.run.owner.removeprefix("run:")
    path = journal.path_of(paths, run_id)
    try:
        if path.with_suffix(".corrupt").exists() or (path.exists() and journal.read(path).keeps_closed):
            return
        if state.load(paths).overtaken:
            return
    except JournalCorrupt:
        return  # nobody knows: the gate stays shut until someone looked
    maintenance.change(paths, ports, lambda present: present.without_run(run_id))


def _set_aside(paths: StackPaths, run_id: str, exc: JournalCorrupt, ports: Ports) -> None:
    path = journal.path_of(paths, run_id)
    log.error("%s", exc)
    path.rename(path.with_suffix(".corrupt"))
    if audit.knows(paths, run_id):
        return  # it had come to its end: nothing depends on it
    note = (
        f"Das Journal des Laufs {run_id} ist beschädigt und wurde beiseitegelegt ({path.with_suffix('.corrupt').name})"
    )
    try:
        state.save(paths, replace(state.load(paths), attention=note), ports.files)
    except JournalCorrupt as exc:
        log.error("%s", exc)  # refuses new runs by itself

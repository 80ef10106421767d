"""Who runs what: takes orders, one run per stack at a time, each in its own thread; answers for running and ended ones.

A client that goes away changes nothing: nobody but the thread itself holds on to a run.
"""

from __future__ import annotations

import logging
import re
import threading
from collections import OrderedDict
from typing import Any

from upkeep.agent.foresight import foresee
from upkeep.agent.objection import refuse
from upkeep.agent.order import Order
from upkeep.backup.listing import listing
from upkeep.errors import Busy, UnknownRun, UpkeepError
from upkeep.gate import maintenance
from upkeep.layout import Layout, StackPaths
from upkeep.memory import audit, housekeeping, journal
from upkeep.memory.journal import Journal, Operation, Record
from upkeep.notify.telling import tell_quietly
from upkeep.ports import Ports
from upkeep.ports.clock import stamp
from upkeep.runs.lock import StackLock, busy
from upkeep.runs.progress import Progress
from upkeep.runs.run import Run
from upkeep.stories import resume
from upkeep.stories.execution import execute, fail_untouched

RUN_ID = re.compile(r"[0-9]{8}-[0-9]{6}-[a-z]+-[0-9a-f]{4}")
REMEMBERED = 20
LOCK_PATIENCE = 15.0

log = logging.getLogger("upkeep.agent")


class Desk:
    """Shared by all connections; its own state is guarded by one lock that is never held while something works."""

    def __init__(self, layout: Layout, ports: Ports) -> None:
        self.layout = layout
        self.ports = ports
        self._guard = threading.Lock()
        self._active: dict[str, Run] = {}
        self._remembered: OrderedDict[str, Run] = OrderedDict()

    def start(self, stack: str, order: Order) -> str:
        """Begin a run and return its id. Raises Refused at once where no look at the world is needed, or Busy."""
        paths = self._paths(stack, order.operation)
        self._refuse_busy(stack)
        refuse(paths, self.ports, order)
        run = self._new_run(paths, order)
        lock = self._lock(paths, run.record)
        try:
            unfinished = resume.pending(paths, self.ports)
            run.journal.save()
        except BaseException:
            lock.release()
            raise
        self._begin(run)
        threading.Thread(target=self._work, args=(run, lock, unfinished), name=run.record.id, daemon=True).start()
        return run.record.id

    def plan(self, stack: str, order: Order) -> dict[str, Any]:
        """What `start` would do; writes nothing."""
        return foresee(self.layout, self.ports, stack, order)

    def backups(self, stack: str) -> dict[str, Any]:
        """What lies in the stack's repository."""
        return listing(self.layout.stack(stack), self.ports)

    def drop_torn_files(self) -> None:
        """What an agent that was killed in the middle of a write left behind. Before anything writes again."""
        for name in self.layout.stacks():
            paths = self.layout.paths(name)
            for place in (paths.home, paths.data):
                self.ports.files.drop_torn(place)

    def _paths(self, stack: str, operation: Operation) -> StackPaths:
        """A removal also finds what an earlier one has left."""
        return self.layout.paths(stack) if operation is Operation.REMOVE else self.layout.stack(stack)

    def resume_all(self) -> None:
        """At agent start: every stack's notices and unfinished runs, each stack in its own thread."""
        for name in self.layout.stacks():
            paths = self.layout.paths(name)
            threading.Thread(target=self._resume, args=(paths,), name=f"resume-{name}", daemon=True).start()

    def running(self, stack: str) -> Record | None:
        with self._guard:
            run = self._active.get(stack)
        return run.record if run else None

    def report(self, run_id: str) -> dict[str, Any]:
        """Over is a run for others only when its outcome is on disk and the stack is free for the next one."""
        record = self._record(run_id)
        if self.running(record.stack) is record:
            return record.report() | {"finished_at": None, "result": None, "audit_head": None}
        head = audit.head_after(self.layout.paths(record.stack), run_id) if record.finished_at else None
        return record.report() | {"audit_head": head}

    def events(self, run_id: str, after: int, wait: float) -> dict[str, Any]:
        """Long poll. Of a run from an earlier life of the agent only the last word is left."""
        with self._guard:
            run = self._remembered.get(run_id)
        if run is not None:
            return run.progress.after(after, wait)
        record = self._record(run_id)
        progress = Progress(self.ports.clock, record.started_at, max(after, record.last_event - 1))
        if record.last_event > after and record.finished_at:
            progress.tell(record.summary()["phase"], record.percent, record.message)
        return progress.after(after, 0.0) | {"finished": record.finished_at is not None}

    def _record(self, run_id: str) -> Record:
        with self._guard:
            run = self._remembered.get(run_id)
        if run is not None:
            return run.record
        if RUN_ID.fullmatch(run_id):
            for stack in self.layout.stacks():
                path = journal.path_of(self.layout.paths(stack), run_id)
                if path.exists():
                    return journal.read(path)
        raise UnknownRun(f"Einen Lauf „{run_id}“ gibt es nicht", next_step="`upkeep status` zeigt den letzten.")

    def _refuse_busy(self, stack: str) -> None:
        record = self.running(stack)
        if record is not None:
            raise busy(stack, _holder(record))

    def _new_run(self, paths: StackPaths, order: Order) -> Run:
        clock = self.ports.clock
        now = clock.now()
        record = Record(
            id=journal.new_id(order.operation, now, next(reversed(journal.run_ids(paths)), "")),
            stack=paths.name,
            operation=order.operation,
            starter=order.starter,
            options=order.options,
            started_at=stamp(now),
            reserve=paths.reserve.exists(),
        )
        place = journal.path_of(paths, record.id)
        return Run(paths, self.ports, Journal(record, place, self.ports.files), Progress(clock, record.started_at))

    def _lock(self, paths: StackPaths, record: Record) -> StackLock:
        lock = StackLock(paths.lock_file)
        lock.take(_holder(record))
        return lock

    def _lock_patiently(self, paths: StackPaths, record: Record) -> StackLock:
        """Whoever puts another agent in this one's place may still hold it for a moment."""
        clock = self.ports.clock
        deadline = clock.monotonic() + LOCK_PATIENCE
        while True:
            try:
                return self._lock(paths, record)
            except Busy:
                if clock.monotonic() > deadline:
                    raise
                clock.sleep(0.1)

    def _begin(self, run: Run) -> None:
        with self._guard:
            self._active[run.record.stack] = run
            self._remembered[run.record.id] = run
            while len(self._remembered) > REMEMBERED:
                self._remembered.popitem(last=False)

    def _work(self, run: Run, lock: StackLock, unfinished: list[Record]) -> None:
        try:
            self._carry_out(run, unfinished)
        except Exception:
            log.exception("%s: unerwartet abgebrochen", run.record.id)
        finally:
            housekeeping.settle(run.paths, self.ports)
            self._end(run.record.stack, lock, [run])
        tell_quietly(run.paths, self.ports)

    def _carry_out(self, run: Run, unfinished: list[Record]) -> None:
        try:
            for earlier in resume.resume(run.paths, self.ports, unfinished, self._remember):
                earlier.progress.finish()
            housekeeping.settle(run.paths, self.ports, run.record)
        except UpkeepError as exc:
            return fail_untouched(run, exc)
        return execute(run)

    def _remember(self, run: Run) -> None:
        with self._guard:
            self._remembered[run.record.id] = run

    def _resume(self, paths: StackPaths) -> None:
        try:
            maintenance.follow(paths, self.ports)
            unfinished = resume.pending(paths, self.ports)
            if not unfinished:
                resume.drop_stale_notice(paths, self.ports)
                return housekeeping.settle(paths, self.ports)
            lock = self._lock_patiently(paths, unfinished[-1])
        except (UpkeepError, OSError) as exc:
            return log.error("%s: %s", paths.name, exc)
        return self._bring_to_an_end(paths, lock, unfinished)

    def _bring_to_an_end(self, paths: StackPaths, lock: StackLock, unfinished: list[Record]) -> None:
        resumed: list[Run] = []
        try:
            resumed = resume.resume(paths, self.ports, unfinished, self._begin)
        except UpkeepError as exc:
            log.error("%s: %s", paths.name, exc)
        finally:
            housekeeping.settle(paths, self.ports)
            self._end(paths.name, lock, resumed)
        tell_quietly(paths, self.ports)

    def _end(self, stack: str, lock: StackLock, runs: list[Run]) -> None:
        """First the stack is free, then its followers hear of it: they may start the next run at once."""
        with self._guard:
            self._active.pop(stack, None)
            lock.release()
        for run in runs:
            run.progress.finish()


def _holder(record: Record) -> dict[str, Any]:
    return {
        "id": record.id,
        "operation": record.operation,
        "starter": record.starter,
        "started_at": record.started_at,
    }

"""A run: a deploy, an update, a backup, and what its phases work with. Who carries it out: stories/execution.py."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import cached_property

from upkeep import room
from upkeep.errors import DiskFailed
from upkeep.layout import Snapshot, StackPaths
from upkeep.memory import audit, state
from upkeep.memory.journal import WITHOUT_FILES, Journal, PhaseRecord, Record, Result
from upkeep.memory.release import Release
from upkeep.plans.plan import Plan
from upkeep.policy import stack as policies
from upkeep.policy.stack import Policy
from upkeep.ports import Ports
from upkeep.ports.clock import moment, stamp
from upkeep.ports.compose import Project
from upkeep.runs.progress import Progress

FULL = "Die Platte ist voll, die Reserve ist aufgebraucht"

log = logging.getLogger("upkeep.run")


class Run:
    """What the phases work with: paths, ports, journal, progress. It remembers nothing that the journal does not."""

    def __init__(self, paths: StackPaths, ports: Ports, journal: Journal, progress: Progress) -> None:
        self.paths = paths
        self.ports = ports
        self.journal = journal
        self.progress = progress
        self._moments: dict[str, float] = {}

    @property
    def record(self) -> Record:
        return self.journal.record

    @property
    def owner(self) -> str:
        return f"run:{self.record.id}"

    @property
    def force(self) -> bool:
        return bool(self.record.options.get("force"))

    @cached_property
    def plan(self) -> Plan:
        return Plan.load(self.record.plan or {})

    @property
    def snapshot(self) -> Snapshot:
        """compose.yml, stack.yml and the gate's files as this run uses them."""
        return self.paths.snapshot(self.record.id)

    @cached_property
    def policy(self) -> Policy:
        """As the run took it along; one that installs nothing has only what Ansible placed."""
        return policies.read(self._origin.policy_file, self.paths.name)

    @property
    def _origin(self) -> StackPaths | Snapshot:
        return self.paths if self.record.operation in WITHOUT_FILES else self.snapshot

    @cached_property
    def policy_before(self) -> Policy:
        return policies.read(self.snapshot_before.policy_file, self.paths.name)

    def project(self) -> Project:
        return Project(self.paths.name, self.paths.home, self.paths.release_env, self.snapshot.compose_file)

    @property
    def snapshot_before(self) -> Snapshot:
        return self._snapshot_of(self.plan.release)

    def project_before(self) -> Project:
        file = self.snapshot_before.compose_file
        return Project(self.paths.name, self.paths.home, self.paths.release_env, file)

    def _snapshot_of(self, release: Release | None) -> Snapshot:
        return self.paths.snapshot(release.snapshot if release and release.snapshot else self.record.id)

    def phase(self, name: str, title: str, percent: int, action: Callable[[Run], str | None]) -> None:
        """Write the intent (and the completion of the phase before), act, remember what came of it."""
        if self.record.done(name):
            return
        current = self.record.phase(name)
        if current is None:
            current = PhaseRecord(name, title, self.now())
            self.record.phases.append(current)
        self.record.percent = percent
        self.say(title)
        self.record.last_event = self.progress.last
        self.journal.save()
        self._stop_on_full_disk()
        log.info("%s: %s", self.record.id, title)
        current.detail = action(self) or ""
        current.done_at = self.now()

    def _stop_on_full_disk(self) -> None:
        """What the reserve was given up for is written; nothing new is begun. The way back and the end go on."""
        committed = self.record.done("commit") or self.record.done("keep")  # a release; what a restore replaced
        if self.disk_filled and not self.record.going_back and not committed:
            raise self._full_disk()

    @property
    def disk_filled(self) -> bool:
        """Whether the reserve that was there when the run began had to be given up."""
        return self.record.reserve and not self.paths.reserve.exists()

    def _full_disk(self) -> DiskFailed:
        return DiskFailed(
            FULL,
            observed=f"{room.free(self.ports.files, self.paths.data)} MB frei in {self.paths.data}",
            next_step="Platz schaffen (`df -h`, `docker system df`).",
        )

    def say(self, message: str, percent: int | None = None) -> None:
        """Tell the watchers; `percent` of the whole run."""
        self.record.message = message
        self.record.percent = max(self.record.percent, percent or 0)
        name = self.record.phases[-1].name if self.record.phases else ""
        self.progress.tell(name, self.record.percent, message)

    def mark(self, name: str) -> None:
        self.record.marks[name] = self.now()
        self._moments[name] = self.ports.clock.monotonic()

    def seconds_since(self, mark: str) -> float:
        """Whatever happened to the time of day; of a mark from the agent's life before only that is known."""
        if mark in self._moments:
            return self.ports.clock.monotonic() - self._moments[mark]
        return max(0.0, (self.ports.clock.now() - moment(self.record.marks[mark])).total_seconds())

    def now(self) -> str:
        return stamp(self.ports.clock.now())

    def remember(self, known: state.State) -> None:
        state.save(self.paths, known, self.ports.files)

    def finish(self, result: Result, message: str) -> None:
        """The outcome, durable before anybody hears of it. That the disk is full may show only when it is written."""
        self._end(result, message)
        if self.disk_filled and FULL not in self.record.message:
            self.record.warnings.append(str(self._full_disk()))
            self._end(result, message)
        audit.add_run(self.paths, self.ports, self.record)
        log.info("%s: %s: %s", self.record.id, result, self.record.message)

    def _end(self, result: Result, message: str) -> None:
        self.record.result = result
        self.record.finished_at = self.now()
        self.record.percent = 100
        self.say(" ".join((message, *(f"Warnung: {warning}" for warning in self.record.warnings))))
        self.record.last_event = self.progress.last
        self.journal.save()

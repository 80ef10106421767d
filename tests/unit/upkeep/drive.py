"""Runs in a world, in the test's own thread."""

from __future__ import annotations

from typing import Any

from tests.unit.upkeep.world import World
from upkeep.agent import protocol
from upkeep.memory import journal, state
from upkeep.memory.housekeeping import settle
from upkeep.memory.journal import Journal, Operation, Record
from upkeep.memory.state import State
from upkeep.plans import planning
from upkeep.plans.situation import Situation
from upkeep.ports.clock import stamp
from upkeep.runs.progress import Progress
from upkeep.runs.run import Run
from upkeep.stories import resume
from upkeep.stories.execution import execute


class Driver:
    def __init__(self, world: World) -> None:
        self.world = world
        self.last: Record | None = None

    def begin(self, operation: str, **options: Any) -> Run:
        clock = self.world.clock
        clock.sleep(1)  # run ids begin with the second
        record = Record(
            id=journal.new_id(Operation(operation), clock.now(), next(reversed(journal.run_ids(self.world.paths)), "")),
            stack="lager",
            operation=Operation(operation),
            starter="test",
            options={"to": None, "force": False} | options,
            started_at=stamp(clock.now()),
            reserve=self.world.paths.reserve.exists(),
        )
        self.last = record
        place = journal.path_of(self.world.paths, record.id)
        kept = Journal(record, place, self.world.files)
        run = Run(self.world.paths, self.world.ports(), kept, Progress(clock, record.started_at))
        run.journal.save()
        return run

    def do(self, operation: str, **options: Any) -> Record:
        run = self.begin(operation, **options)
        execute(run)
        settle(self.world.paths, self.world.ports())
        return self.read(run.record.id)

    def must(self, operation: str, result: str, **options: Any) -> Record:
        record = self.do(operation, **options)
        assert record.result == result, record.message
        return record

    def plan(self, operation: str) -> dict[str, Any]:
        """What check mode would say."""
        situation = Situation.read(self.world.paths, self.world.ports(), {})
        return planning.make(situation, Operation(operation)).answer()

    def resume(self) -> list[Record]:
        """What the agent does when it starts again."""
        ports = self.world.ports()
        records = resume.pending(self.world.paths, ports)
        resume.resume(self.world.paths, ports, records, lambda run: None)
        return [self.read(record.id) for record in records]

    def read(self, run_id: str) -> Record:
        self.last = journal.read(journal.path_of(self.world.paths, run_id))
        return self.last

    @property
    def state(self) -> State:
        return state.load(self.world.paths)

    def protocol(self) -> str:
        return "\n".join(protocol.of_run(self.last.report())) if self.last else "kein Lauf"

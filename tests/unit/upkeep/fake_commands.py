"""One-off containers and the host's own programs in a test's world."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from upkeep.errors import ComposeFailed, ProgramFailed
from upkeep.ports.clock import stamp
from upkeep.ports.compose import OneOff
from upkeep.ports.containers import Container
from upkeep.ports.programs import Ended

if TYPE_CHECKING:
    from tests.unit.upkeep.world import World


@dataclass
class OneOffBox:
    id: str
    image: str
    one_off: OneOff
    started: datetime | None = None
    stopped: datetime | None = None


class OneOffs:
    """Each runs for `seconds` and ends with `exit_code`. `starts` counts what really ran, as [image, command].
    `sickens`: digest of a release that does not bear what was done to the data."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.boxes: dict[str, OneOffBox] = {}
        self.seconds = 1.0
        self.exit_code = 0
        self.lines: tuple[str, ...] = ("migriert",)
        self.starts: list[tuple[str, tuple[str, ...]]] = []
        self.most_at_once = 0
        self.docker_fails_after_start = 0
        self.sickens: str | None = None

    def make(self, image: str, one_off: OneOff) -> None:
        """As compose does: create, then start; two of one name cannot be."""
        if any(box.one_off.name == one_off.name for box in self.boxes.values()):
            raise ComposeFailed("docker compose run ist gescheitert", observed="name is already in use")
        with self.world.change("create migration"):
            box = OneOffBox(f"one-off-{len(self.starts)}-{one_off.name}", image, one_off)
            self.boxes[box.id] = box
        self.start(box.id)

    def start(self, container_id: str) -> None:
        box = self.boxes[container_id]
        if box.started is None:
            with self.world.change("start migration"):
                box.started = self.world.clock.moment
                self.starts.append((box.image, box.one_off.command))
            self.world.docker.down_for = self.docker_fails_after_start
            if self.sickens:
                self.world.published[self.sickens].kind = "sick"
        running = [item for item in self.boxes.values() if self.view(item).running]
        self.most_at_once = max(self.most_at_once, len(running))

    def stop(self, container_id: str) -> None:
        box = self.boxes.get(container_id)
        if box and self.view(box).running:
            box.stopped = self.world.clock.moment

    def view(self, box: OneOffBox) -> Container:
        end = box.stopped or (box.started + timedelta(seconds=self.seconds) if box.started else None)
        ended = end is not None and self.world.clock.moment >= end
        return Container(
            id=box.id,
            name=box.one_off.name,
            service="app-1",
            role=box.one_off.labels["upkeep.role"],
            run=box.one_off.labels["upkeep.run"],
            state="created" if end is None else "exited" if ended else "running",
            digest=box.image.partition("@")[2],
            addresses={},
            started_at=stamp(box.started) if box.started else "",
            finished_at=stamp(end) if end and ended else "",
            restarts=0,
            exit_code=(143 if box.stopped else self.exit_code) if ended else 0,
        )


@dataclass
class FakePrograms:
    """`ends`: how a program ends, by its first word; the others end well. `present`: what is on the host."""

    world: World
    ends: dict[str, Ended] = field(default_factory=dict)
    present: set[str] = field(default_factory=set)
    calls: list[tuple[tuple[str, ...], dict[str, str], float]] = field(default_factory=list)

    def find(self, name: str) -> str | None:
        return name if name in self.present else None

    def run(self, argv: tuple[str, ...], environment: Mapping[str, str], timeout: float) -> Ended:
        with self.world.change(f"program {argv[0]}"):
            self.calls.append((argv, dict(environment), timeout))
            if argv[0] not in self.present:
                raise ProgramFailed(f"{argv[0]} ist nicht ausführbar", observed="No such file or directory")
            ended = self.ends.get(argv[0], Ended(0, "erledigt\n", 0.1))
            self.world.clock.sleep(ended.seconds)
        return ended

    def called(self) -> list[str]:
        return [argv[0] for argv, _, _ in self.calls]

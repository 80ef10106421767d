"""A stream at the gate that nobody ends but the app itself, once it is told."""

from __future__ import annotations

from typing import SupportsIndex

from tests.unit.upkeep.world import World


class Streams(list[int]):
    """In the place of the fake gate's numbers of requests inside."""

    def __init__(self, world: World) -> None:
        super().__init__([1])
        self._world = world

    def pop(self, _: SupportsIndex = -1) -> int:
        running = any(box.role == "app" and box.state == "running" for box in self._world.boxes.values())
        return int(running and not self._world.probe.posted)

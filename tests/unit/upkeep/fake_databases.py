"""A PostgreSQL's databases in a test's world: what is called how, and what a dump would bring."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.unit.upkeep.fake_collections import POISON
from upkeep.errors import DatabaseFailed, Refused
from upkeep.ports.databases import Exchange, Place, mark
from upkeep.ports.streamed import Readable

if TYPE_CHECKING:
    from tests.unit.upkeep.world import World


class FakeDatabases:
    """`there`: name → content. `dump`: what was saved."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.there: dict[str, str] = {}
        self.dump = ""
        self.broken = False
        self.standby = False
        self.emptied: list[tuple[str, str]] = []

    @property
    def poisoned(self) -> bool:
        return POISON in (text for name, text in self.there.items() if "_neu_" not in name and "_vorher_" not in name)

    def answers(self, place: Place) -> bool:
        return True

    def refuse_unfit(self, place: Place, database: str, saved_by: str) -> None:
        if self.standby:
            raise Refused("In das PostgreSQL lässt sich nicht zurückspielen", observed="es ist eine Replik")

    def load(self, place: Place, live: str, staged: str, source: Readable, seconds: float) -> int:
        while source.read(100):
            pass
        with self.world.change(f"load {live}"):
            assert staged not in self.there
            self.there[staged] = self.dump
        if self.broken:
            del self.there[staged]
            raise DatabaseFailed("Die Sicherung ließ sich nicht laden", observed="doppelte Werte")
        return len(self.dump)

    def empty(self, place: Place, database: str, table: str) -> None:
        self.emptied.append((database, table))

    def take(self, place: Place, exchange: Exchange) -> None:
        with self.world.change("rename databases"):
            if exchange.coming in self.there:
                self._exchange(exchange.live, exchange.coming, exchange.aside)

    def take_back(self, place: Place, exchange: Exchange) -> None:
        with self.world.change("rename databases back"):
            if exchange.coming not in self.there:
                self._exchange(exchange.live, exchange.aside, exchange.coming)

    def drop(self, place: Place, run: str) -> int:
        found = [name for name in self.there if name.endswith(mark(run))]
        for name in found:
            with self.world.change("drop database"):
                del self.there[name]
        return len(found)

    def _exchange(self, live: str, coming: str, aside: str) -> None:
        assert aside not in self.there
        self.there[aside] = self.there.pop(live)
        self.there[live] = self.there.pop(coming)

"""A MongoDB's collections in a test's world: what lies where, and what an archive would bring."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from tests.unit.upkeep.counting import Numbers
from upkeep.errors import DatabaseFailed, Refused
from upkeep.ports.collections import Loaded, Pair, Server, Step, Wanted
from upkeep.ports.streamed import Readable

if TYPE_CHECKING:
    from tests.unit.upkeep.world import World

POISON = "Gift"  # with this in a live collection the application does not get ready


class FakeCollections:
    """`there`: UUID → (namespace, content). `archive`: namespace → content of what was saved. `stuck`: how often
    what was put aside cannot be dropped."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.there: dict[str, tuple[str, str]] = {}
        self.archive: dict[str, str] = {}
        self.broken = False
        self.unfit = False
        self.stuck = 0
        self._views: dict[str, str] = {}
        self._numbers = Numbers()

    @property
    def live(self) -> dict[str, str]:
        return {place: content for place, content in self.there.values() if ".upkeep-" not in place}

    @property
    def aside(self) -> list[str]:
        return sorted(place for place, _ in self.there.values() if ".upkeep-" in place)

    @property
    def poisoned(self) -> bool:
        return POISON in self.live.values()

    def put(self, **contents: str) -> None:
        """Live collections of database lager, exactly these."""
        self.there = {f"u{next(self._numbers)}": (f"lager.{name}", text) for name, text in contents.items()}

    def refuse_unfit(self, server: Server, archive_version: str) -> None:
        if self.unfit:
            raise Refused("In diese MongoDB lässt sich nicht zurückspielen", observed="nicht Primary")

    def databases(self, server: Server) -> tuple[str, ...]:
        return tuple({place.partition(".")[0] for place in self.live})

    def load(self, server: Server, source: Readable, wanted: Wanted, seconds: float) -> Loaded:
        while source.read(100):
            pass
        chosen = {place: text for place, text in self.archive.items() if wanted.only in ("", place, "lager")}
        pairs = []
        for place, text in chosen.items():
            database, _, name = place.partition(".")
            pairs.append((f"{database}.upkeep-staged.{wanted.run}.{name}", place))
            with self.world.change(f"load {place}"):
                self.there[f"u{next(self._numbers)}"] = (pairs[-1][0], text)
        if self.broken:
            self.drop(server, wanted.run)
            raise DatabaseFailed("Die Daten lassen sich nicht laden", observed="doppelte Werte")
        return Loaded(tuple(pairs), len(pairs), {}, ())

    def empty(self, server: Server, namespace: str) -> int:
        with self.world.change(f"empty {namespace}"):
            self._put(self._uuid(namespace), namespace, "")
        return 1

    def steps(
        self, server: Server, pairs: Iterable[Pair], run: str, databases: Iterable[str], leaving: Iterable[str]
    ) -> tuple[Step, ...]:
        wanted, whole = tuple(pairs), set(databases)
        going = {place for place in self.live if place in set(leaving) or place.partition(".")[0] in whole}
        return (
            *((self._uuid(place), place, self._old(place, run)) for place in sorted(going)),
            *((self._uuid(aside), aside, live) for aside, live in wanted),
        )

    def take(self, server: Server, steps: Iterable[Step]) -> None:
        with self.world.change("exchange collections"):
            for uuid, _, target in steps:
                self._put(uuid, target, self.there[uuid][1])
            places = [place for place, _ in self.there.values()]
            assert len(places) == len(set(places)), places

    def take_back(self, server: Server, steps: Iterable[Step]) -> None:
        with self.world.change("exchange collections back"):
            for uuid, source, _ in steps:
                self._put(uuid, source, self.there[uuid][1])

    def set_views(self, server: Server, database: str, views: str) -> str:
        before = self._views.get(database, "[]")
        with self.world.change("views"):
            self._views[database] = views
        return before

    def views(self, server: Server, database: str) -> str:
        return self._views.get(database, "[]")

    def drop(self, server: Server, run: str) -> int:
        if self.stuck and any(f".upkeep-old.{run}." in place for place in self.aside):
            self.stuck -= 1
            raise DatabaseFailed("lager.konten lässt sich nicht entfernen", observed="Replication is being shut down")
        found = [uuid for uuid, (place, _) in self.there.items() if f".{run}." in place and ".upkeep-" in place]
        for uuid in found:
            with self.world.change("drop collection"):
                del self.there[uuid]
        return len(found)

    def _old(self, place: str, run: str) -> str:
        database, _, name = place.partition(".")
        return f"{database}.upkeep-old.{run}.{name}"

    def _uuid(self, namespace: str) -> str:
        return next(uuid for uuid, (place, _) in self.there.items() if place == namespace)

    def _put(self, uuid: str, place: str, content: str) -> None:
        self.there[uuid] = (place, content)

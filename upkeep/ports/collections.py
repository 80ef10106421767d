"""MongoDB's collections, as a restore moves them: loaded beside the live ones, exchanged with them at one moment, back
again, away at last. Values are plain, so that a journal can hold them; pymongo is imported where it is needed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from upkeep.errors import Refused
from upkeep.ports.mongo import connected
from upkeep.ports.streamed import Readable
from upkeep.versions.mongo import series

if TYPE_CHECKING:
    from upkeep.mongo_archive import View
    from upkeep.mongo_archive.staging import Rename

PATIENCE = 30.0
INTERNAL = ("admin", "config", "local")

Pair = tuple[str, str]  # (aside, live), each `database.collection`
Step = tuple[str, str, str]  # (UUID, from, to)


@dataclass(frozen=True)
class Server:
    """How to get in: the address of the container, and the keyfile's content."""

    address: str
    keyfile: str


@dataclass(frozen=True)
class Wanted:
    """`only`: a database or a namespace, empty for everything. `run`: whose names the loaded collections bear."""

    only: str
    run: str

    @property
    def whole(self) -> bool:
        """Whether the database is to be as it was, and not only one collection of it."""
        return "." not in self.only


@dataclass(frozen=True)
class Loaded:
    """`views`: database → its views as a text that `set_views` takes. `left_out`: what does not come back,
    in German."""

    pairs: tuple[Pair, ...]
    documents: int
    views: dict[str, str]
    left_out: tuple[str, ...]


class Collections(Protocol):
    """Every method raises DatabaseFailed; those that begin something also Refused."""

    def refuse_unfit(self, server: Server, archive_version: str) -> None:
        """Standalone, not primary, or older than what was saved."""

    def databases(self, server: Server) -> tuple[str, ...]:
        """The live ones, MongoDB's own aside."""

    def load(self, server: Server, source: Readable, wanted: Wanted, seconds: float) -> Loaded:
        """Beside the live data. What fails on the way leaves nothing behind; a kill does (see `drop`)."""

    def empty(self, server: Server, namespace: str) -> int:
        """How many documents were in it."""

    def steps(
        self, server: Server, pairs: Iterable[Pair], run: str, databases: Iterable[str], leaving: Iterable[str]
    ) -> tuple[Step, ...]:
        """What puts each aside in its live place. What lives there goes aside under `run`'s name: all of `databases`,
        and what is `leaving`."""

    def take(self, server: Server, steps: Iterable[Step]) -> None:
        """All at one moment. Again is fine."""

    def take_back(self, server: Server, steps: Iterable[Step]) -> None:
        """Again is fine, also after a part of them or none."""

    def set_views(self, server: Server, database: str, views: str) -> str:
        """Exactly these; returns those before. Again is fine."""

    def views(self, server: Server, database: str) -> str: ...

    def drop(self, server: Server, run: str) -> int:
        """Every collection that lies aside under this run's name; how many there were."""


class PyCollections:
    def refuse_unfit(self, server: Server, archive_version: str) -> None:
        with _client(server) as client:
            hello, version = client.admin.command("hello"), client.server_info()["version"]
        if "setName" not in hello or not hello.get("isWritablePrimary"):
            raise Refused(
                "In diese MongoDB lässt sich nicht zurückspielen",
                observed="kein Replica Set" if "setName" not in hello else "nicht Primary",
                limit="Primary eines Replica Sets",
                next_step="`upkeep health` ansehen; der Agent richtet das Replica Set beim Ausrollen ein.",
            )
        if series(archive_version) > series(version):
            raise Refused(
                "Die Sicherung kommt von einer neueren MongoDB",
                observed=archive_version,
                limit=f"höchstens {version}",
                next_step="Zuerst die MongoDB aktualisieren.",
            )

    def databases(self, server: Server) -> tuple[str, ...]:
        with _client(server) as client:
            return tuple(sorted(set(client.list_database_names()) - set(INTERNAL)))

    def load(self, server: Server, source: Readable, wanted: Wanted, seconds: float) -> Loaded:
        from upkeep.mongo_archive import stage

        with _client(server, seconds) as client:
            report = stage(client, source, _rename(wanted), seconds=seconds)
        views = [view for view in report.views if wanted.whole and wanted.only in ("", view.database)]
        return Loaded(
            tuple((one.target, one.source) for one in report.collections),
            sum(one.documents for one in report.collections),
            {name: _text(view for view in views if view.database == name) for name in {one.database for one in views}},
            tuple(f"{one.database}.{one.name}: {one.why}" for one in report.left_out if _told(one.database, wanted)),
        )

    def empty(self, server: Server, namespace: str) -> int:
        database, _, name = namespace.partition(".")
        with _client(server) as client:
            return int(client[database][name].delete_many({}).deleted_count)

    def steps(
        self, server: Server, pairs: Iterable[Pair], run: str, databases: Iterable[str], leaving: Iterable[str]
    ) -> tuple[Step, ...]:
        from upkeep.mongo_archive import exchange, old

        with _client(server) as client:
            moves = exchange(client, pairs, lambda live: old(live, run), databases, leaving)
        return tuple((move.uuid, move.source, move.target) for move in moves)

    def take(self, server: Server, steps: Iterable[Step]) -> None:
        from upkeep.mongo_archive import Move, switch

        with _client(server) as client:
            switch(client, [Move(*step) for step in steps])

    def take_back(self, server: Server, steps: Iterable[Step]) -> None:
        from upkeep.mongo_archive import Move, undo

        with _client(server) as client:
            undo(client, [Move(*step) for step in steps])

    def set_views(self, server: Server, database: str, views: str) -> str:
        from upkeep.mongo_archive import set_views

        with _client(server) as client:
            return _text(set_views(client, database, _views(database, views)))

    def views(self, server: Server, database: str) -> str:
        from upkeep.mongo_archive import views_of

        with _client(server) as client:
            return _text(views_of(client, database))

    def drop(self, server: Server, run: str) -> int:
        from upkeep.mongo_archive import drop, of_restore

        with _client(server) as client:
            found = of_restore(client, run)
            drop(client, found)
        return len(found)


@contextmanager
def _client(server: Server, silence: float = PATIENCE) -> Iterator[Any]:
    """`silence`: seconds one answer may take; building an index takes as long as it takes."""
    from upkeep.mongo_archive.failures import server_failures

    way_in = connected(server.address, server.keyfile, PATIENCE, silence)
    with server_failures("MongoDB antwortet nicht"), way_in as client:
        yield client


def _rename(wanted: Wanted) -> Rename:
    from upkeep.mongo_archive import staged

    def rename(namespace: str) -> str | None:
        chosen = not wanted.only or wanted.only in (namespace, namespace.partition(".")[0])
        return staged(namespace, wanted.run) if chosen else None

    return rename


def _told(database: str, wanted: Wanted) -> bool:
    """Accounts are the agent's matter, and what nobody asked for is no news."""
    return database != "admin" and (not wanted.only or wanted.only == database)


def _text(views: Iterable[View]) -> str:
    from bson import json_util

    return json_util.dumps([[view.name, view.options] for view in views], json_options=_options())


def _views(database: str, text: str) -> list[View]:
    from bson import json_util

    from upkeep.mongo_archive import View

    return [View(database, name, body) for name, body in json_util.loads(text, json_options=_options())]


def _options() -> Any:
    from bson import json_util

    return json_util.CANONICAL_JSON_OPTIONS

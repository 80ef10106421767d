"""Loading an archive under new names beside the live data: documents with two workers, indexes afterwards, everything
counted. What fails on the way leaves nothing behind."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from bson import ObjectId
from pymongo.errors import PyMongoError
from pymongo.write_concern import WriteConcern

from upkeep.mongo_archive.aside import split
from upkeep.mongo_archive.catalogue import COLLECTION, VIEW, Client, Collection, LeftOut
from upkeep.mongo_archive.failures import StageFailed, StageRefused, server_failures
from upkeep.mongo_archive.loading import Loading
from upkeep.mongo_archive.reading import Closed, Documents, Prelude, Source, read
from upkeep.mongo_archive.views import View
from upkeep.versions.mongo import series

SECONDS = 4 * 3600.0
Rename = Callable[[str], str | None]
QUICK, SAFE = WriteConcern(w=1), WriteConcern(w="majority", j=True)
NOT_WANTED = "nicht ausgewählt"


@dataclass(frozen=True)
class StagedCollection:
    """`source`: its namespace in the archive, `target`: where it was loaded."""

    source: str
    target: str
    documents: int
    indexes: tuple[str, ...]


@dataclass(frozen=True)
class StageReport:
    """`views` are not made yet: see `set_views`."""

    server: str
    collections: tuple[StagedCollection, ...]
    views: tuple[View, ...]
    left_out: tuple[LeftOut, ...]


@dataclass
class _Plan:
    """`targets`: collections of the archive by their namespace, and where each is loaded."""

    server: str = ""
    targets: dict[str, tuple[Collection, str]] = field(default_factory=dict)
    views: list[View] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)


def stage(client: Client, source: Source, rename: Rename, *, seconds: float = SECONDS) -> StageReport:
    """Loads what `rename` gives a new namespace (`database.collection`; None: not wanted) and reads all the rest, too.

    Raises StageRefused (nothing was loaded), ArchiveDamaged and StageFailed (nothing stays loaded).
    """
    parts = read(source)
    prelude = next(parts)
    assert isinstance(prelude, Prelude)  # noqa: S101 - so says `read`
    with server_failures("Die Daten lassen sich nicht laden", StageFailed):
        plan = _planned(client, prelude, rename)
        with _nothing_left_behind(client, plan):
            for collection, target in plan.targets.values():
                _create(client, collection, target)
            closed = _load(client, parts, plan, seconds)
            staged = tuple(_proven(client, *plan.targets[name], one) for name, one in closed.items())
            _await_disk(client, plan)
    return StageReport(prelude.server, staged, tuple(plan.views), tuple(plan.left_out))


def _planned(client: Client, prelude: Prelude, rename: Rename) -> _Plan:
    """Nothing is touched here. Raises StageRefused."""
    _compare_versions(prelude.server, client.server_info()["version"])
    plan = _Plan(prelude.server)
    for one in prelude.collections:
        _place(plan, one, rename(one.namespace))
    for database in {split(target)[0] for _, target in plan.targets.values()}:
        taken = set(client[database].list_collection_names())
        _demand_free(taken, [target for _, target in plan.targets.values() if split(target)[0] == database])
    return plan


def _place(plan: _Plan, one: Collection, target: str | None) -> None:
    if target is None:
        plan.left_out.append(LeftOut(one.database, one.name, NOT_WANTED))
    elif one.database == "admin":
        plan.left_out.append(LeftOut(one.database, one.name, "Konten legt der Agent nach der Policy an"))
    elif one.name.startswith("system."):
        plan.left_out.append(LeftOut(one.database, one.name, "lässt sich nicht umbenennen; von Hand zurückspielen"))
    elif one.kind == VIEW:
        plan.views.append(View(split(target)[0], one.name, one.options))
    elif one.kind == COLLECTION:
        plan.targets[one.namespace] = (one, target)
    else:
        raise StageRefused(f"{one.namespace} lässt sich nicht zurückspielen", observed=one.kind, limit=COLLECTION)


def _demand_free(taken: set[str], targets: list[str]) -> None:
    if rest := sorted(target for target in targets if split(target)[1] in taken):
        raise StageRefused(
            "Dort, wo geladen werden soll, liegt schon etwas",
            observed=", ".join(rest),
            next_step="Das ist der Rest eines früheren Zurückspielens: entfernen und erneut versuchen.",
        )


def _compare_versions(archive: str, server: str) -> None:
    if series(archive) > series(server):
        raise StageRefused(
            "Das Archiv kommt von einer neueren MongoDB",
            observed=archive,
            limit=f"höchstens {server}",
            next_step="Zuerst die MongoDB aktualisieren.",
        )


@contextlib.contextmanager
def _nothing_left_behind(client: Client, plan: _Plan) -> Iterator[None]:
    try:
        yield
    except BaseException:
        with contextlib.suppress(PyMongoError):
            for _, target in plan.targets.values():
                database, name = split(target)
                client[database].drop_collection(name)
        raise


def _create(client: Client, one: Collection, target: str) -> None:
    database, name = split(target)
    client[database].command({"create": name, **one.options})


def _load(client: Client, parts: Iterator[Any], plan: _Plan, seconds: float) -> dict[str, Closed]:
    """What came to its end, by its namespace in the archive: everything that was planned."""
    closed: dict[str, Closed] = {}
    with Loading(seconds) as loading:
        for part in parts:
            if part.namespace not in plan.targets:
                continue
            one, target = plan.targets[part.namespace]
            if isinstance(part, Documents):
                loading.insert(_collection(client, target), part.data, in_order=one.is_capped)
            else:
                closed[part.namespace] = part
        loading.finish_inserts()
        for name, (one, target) in plan.targets.items():
            _demand_count(client, one, target, closed[name].documents)
            loading.index(_collection(client, target), _specifications(one))
    return closed


def _collection(client: Client, target: str, concern: WriteConcern = QUICK) -> Any:
    """Writes need not be on the disk each: all of them are awaited at the end."""
    database, name = split(target)
    return client[database].get_collection(name, write_concern=concern)


def _await_disk(client: Client, plan: _Plan) -> None:
    """A deletion of nothing is answered when everything before it is in the journal, on the disk."""
    for _, target in plan.targets.values():
        _collection(client, target, SAFE).delete_one({"_id": ObjectId()})


def _demand_count(client: Client, one: Collection, target: str, documents: int) -> None:
    """Before there are indexes: one with an expiry lets the server delete documents at once."""
    found = _collection(client, target).count_documents({})
    if found != documents and not one.is_capped:
        raise StageFailed(f"{one.namespace} ist nicht vollständig geladen", observed=found, limit=documents)


def _specifications(one: Collection) -> list[dict[str, Any]]:
    """What `createIndexes` is told; the one over `_id` and a clustered one come with the collection."""
    wanted = (index for index in one.indexes if index["name"] != "_id_" and not index.get("clustered"))
    return [{key: value for key, value in index.items() if key != "ns"} for index in wanted]


def _proven(client: Client, one: Collection, target: str, closed: Closed) -> StagedCollection:
    found = tuple(index["name"] for index in _collection(client, target).list_indexes())
    wanted = tuple(index["name"] for index in one.indexes)
    if set(found) != set(wanted):
        missing = ", ".join(sorted(set(wanted) ^ set(found)))
        raise StageFailed(f"Indexe von {one.namespace} sind nicht wie in der Sicherung", observed=missing)
    return StagedCollection(one.namespace, target, closed.documents, found)

"""What there is to back up on a server: collections and views with their options, identities and indexes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from pymongo import MongoClient

from upkeep.mongo_archive.aside import is_aside
from upkeep.mongo_archive.failures import DumpRefused

Client = MongoClient[Any]
LeaveOut = Callable[[str, str], str | None]

COLLECTION, VIEW, TIMESERIES = "collection", "view", "timeseries"
ACCOUNTS = frozenset({"system.users", "system.roles"})  # of database admin: MongoDB's users of all databases
INTERNAL = {
    "config": "Verwaltungsdaten des Servers",
    "local": "Verwaltungsdaten des Servers",
}
IMPLIED = ("system.views", "system.buckets.")  # views and time series, as the server keeps them


@dataclass(frozen=True)
class Collection:
    """`uuid` in hex, empty for a view; `options` and `indexes` as the server lists them."""

    database: str
    name: str
    kind: str
    uuid: str
    options: dict[str, Any]
    indexes: tuple[dict[str, Any], ...]

    @property
    def namespace(self) -> str:
        return f"{self.database}.{self.name}"

    @property
    def is_capped(self) -> bool:
        return bool(self.options.get("capped"))


@dataclass(frozen=True)
class LeftOut:
    """`name` is empty for a whole database."""

    database: str
    name: str
    why: str


@dataclass(frozen=True)
class Catalogue:
    """Sorted by name, views last: what they show is there before them."""

    collections: tuple[Collection, ...]
    left_out: tuple[LeftOut, ...]

    @property
    def identities(self) -> dict[str, str]:
        """UUIDs by namespace, of all that hold data."""
        return {found.namespace: found.uuid for found in self.collections if found.kind == COLLECTION}


def keep_all(_database: str, _name: str) -> str | None:
    return None


def survey(client: Client, leave_out: LeaveOut) -> Catalogue:
    """Raises DumpRefused when something is there that can neither be backed up nor is left out on purpose."""
    collections: list[Collection] = []
    left_out = [LeftOut(database, "", why) for database, why in sorted(INTERNAL.items())]
    for database in sorted(set(client.list_database_names()) - set(INTERNAL)):
        for entry in _listed(client, database):
            why = leave_out(database, entry["name"]) or _no_data(database, entry)
            if why is None:
                collections.append(_collection(client, database, entry))
            else:
                left_out.append(LeftOut(database, entry["name"], why))
    return Catalogue(tuple(sorted(collections, key=lambda one: (one.kind == VIEW, one.namespace))), tuple(left_out))


def _listed(client: Client, database: str) -> Iterator[dict[str, Any]]:
    for entry in client[database].list_collections():
        if not entry["name"].startswith(IMPLIED) and (database != "admin" or entry["name"] in ACCOUNTS):
            yield dict(entry)


def _no_data(database: str, entry: dict[str, Any]) -> str | None:
    """Why nobody would want this back, if so."""
    name = entry["name"]
    if entry.get("options", {}).get("temp"):
        return "vorübergehende Sammlung des Servers"
    if is_aside(name):
        return "beim Zurückspielen beiseitegelegt"
    if name == "system.js" or database == "admin":
        return None
    return "Verwaltungsdaten des Servers" if name.startswith("system.") else None


def _collection(client: Client, database: str, entry: dict[str, Any]) -> Collection:
    name, kind = entry["name"], entry.get("type", COLLECTION)
    if kind == TIMESERIES:
        raise DumpRefused(
            f"{database}.{name} ist eine Zeitreihe und lässt sich nicht zurückspielen",
            limit="Sammlungen und Sichten",
            next_step="In der Policy ausnehmen und auf anderem Weg sichern.",
        )
    indexes = () if kind == VIEW else tuple(dict(index) for index in client[database][name].list_indexes())
    uuid = bytes(entry["info"]["uuid"]).hex() if "uuid" in entry["info"] else ""
    return Collection(database, name, kind, uuid, dict(entry.get("options", {})), indexes)

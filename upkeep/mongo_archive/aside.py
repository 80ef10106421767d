"""Names beside the live data. They stay in the same database: MongoDB renames within one in a millisecond, while a
rename into another one copies every document."""

from __future__ import annotations

from pymongo import MongoClient
from pymongo.database import Database

STAGED, OLD = "upkeep-staged", "upkeep-old"


def staged(namespace: str, restore: str) -> str:
    """Where `restore` loads a collection: `shop.articles` → `shop.upkeep-staged.<restore>.articles`."""
    return _beside(namespace, STAGED, restore)


def old(namespace: str, restore: str) -> str:
    """Where `restore` puts what was live."""
    return _beside(namespace, OLD, restore)


def of_restore(client: MongoClient[dict[str, object]], restore: str) -> tuple[str, ...]:
    """Namespaces that lie aside under this restore's name, whatever became of it."""
    prefixes = (f"{STAGED}.{restore}.", f"{OLD}.{restore}.")
    return tuple(
        f"{database}.{name}"
        for database in client.list_database_names()
        for name in client[database].list_collection_names()
        if name.startswith(prefixes)
    )


def is_aside(name: str) -> bool:
    """Whether a collection's name says that a restore made it."""
    return name.startswith((f"{STAGED}.", f"{OLD}."))


def split(namespace: str) -> tuple[str, str]:
    """(database, collection)"""
    database, _, name = namespace.partition(".")
    return database, name


def collections_of(database: Database[dict[str, object]]) -> dict[str, str]:
    """Names by UUID (hex) of everything that holds data, the server's own collections excepted."""
    return {
        bytes(entry["info"]["uuid"]).hex(): entry["name"]
        for entry in database.list_collections()
        if entry["type"] == "collection" and not entry["name"].startswith("system.")
    }


def _beside(namespace: str, kind: str, restore: str) -> str:
    database, name = split(namespace)
    return f"{database}.{kind}.{restore}.{name}"

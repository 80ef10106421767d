"""Views are names for questions: nothing to load, and nothing that a rename moves."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from upkeep.mongo_archive.catalogue import VIEW, Client
from upkeep.mongo_archive.failures import SwitchFailed, server_failures


@dataclass(frozen=True)
class View:
    """`options`: viewOn, pipeline and perhaps collation."""

    database: str
    name: str
    options: dict[str, Any]


def views_of(client: Client, database: str) -> tuple[View, ...]:
    listed = client[database].list_collections(filter={"type": VIEW})
    return tuple(View(database, entry["name"], dict(entry["options"])) for entry in listed)


def set_views(client: Client, database: str, wanted: Iterable[View]) -> tuple[View, ...]:
    """Makes the database's views exactly these, one after the other, and says which they were: giving those back
    undoes it. Again is fine. Raises SwitchFailed."""
    with server_failures(f"Die Sichten von {database} lassen sich nicht setzen", SwitchFailed):
        before = views_of(client, database)
        known, missing = {view.name: view for view in before}, {view.name: view for view in wanted}
        for name in known:
            if known[name] != missing.get(name):
                client[database].drop_collection(name)
        for name, view in missing.items():
            if known.get(name) != view:
                client[database].command({"create": name, **view.options})
    return before

"""An empty MongoDB that an archive is loaded into under its own names, and what is in it then: counted on the server,
not believed of whoever loaded. pymongo is imported where it is needed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from upkeep.ports.mongo import connected
from upkeep.ports.streamed import Readable

PATIENCE = 30.0


@dataclass(frozen=True)
class Counted:
    """One collection as the server has it. `indexes`: their names."""

    namespace: str
    documents: int
    indexes: tuple[str, ...]


class TrialDatabase(Protocol):
    def load(self, address: str, keyfile: str, source: Readable, seconds: float) -> tuple[Counted, ...]:
        """Everything but accounts. Raises DatabaseFailed, and what reading raises."""


class PyTrialDatabase:
    def load(self, address: str, keyfile: str, source: Readable, seconds: float) -> tuple[Counted, ...]:
        from upkeep.mongo_archive import set_views, stage
        from upkeep.mongo_archive.failures import StageFailed, server_failures

        with (
            connected(address, keyfile, PATIENCE) as client,
            server_failures("Die Probe-Datenbank antwortet nicht", StageFailed),
        ):
            client.admin.command({"setParameter": 1, "ttlMonitorEnabled": False})  # what has expired was saved, too
            report = stage(client, source, lambda namespace: namespace, seconds=seconds)
            while source.read(1 << 20):  # the archive's end is not the stream's: that is where it proves itself
                continue
            for database in {view.database for view in report.views}:
                set_views(client, database, (view for view in report.views if view.database == database))
            found = []
            for loaded in report.collections:
                database, _, name = loaded.target.partition(".")
                collection = client[database][name]
                indexes = tuple(sorted(index["name"] for index in collection.list_indexes()))
                found.append(Counted(loaded.source, collection.count_documents({}), indexes))
        return tuple(found)

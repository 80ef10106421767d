"""What changed, written in the same transaction as the change itself.

An entry exists exactly when its change does. It has no number yet: a counter in here would make every writer wait for
every other (docs/adr/0022). ``stamp`` is filled in by mongod, from one clock for all slots: of two transactions that
touch the same document, the later one has the later stamp.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypeVar

from bson import Timestamp

from lager.database import Collection, Database, Document, Session, in_transaction

T = TypeVar("T")
SERVER_CLOCK = Timestamp(0, 0)  # mongod replaces it when it inserts


class Outbox:
    """Where the stores leave word of what they changed. ``wake`` is called when something lies in it."""

    def __init__(self, database: Database, now: Callable[[], datetime], wake: Callable[[], None]) -> None:
        self._database = database
        self._outbox: Collection = database["outbox"]
        self._now = now
        self._wake = wake

    async def transaction(self, work: Callable[[Session], Awaitable[T]]) -> T:
        """``in_transaction`` for changes that are recorded here."""
        try:
            return await in_transaction(self._database, work)
        finally:  # a commit whose answer was lost has happened, too
            self._wake()

    async def record(self, session: Session, kind: str, body: Document) -> None:
        """Tell all clients, once the transaction of ``session`` commits.

        ``kind`` names what changed („article“), ``body`` is small and JSON-able: ids, and what a list needs to redraw.
        """
        entry = {"stamp": SERVER_CLOCK, "at": self._now(), "kind": kind, "body": body}
        await self._outbox.insert_one(entry, session=session)

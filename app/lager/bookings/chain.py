"""The chain over the ledger: each sealed booking carries a hash of itself and of the one before.

Bookings are sealed a moment after they are written, in batches, by one slot at a time. A link inside each booking's own
transaction would make every writer wait for every other (ADR 0021 has the figures). Between writing and sealing, about
a second, a booking is guarded by the sums alone.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Iterable, Iterator

from bson import ObjectId, json_util
from pymongo import UpdateOne

from lager.database import Collection, Database, Document, Session, in_transaction
from lager.supervision import Supervised

BEGINNING = "0" * 64
CHAIN = "chain"
CHAIN_SEED: Document = {"_id": CHAIN, "position": 0, "hash": BEGINNING, "holder": None, "until": None}
UNSEALED = {"seal.position": None}
BATCH = 500
PAUSE = 1.0  # seconds between looks
LEASE_MS = 5_000  # how long the other slots keep out; who holds it renews it with every batch
LATE = 20.0  # seconds: longer than a lease and a restart of mongod; sealing goes on by then, or it is stuck


def seal(booking: Document, position: int, previous: str) -> Document:
    """Over everything in the booking but the seal itself, in one spelling for ever (canonical extended JSON)."""
    content = {name: value for name, value in booking.items() if name != "seal"}
    text = json_util.dumps(content, json_options=json_util.CANONICAL_JSON_OPTIONS, sort_keys=True)
    digest = hashlib.sha256(f"{previous}\n{position}\n{text}".encode()).hexdigest()
    return {"position": position, "previous": previous, "hash": digest}


class Sealing:
    """One slot's part in it. The lease only saves work: the head moves in the same transaction as the seals."""

    def __init__(self, database: Database, instance: str) -> None:
        self._database = database
        self._bookings: Collection = database["bookings"]
        self._ledger: Collection = database["ledger"]
        self._instance = instance
        self._looked_at: float | None = None
        self._oldest: ObjectId | None = None
        self._oldest_since = 0.0
        self.part = Supervised("sealing", self.run)

    @property
    def waiting_seconds(self) -> float:
        """For how long this slot has seen the same booking as the oldest without a seal, whoever should seal it."""
        return time.monotonic() - self._oldest_since if self._oldest else 0.0

    def troubles(self) -> Iterator[str]:
        """German sentences about what does not work at the moment."""
        silent = time.monotonic() - self._looked_at if self._looked_at else 0.0
        if silent >= LATE:
            yield f"Seit {silent:.0f} s siegelt dieser Slot nicht ({self.part.error or 'MongoDB antwortet nicht'})."
        elif self.waiting_seconds >= LATE:
            yield f"Eine Buchung wartet seit {self.waiting_seconds:.0f} s auf ihr Siegel (üblich: eine Sekunde)."

    async def run(self) -> None:
        """For ever. What is unsealed when it ends another slot seals, or this one after its start."""
        self._looked_at = self._looked_at or time.monotonic()
        while True:
            while await self.seal_some():
                pass
            await asyncio.sleep(PAUSE)

    async def seal_some(self) -> bool:
        """True when there may be more to seal."""
        if not await self._is_something_left() or not await self._holds_the_lease():
            return False
        return await in_transaction(self._database, self._seal_batch) == BATCH

    async def _is_something_left(self) -> bool:
        """Notes the oldest (by the index, as good as by age) for ``troubles``."""
        found = await self._bookings.find_one(UNSEALED, ["_id"])
        self._looked_at = time.monotonic()
        oldest: ObjectId | None = found["_id"] if found else None
        if oldest != self._oldest:
            self._oldest, self._oldest_since = oldest, self._looked_at
        return oldest is not None

    async def _holds_the_lease(self) -> bool:
        """By mongod's clock, which is the same for all slots."""
        free = {"$or": [{"holder": self._instance}, {"$expr": {"$lt": ["$until", "$$NOW"]}}]}
        until = {"$add": ["$$NOW", LEASE_MS]}
        taken = await self._ledger.update_one(
            {"_id": CHAIN, **free}, [{"$set": {"holder": self._instance, "until": until}}]
        )
        return taken.matched_count == 1

    async def _seal_batch(self, session: Session) -> int:
        """How many were sealed. Order: by id, and what commits late comes late."""
        head = await self._ledger.find_one({"_id": CHAIN}, session=session)
        bookings = await self._bookings.find(UNSEALED, session=session).sort("_id").limit(BATCH).to_list()
        if head is None or not bookings:
            return 0
        seals = list(_linked(bookings, head))
        updates = [
            UpdateOne({"_id": booking["_id"]}, {"$set": {"seal": sealed}})
            for booking, sealed in zip(bookings, seals, strict=True)
        ]
        await self._bookings.bulk_write(updates, session=session)
        newest = {name: seals[-1][name] for name in ("position", "hash")}
        await self._ledger.update_one({"_id": CHAIN}, {"$set": newest}, session=session)
        return len(bookings)


def _linked(bookings: Iterable[Document], head: Document) -> Iterable[Document]:
    position, previous = head["position"], head["hash"]
    for booking in bookings:
        sealed = seal(booking, position := position + 1, previous)
        previous = sealed["hash"]
        yield sealed

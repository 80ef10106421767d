"""The one place that opens MongoDB."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any, TypeVar

import pymongo
from bson import Decimal128, ObjectId
from bson.errors import InvalidId
from pymongo import AsyncMongoClient
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase

Document = dict[str, Any]
Client = AsyncMongoClient[Document]
Database = AsyncDatabase[Document]
Collection = AsyncCollection[Document]
Session = AsyncClientSession
T = TypeVar("T")

SELECTION_MS = 2_000  # how long a request waits for a mongod that is away
SOCKET_MS = 20_000
TRANSACTION_SECONDS = 15  # with all its attempts
CONNECTIONS = 16  # for a slot's callers: more at once only get in each other's way; who finds none free waits
OWN_CONNECTIONS = 8  # for what a slot does by itself


def open_client(uri: str, connections: int = CONNECTIONS) -> Client:
    """A client that connects lazily, so that the app starts while mongod is away."""
    return AsyncMongoClient(
        uri,
        appname="lager",
        tz_aware=True,
        serverSelectionTimeoutMS=SELECTION_MS,
        connectTimeoutMS=SELECTION_MS,
        socketTimeoutMS=SOCKET_MS,
        maxPoolSize=connections,
    )


def object_id(text: str) -> ObjectId | None:
    """The id, or None for anything that is no id: callers answer „nicht gefunden“."""
    try:
        return ObjectId(text)
    except (InvalidId, TypeError):
        return None


def to_decimal128(value: Decimal | None) -> Decimal128 | None:
    return None if value is None else Decimal128(value)


def decimal_text(value: Decimal128 | None) -> str | None:
    """Plain digits with a point, as the API speaks: never an exponent, never a float."""
    return None if value is None else format(value.to_decimal(), "f")


def amount_text(value: Decimal) -> str:
    """Plain digits with a point and no needless zeros: „12.5“, „100“, „0“."""
    return format(value.normalize(), "f") if value else "0"


async def in_transaction(database: Database, work: Callable[[Session], Awaitable[T]]) -> T:
    """Run ``work`` in a transaction; again from its beginning when it met another one, or when a commit is unsure."""
    async with database.client.start_session() as session:
        with pymongo.timeout(TRANSACTION_SECONDS):
            return await session.with_transaction(work)


async def lock(database: Database, name: str, session: Session) -> None:
    """Serialise transactions that must not overlap: the second writer of this document is made to retry."""
    await database["guards"].update_one({"_id": name}, {"$inc": {"turn": 1}}, session=session)

"""Indexes and migrations: additive only and idempotent, so that an old and a new slot can share the database.

Rules for a new step: it only adds (a field, an index, a document), it may run twice at once, it may be cut off and
start over. Removing something is a later release's job, when no running version reads it any more.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from pymongo import ASCENDING, IndexModel
from pymongo.errors import DuplicateKeyError

from lager.articles.search import SEARCH_VERSION, search_fields
from lager.articles.store import GRAM_INDEX, TEXT_INDEX
from lager.bookings.chain import CHAIN_SEED
from lager.bookings.history import NEWEST_FIRST
from lager.database import Database, Document
from lager.live.events import COUNTER, KEPT

log = logging.getLogger("lager.schema")

INDEXES: dict[str, Sequence[IndexModel]] = {
    "users": [IndexModel("login_key", unique=True)],
    "sessions": [IndexModel("user_id"), IndexModel("expires_at", expireAfterSeconds=0)],
    "invitations": [IndexModel("token_hash", unique=True), IndexModel("expires_at", expireAfterSeconds=0)],
    "login_attempts": [IndexModel("expires_at", expireAfterSeconds=0)],
    "articles": [
        IndexModel("number_key", unique=True),
        IndexModel("ean", unique=True, partialFilterExpression={"ean": {"$type": "string"}}),
        IndexModel(TEXT_INDEX),
        IndexModel(GRAM_INDEX),
        IndexModel([("category", ASCENDING), ("sort_key", ASCENDING)]),
        IndexModel([("supplier", ASCENDING), ("sort_key", ASCENDING)]),
        IndexModel([("location_ids", ASCENDING), ("sort_key", ASCENDING)]),
    ],
    "response_times": [IndexModel("minute"), IndexModel("expires_at", expireAfterSeconds=0)],
    "slow_requests": [IndexModel("at"), IndexModel("expires_at", expireAfterSeconds=0)],
    "security_events": [
        IndexModel("at"),
        IndexModel([("severity", ASCENDING), ("at", ASCENDING)]),
        IndexModel("expires_at", expireAfterSeconds=0),
    ],
    "locations": [IndexModel("code_key", unique=True), IndexModel("parent_id")],
    "outbox": [IndexModel("stamp")],
    "bookings": [
        IndexModel("key", unique=True),
        IndexModel("number", unique=True),
        IndexModel("undoes", unique=True, partialFilterExpression={"undoes": {"$type": "objectId"}}),
        IndexModel(NEWEST_FIRST),
        IndexModel([("lines.article.id", ASCENDING), *NEWEST_FIRST]),
        IndexModel([("location_ids", ASCENDING), *NEWEST_FIRST]),
        IndexModel([("kind", ASCENDING), *NEWEST_FIRST]),
        IndexModel("seal.position"),
    ],
    "stock": [IndexModel("_id.article"), IndexModel("_id.location")],
    "events": [IndexModel("at", expireAfterSeconds=int(KEPT.total_seconds()))],
    "presence": [IndexModel("thing"), IndexModel("until", expireAfterSeconds=0)],
}

SEEDS: dict[str, Sequence[Document]] = {
    "guards": [{"_id": "admins"}, {"_id": "locations"}],
    "counters": [
        {"_id": "article_number", "value": 0},
        {"_id": "booking_number", "value": 0},
        {"_id": COUNTER, "value": 0},
    ],
    "ledger": [CHAIN_SEED],
}


async def prepare(database: Database) -> None:
    """Bring the database to what this version needs; safe while other slots do the same."""
    for collection, models in INDEXES.items():
        await database[collection].create_indexes(list(models))
    for collection, documents in SEEDS.items():
        for document in documents:
            await _seed(database, collection, document)


async def _seed(database: Database, collection: str, document: Document) -> None:
    rest = {key: value for key, value in document.items() if key != "_id"} or {"turn": 0}
    try:
        await database[collection].update_one({"_id": document["_id"]}, {"$setOnInsert": rest}, upsert=True)
    except DuplicateKeyError:
        log.debug("another slot seeded %s first", collection)


async def refresh_search(database: Database) -> None:
    """Give articles written by an older version the search fields of this one; runs while the app already serves."""
    outdated = {"search.version": {"$not": {"$gte": SEARCH_VERSION}}}
    refreshed = 0
    async for article in database["articles"].find(outdated):
        same = {"_id": article["_id"], "version": article["version"]}
        await database["articles"].update_one(same, {"$set": search_fields(article)})
        refreshed += 1
    if refreshed:
        log.info("search fields refreshed", extra={"event": "search_refreshed", "articles": refreshed})

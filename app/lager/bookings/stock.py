"""How much lies where: one document per article and location, changed only together with a booking."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from bson import Decimal128, ObjectId
from pymongo import UpdateOne

from lager.database import Collection, Database, Document, Session

ZERO = Decimal(0)
OF_ARTICLE = {"from": "stock", "localField": "_id", "foreignField": "_id.article", "as": "stock"}
WITH_STOCK: list[Mapping[str, Any]] = [  # of an aggregation over articles: each with its ``stock`` over all locations
    {"$lookup": OF_ARTICLE},
    {"$set": {"stock": {"$sum": "$stock.quantity"}}},
]


@dataclass(frozen=True, order=True)
class Cell:
    """One article at one location. The order is the one in which all bookings touch them."""

    article: ObjectId
    location: ObjectId

    def key(self) -> Document:
        return {"article": self.article, "location": self.location}


def in_stock(article: Document) -> Decimal:
    """Of an article that came WITH_STOCK."""
    found = article["stock"]
    return found.to_decimal() if isinstance(found, Decimal128) else ZERO  # the sum of nothing is a plain 0


class Stock:
    """Reads the sums; ``change`` is for ``Bookings`` alone."""

    def __init__(self, database: Database) -> None:
        self._stock: Collection = database["stock"]

    async def sums(self, articles: Iterable[ObjectId]) -> dict[ObjectId, Decimal]:
        """Over all locations; articles without any are absent."""
        matching: list[Mapping[str, Any]] = [
            {"$match": {"_id.article": {"$in": list(articles)}}},
            {"$group": {"_id": "$_id.article", "sum": {"$sum": "$quantity"}}},
        ]
        cursor = await self._stock.aggregate(matching)
        return {found["_id"]: found["sum"].to_decimal() async for found in cursor}

    async def of_article(self, article: ObjectId) -> dict[ObjectId, Decimal]:
        """By location, without empty ones."""
        found = self._stock.find({"_id.article": article, "quantity": {"$ne": 0}})
        return {one["_id"]["location"]: one["quantity"].to_decimal() async for one in found}

    async def at(self, locations: Iterable[ObjectId], after: str | None, limit: int) -> list[Document]:
        """What lies in them together: ``{article, quantity}`` in list order, behind the sort key ``after``."""
        shown = dict.fromkeys(("number", "name", "unit", "sort_key"), 1)
        article = {"from": "articles", "localField": "_id", "foreignField": "_id", "as": "article"}
        steps: list[Mapping[str, Any]] = [
            {"$match": {"_id.location": {"$in": list(locations)}, "quantity": {"$ne": 0}}},
            {"$group": {"_id": "$_id.article", "quantity": {"$sum": "$quantity"}}},
            {"$match": {"quantity": {"$ne": 0}}},
            {"$lookup": article | {"pipeline": [{"$project": shown}]}},
            {"$unwind": "$article"},
            {"$match": {"article.sort_key": {"$gt": after or ""}}},
            {"$sort": {"article.sort_key": 1}},
            {"$limit": limit},
        ]
        return await (await self._stock.aggregate(steps)).to_list()

    async def articles_at(self, location: ObjectId, session: Session) -> int:
        """How many articles lie there (or are owed there)."""
        return await self._stock.count_documents({"_id.location": location, "quantity": {"$ne": 0}}, session=session)

    async def is_negative_at(self, location: ObjectId, session: Session) -> bool:
        owed = {"_id.location": location, "quantity": {"$lt": 0}}
        return await self._stock.find_one(owed, ["_id"], session=session) is not None

    async def read(self, cells: Iterable[Cell], session: Session) -> dict[Cell, Decimal]:
        """The cells' quantities, zero where nothing was ever booked."""
        wanted = list(cells)
        quantities = dict.fromkeys(wanted, ZERO)
        async for one in self._stock.find({"_id": {"$in": [cell.key() for cell in wanted]}}, session=session):
            quantities[Cell(**one["_id"])] = one["quantity"].to_decimal()
        return quantities

    async def change(self, deltas: Mapping[Cell, Decimal], session: Session) -> None:
        """In the order of the cells: of two bookings that meet, one always gets through."""
        updates = [
            UpdateOne({"_id": cell.key()}, {"$inc": {"quantity": Decimal128(deltas[cell])}}, upsert=True)
            for cell in sorted(deltas)
        ]
        await self._stock.bulk_write(updates, session=session)

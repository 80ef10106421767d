"""Articles in MongoDB: pages by key, optimistic versions, unique numbers and EANs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bson import ObjectId
from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError, ExecutionTimeout

from lager.accounts.model import User
from lager.articles import model
from lager.articles.search import number_key, search_fields, search_filter
from lager.database import Collection, Database, Document, object_id
from lager.problems import BadFields, NotFound, Stale

GONE = "Diesen Artikel gibt es nicht (mehr)."
LIST_MS = 5_000
COUNT_MS = 1_000
COUNTED = 1_000  # a search is counted up to here; beyond it „mehr als 1.000“ says enough
ROW = ("number", "name", "unit", "category", "manufacturer_number", "location_ids", "sort_key")
NUMBER_ATTEMPTS = 50


@dataclass(frozen=True)
class Wanted:
    """What the list is asked for. ``after`` is the sort key of the last row that was seen."""

    text: str = ""
    category: str | None = None
    supplier: str | None = None
    location_ids: tuple[ObjectId, ...] = ()
    after: str | None = None
    limit: int = 50

    def filter(self) -> Document:
        chosen: Document = search_filter(self.text)
        if self.category is not None:
            chosen["category"] = self.category
        if self.supplier is not None:
            chosen["supplier"] = self.supplier
        if self.location_ids:
            chosen["location_ids"] = {"$in": list(self.location_ids)}
        return chosen


@dataclass(frozen=True)
class Page:
    """``after`` continues behind the last row, None at the end; ``total`` is None where counting would be slow."""

    rows: list[Document]
    after: str | None
    total: int | None


class Articles:
    """The store of articles."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._articles: Collection = database["articles"]
        self._counters: Collection = database["counters"]
        self._locations: Collection = database["locations"]
        self._now = now

    async def page(self, wanted: Wanted) -> Page:
        """One page in list order; an article whose number or EAN is exactly what was typed comes first."""
        exact = await self._exact(wanted)
        chosen = wanted.filter()
        total = await self._count(chosen) if wanted.after is None else None
        if exact:
            chosen["_id"] = {"$ne": exact["_id"]}
        if wanted.after is not None:
            chosen["sort_key"] = {"$gt": wanted.after}
        cursor = self._articles.find(chosen, ROW).sort("sort_key").limit(wanted.limit + 1).max_time_ms(LIST_MS)
        rows = await cursor.to_list()
        more = len(rows) > wanted.limit
        rows = rows[: wanted.limit]
        after = rows[-1]["sort_key"] if more else None
        return Page([exact, *rows] if exact and wanted.after is None else rows, after, total)

    async def _exact(self, wanted: Wanted) -> Document | None:
        key = number_key(wanted.text)
        if not key:
            return None
        typed = {"$or": [{"number_key": key}, {"ean": key}]}
        return await self._articles.find_one({"$and": [typed, wanted.filter()]}, ROW)

    async def _count(self, chosen: Document) -> int | None:
        if not chosen:
            return await self._articles.estimated_document_count()
        try:
            return await self._articles.count_documents(chosen, limit=COUNTED + 1, maxTimeMS=COUNT_MS)
        except ExecutionTimeout:
            return None

    async def get(self, article_id: str) -> Document:
        found = await self._articles.find_one({"_id": object_id(article_id)})
        if found is None:
            raise NotFound(GONE)
        return found

    async def options(self) -> dict[str, list[str]]:
        """Categories and suppliers that are in use, for suggestions and filters."""
        fields = {"categories": "category", "suppliers": "supplier"}
        values = {name: await self._articles.distinct(field) for name, field in fields.items()}
        return {name: sorted((text for text in found if text), key=str.casefold) for name, found in values.items()}

    async def create(self, article: model.ArticleInput, user: User) -> Document:
        await self._check_locations(article)
        document: Document = {"_id": ObjectId(), "version": 1}
        document |= model.stored(article, article.number or await self._next_number())
        document |= {"created_at": self._now(), **self._signed(user)} | search_fields(document)
        try:
            await self._articles.insert_one(document)
        except DuplicateKeyError as exc:
            raise await self._taken(exc, document) from exc
        return document

    async def edit(self, article_id: str, article: model.ArticleEdit, user: User) -> Document:
        """Replace the article if it still has the version that was shown; else Stale with the newer values."""
        await self._check_locations(article)
        fields = model.stored(article, article.number)
        fields |= self._signed(user) | search_fields(fields)
        shown = {"_id": object_id(article_id), "version": article.version}
        change = {"$set": fields, "$inc": {"version": 1}}
        try:
            saved = await self._articles.find_one_and_update(shown, change, return_document=ReturnDocument.AFTER)
        except DuplicateKeyError as exc:
            raise await self._taken(exc, fields) from exc
        return saved or await self._stale(article_id)

    async def delete(self, article_id: str, version: int) -> None:
        deleted = await self._articles.delete_one({"_id": object_id(article_id), "version": version})
        if not deleted.deleted_count:
            await self._stale(article_id)

    async def _stale(self, article_id: str) -> Document:
        current = model.view(await self.get(article_id))
        who = current["updated_by"]
        raise Stale(f"{who} hat diesen Artikel inzwischen geändert. Ihre Eingaben sind noch da.", current)

    def _signed(self, user: User) -> Document:
        return {"updated_at": self._now(), "updated_by": {"id": user.id, "name": user.name}}

    async def _check_locations(self, article: model.ArticleInput) -> None:
        ids = [object_id(text) for text in article.location_ids]
        if ids and await self._locations.count_documents({"_id": {"$in": ids}}) != len(ids):
            raise BadFields({"location_ids": "Einen der Lagerorte gibt es nicht mehr. Bitte neu wählen."})

    async def _next_number(self) -> str:
        for _ in range(NUMBER_ATTEMPTS):
            counter = await self._counters.find_one_and_update(
                {"_id": "article_number"}, {"$inc": {"value": 1}}, upsert=True, return_document=ReturnDocument.AFTER
            )
            number = f"A-{counter['value'] if counter else 0:05d}"
            if not await self._articles.find_one({"number_key": number_key(number)}, ["_id"]):
                return number
        raise BadFields({"number": "Es wurde keine freie Nummer gefunden. Bitte selbst eine vergeben."})

    async def _taken(self, exc: DuplicateKeyError, document: Document) -> BadFields:
        """Say which article already has the number or the EAN."""
        pattern: dict[str, Any] = (exc.details or {}).get("keyPattern", {})
        field, label = ("ean", "EAN") if "ean" in pattern else ("number", "Artikelnummer")
        key = "ean" if field == "ean" else "number_key"
        other = await self._articles.find_one({key: document[key]}, ["name", "number"])
        name = f"„{other['name']}“ ({other['number']})" if other else "ein anderer Artikel"
        return BadFields({field: f"Diese {label} hat schon {name}."})

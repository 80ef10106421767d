"""Articles in MongoDB: pages by key, optimistic versions, unique numbers and EANs."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bson import ObjectId
from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from lager.accounts.model import User
from lager.articles import model
from lager.articles.search import needed_grams, number_key, query_words, search_fields, text_filter
from lager.bookings.stock import WITH_STOCK, ZERO, Stock, in_stock
from lager.database import Collection, Database, Document, Session, object_id
from lager.live.outbox import Outbox
from lager.numbers import Numbers
from lager.problems import BadFields, Conflict, NotFound, Problem, Stale

GONE = "Diesen Artikel gibt es nicht (mehr)."
LIST_MS = 5_000
RARE = 4_000  # articles with a gram; up to here fetching and sorting them beats walking the list
PROBED = 8  # grams of a search that are counted
TEXT_INDEX = [("sort_key", 1), ("search.text", 1)]
GRAM_INDEX = [("search.grams", 1)]
ROW = ("number", "name", "unit", "category", "manufacturer_number", "location_ids", "ean", "sort_key")
NUMBER_ATTEMPTS = 50


class NumberTaken(BadFields):
    """By another article."""


@dataclass(frozen=True)
class Wanted:
    """What the list is asked for. ``after`` is the sort key of the last row that was seen."""

    text: str = ""
    category: str | None = None
    supplier: str | None = None
    location_ids: tuple[ObjectId, ...] = ()
    after: str | None = None
    limit: int = 50

    @property
    def words(self) -> list[str]:
        return query_words(self.text)

    def chosen(self) -> Document:
        """The filters the user chose besides the text."""
        fields = {"category": self.category, "supplier": self.supplier}
        chosen: Document = {name: value for name, value in fields.items() if value is not None}
        return chosen | ({"location_ids": {"$in": list(self.location_ids)}} if self.location_ids else {})


@dataclass(frozen=True)
class Page:
    """``after`` continues behind the last row, None at the end. ``total`` is None where counting would be slow."""

    rows: list[Document]
    after: str | None
    total: int | None


class Articles:
    """The store of articles."""

    def __init__(self, database: Database, outbox: Outbox, now: Callable[[], datetime]) -> None:
        self._database = database
        self._outbox = outbox
        self._articles: Collection = database["articles"]
        self._numbers = Numbers(database, "article_number")
        self._locations: Collection = database["locations"]
        self._stock = Stock(database)
        self._now = now

    async def page(self, wanted: Wanted) -> Page:
        """One page in list order; an article whose number or EAN is exactly what was typed comes first."""
        exact = await self._exact(wanted)
        if exact and exact.get("ean") == wanted.text.strip():
            return Page(await self._stocked([exact]), None, 1)
        rows = await self._rows(wanted, exact)
        more = len(rows) > wanted.limit
        rows = rows[: wanted.limit]
        after = rows[-1]["sort_key"] if more else None
        if exact and wanted.after is None:
            rows = [exact, *rows]
        return Page(await self._stocked(rows), after, await self._total(wanted, len(rows), more))

    async def _stocked(self, documents: Sequence[Document]) -> list[Document]:
        """The same articles, each with its ``stock`` over all locations."""
        sums = await self._stock.sums([one["_id"] for one in documents])
        return [one | {"stock": sums.get(one["_id"], ZERO)} for one in documents]

    async def _rows(self, wanted: Wanted, exact: Document | None) -> list[Document]:
        """One row more than wanted tells that there is another page."""
        found: Document = {"sort_key": {"$gt": wanted.after or ""}, **wanted.chosen()}
        if exact:
            found["_id"] = {"$ne": exact["_id"]}
        if wanted.words:
            found["$and"] = text_filter(wanted.words)
        cursor = self._articles.find(found, ROW).sort("sort_key").limit(wanted.limit + 1).max_time_ms(LIST_MS)
        if wanted.words and not wanted.chosen():
            rare = await self._rare_gram(wanted.words)
            if rare:
                found["search.grams"] = rare
            cursor.hint(GRAM_INDEX if rare else TEXT_INDEX)
        return await cursor.to_list()

    async def _rare_gram(self, words: list[str]) -> str | None:
        """The rarest of the grams if it leads to few articles; counting keys of an index is cheap."""
        grams = needed_grams(words)[:PROBED]
        counts = await asyncio.gather(
            *(self._articles.count_documents({"search.grams": gram}, limit=RARE, hint=GRAM_INDEX) for gram in grams)
        )
        fewest, gram = min(zip(counts, grams, strict=True))
        return gram if fewest < RARE else None

    async def _exact(self, wanted: Wanted) -> Document | None:
        key = number_key(wanted.text)
        if not key:
            return None
        typed = {"$or": [{"number_key": key}, {"ean": {"$eq": key, "$type": "string"}}]}  # $type: the partial index
        return await self._articles.find_one({"$and": [typed, wanted.chosen()]}, ROW)

    async def _total(self, wanted: Wanted, rows: int, more: bool) -> int | None:
        if wanted.after is not None:
            return None
        if not more:
            return rows
        return None if wanted.words or wanted.chosen() else await self._articles.estimated_document_count()

    async def get(self, article_id: str) -> Document:
        wanted = {"$match": {"_id": object_id(article_id)}}
        found = await (await self._articles.aggregate([wanted, *WITH_STOCK])).to_list()
        if not found:
            raise NotFound(GONE)
        return found[0] | {"stock": in_stock(found[0])}

    async def options(self) -> dict[str, list[str]]:
        """Categories and suppliers that are in use, for suggestions and filters."""
        fields = {"categories": "category", "suppliers": "supplier"}
        values = {name: await self._articles.distinct(field) for name, field in fields.items()}
        return {name: sorted((text for text in found if text), key=str.casefold) for name, found in values.items()}

    async def create(self, article: model.ArticleInput, user: User) -> Document:
        await self._check_locations(article)
        if article.number:
            return await self._create(article, article.number, user)
        for _ in range(NUMBER_ATTEMPTS):
            with contextlib.suppress(NumberTaken):
                return await self._create(article, await self._next_number(), user)
        raise BadFields({"number": "Es wurde keine freie Nummer gefunden. Bitte selbst eine vergeben."})

    async def _create(self, article: model.ArticleInput, number: str, user: User) -> Document:
        document: Document = {"_id": ObjectId(), "version": 1, **model.stored(article, number)}
        document |= {"created_at": self._now(), **self._signed(user)} | search_fields(document)

        async def insert(session: Session) -> Document:
            await self._articles.insert_one(document, session=session)
            await self._outbox.record(session, "article", model.change("created", document))
            return document | {"stock": ZERO}

        return await self._written(insert, document)

    async def edit(self, article_id: str, article: model.ArticleEdit, user: User) -> Document:
        """Replace the article if it still has the version that was shown; else Stale with the newer values."""
        await self._check_locations(article)
        fields = model.stored(article, article.number)
        fields |= self._signed(user) | search_fields(fields)
        same_unit = {"$or": [{"is_booked": {"$ne": True}}, {"unit": article.unit.value}]}

        async def change(session: Session) -> Document:
            saved = await self._articles.find_one_and_update(
                {"_id": object_id(article_id), "version": article.version, **same_unit},
                {"$set": fields, "$inc": {"version": 1}},
                session=session,
                return_document=ReturnDocument.AFTER,
            )
            if saved is None:
                raise await self._not_edited(article_id, article.version)
            await self._outbox.record(session, "article", model.change("changed", saved))
            return saved

        return (await self._stocked([await self._written(change, fields)]))[0]

    async def _not_edited(self, article_id: str, version: int) -> Problem:
        current = await self.get(article_id)
        if current["version"] != version:
            return _stale(current)
        return BadFields({"unit": f"Es gibt schon Buchungen in „{current['unit']}“; die Einheit steht fest."})

    async def delete(self, article_id: str, version: int) -> None:
        """Only what was never booked can go; the ledger would else name what nobody can look up."""

        async def remove(session: Session) -> Document:
            unused = {"_id": object_id(article_id), "version": version, "is_booked": {"$ne": True}}
            deleted = await self._articles.find_one_and_delete(unused, session=session)
            if deleted is None:
                current = await self.get(article_id)
                raise _in_the_ledger(current) if current["version"] == version else _stale(current)
            await self._outbox.record(session, "article", model.change("deleted", deleted))
            return deleted

        await self._written(remove, {})

    async def _written(self, work: Callable[[Session], Awaitable[Document]], fields: Document) -> Document:
        try:
            return await self._outbox.transaction(work)
        except DuplicateKeyError as exc:
            raise await self._taken(exc, fields) from exc

    def _signed(self, user: User) -> Document:
        return {"updated_at": self._now(), "updated_by": {"id": user.id, "name": user.name}}

    async def _check_locations(self, article: model.ArticleInput) -> None:
        ids = [object_id(text) for text in article.location_ids]
        if ids and await self._locations.count_documents({"_id": {"$in": ids}}) != len(ids):
            raise BadFields({"location_ids": "Einen der Lagerorte gibt es nicht mehr. Bitte neu wählen."})

    async def _next_number(self) -> str:
        return f"A-{await self._numbers.next():05d}"

    async def _taken(self, exc: DuplicateKeyError, document: Document) -> BadFields:
        """Say which article already has the number or the EAN."""
        is_ean = "ean" in (exc.details or {}).get("keyPattern", {})
        field, label, key = ("ean", "EAN", "ean") if is_ean else ("number", "Artikelnummer", "number_key")
        other = await self._articles.find_one({key: document[key]}, ["name", "number"])
        name = f"„{other['name']}“ ({other['number']})" if other else "ein anderer Artikel"
        return (BadFields if is_ean else NumberTaken)({field: f"Diese {label} hat schon {name}."})


def _stale(article: Document) -> Stale:
    current = model.view(article)
    who = current["updated_by"]
    return Stale(f"{who} hat diesen Artikel inzwischen geändert. Ihre Eingaben sind noch da.", current)


def _in_the_ledger(article: Document) -> Conflict:
    unit = model.Unit(article["unit"])
    stock = f" und noch {model.spoken(article['stock'], unit)} Bestand" if article["stock"] else ""
    return Conflict(f"Zu diesem Artikel gibt es Buchungen{stock}. Er lässt sich deshalb nicht mehr löschen.")

"""Storage locations in MongoDB. Changes to the tree are serialised, so no cycle and no orphan can arise."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypeVar

from bson import ObjectId
from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from lager.accounts.model import User
from lager.bookings.stock import Stock
from lager.database import Collection, Database, Document, Session, lock, object_id
from lager.live.outbox import Outbox
from lager.locations import model
from lager.locations.model import LABELS, PARENTS, Kind
from lager.problems import BadFields, Conflict, NotFound, Stale

T = TypeVar("T")

GONE = "Diesen Lagerort gibt es nicht (mehr)."


class Locations:
    """The store of locations."""

    def __init__(self, database: Database, outbox: Outbox, now: Callable[[], datetime]) -> None:
        self._database = database
        self._outbox = outbox
        self._locations: Collection = database["locations"]
        self._articles: Collection = database["articles"]
        self._stock = Stock(database)
        self._now = now

    async def all(self) -> list[Document]:
        """Every location; a business has hundreds at most, so the client gets the whole tree."""
        return await self._locations.find().sort("code_key").to_list()

    async def below(self, location_id: str) -> tuple[ObjectId, ...]:
        """The location and everything inside it; empty when it does not exist."""
        children: defaultdict[ObjectId | None, list[ObjectId]] = defaultdict(list)
        known = set()
        async for found in self._locations.find({}, ["parent_id"]):
            children[found["parent_id"]].append(found["_id"])
            known.add(found["_id"])
        root = object_id(location_id)
        inside = [root] if root in known else []
        for location in inside:  # grows while it is walked
            inside.extend(children[location])
        return tuple(location for location in inside if location)

    async def create(self, location: model.LocationInput, user: User) -> Document:
        document: Document = {"_id": ObjectId(), "version": 1, "created_at": self._now()}
        document |= model.stored(location) | self._signed(user)

        async def insert(session: Session) -> Document:
            await self._check_parent(location, None, session)
            await self._locations.insert_one(document, session=session)
            await self._outbox.record(session, "location", model.change("created", document))
            return document

        return await self._alone(insert, document)

    async def edit(self, location_id: str, location: model.LocationEdit, user: User) -> Document:
        """Replace the location if it still has the version that was shown; else Stale with the newer values."""
        fields = model.stored(location) | self._signed(user)

        async def change(session: Session) -> Document:
            own_id = object_id(location_id)
            await self._check_parent(location, own_id, session)
            await self._check_children(location, own_id, session)
            await self._check_owes_nothing(location, own_id, session)
            saved = await self._locations.find_one_and_update(
                {"_id": own_id, "version": location.version},
                {"$set": fields, "$inc": {"version": 1}},
                session=session,
                return_document=ReturnDocument.AFTER,
            )
            if saved is None:
                return await self._stale(location_id)
            await self._outbox.record(session, "location", model.change("changed", saved))
            return saved

        return await self._alone(change, fields)

    async def delete(self, location_id: str, version: int) -> None:
        """Only empty places can go: nothing inside, no article that belongs there, never named in the ledger."""

        async def remove(session: Session) -> None:
            own_id = object_id(location_id)
            if await self._locations.find_one({"parent_id": own_id}, ["_id"], session=session):
                raise Conflict("Dieser Lagerort enthält noch andere. Bitte zuerst diese verschieben oder löschen.")
            articles = await self._articles.count_documents({"location_ids": own_id}, session=session)
            if articles:
                count = "ein Artikel" if articles == 1 else f"{articles} Artikel"
                raise Conflict(f"Hierher gehört noch {count}. Bitte zuerst bei den Artikeln den Lagerort ändern.")
            unused = {"_id": own_id, "version": version, "is_booked": {"$ne": True}}
            deleted = await self._locations.find_one_and_delete(unused, session=session)
            if deleted is None:
                await self._check_not_in_the_ledger(own_id, version, session)
                await self._stale(location_id)
            else:
                await self._outbox.record(session, "location", model.change("deleted", deleted))

        await self._alone(remove, {})

    async def _alone(self, work: Callable[[Session], Awaitable[T]], fields: Document) -> T:
        async def locked(session: Session) -> T:
            await lock(self._database, "locations", session)
            return await work(session)

        try:
            return await self._outbox.transaction(locked)
        except DuplicateKeyError as exc:
            other = await self._locations.find_one({"code_key": fields["code_key"]}, ["name"])
            name = f"„{other['name']}“" if other else "ein anderer Lagerort"
            raise BadFields({"code": f"Dieses Kürzel hat schon {name}."}) from exc

    async def _check_parent(self, location: model.LocationInput, own_id: ObjectId | None, session: Session) -> None:
        allowed = PARENTS[location.kind]
        label = LABELS[location.kind]
        if location.parent_id is None:
            if allowed:
                raise BadFields({"parent_id": f"Wo ist dieses {label}? Bitte den übergeordneten Ort wählen."})
            return
        parent = await self._locations.find_one({"_id": object_id(location.parent_id)}, session=session)
        if parent is None:
            raise BadFields({"parent_id": "Diesen übergeordneten Ort gibt es nicht mehr."})
        if Kind(parent["kind"]) not in allowed:
            inside = LABELS[Kind(parent["kind"])]
            raise BadFields({"parent_id": f"Ein Ort der Art „{label}“ kann nicht in einem „{inside}“ sein."})
        await self._check_no_cycle(own_id, parent, session)

    async def _check_no_cycle(self, own_id: ObjectId | None, parent: Document, session: Session) -> None:
        above: Document | None = parent
        while above is not None:
            if above["_id"] == own_id:
                raise BadFields({"parent_id": "Ein Ort kann nicht in sich selbst liegen."})
            above = await self._locations.find_one({"_id": above["parent_id"]}, session=session)

    async def _check_children(self, location: model.LocationInput, own_id: ObjectId | None, session: Session) -> None:
        async for child in self._locations.find({"parent_id": own_id}, session=session):
            if location.kind not in PARENTS[Kind(child["kind"])]:
                label = LABELS[location.kind]
                raise BadFields({"kind": f"„{child['name']}“ liegt darin; das geht nicht in einem {label}."})

    async def _check_owes_nothing(
        self, location: model.LocationInput, own_id: ObjectId | None, session: Session
    ) -> None:
        if location.allows_negative is False and own_id and await self._stock.is_negative_at(own_id, session):
            message = "Hier ist gerade Bestand unter null. Bitte erst zählen und berichtigen."
            raise BadFields({"allows_negative": message})

    async def _check_not_in_the_ledger(self, own_id: ObjectId | None, version: int, session: Session) -> None:
        booked = {"_id": own_id, "version": version, "is_booked": True}
        if own_id is None or not await self._locations.find_one(booked, ["_id"], session=session):
            return
        articles = await self._stock.articles_at(own_id, session)
        if articles:
            count = "ein Artikel" if articles == 1 else f"{articles} Artikel"
            raise Conflict(f"Hier liegt laut Bestand noch {count}. Orte mit Buchungen lassen sich nicht löschen.")
        raise Conflict("Zu diesem Lagerort gibt es Buchungen. Er lässt sich deshalb nicht mehr löschen.")

    async def _stale(self, location_id: str) -> Document:
        current = await self._locations.find_one({"_id": object_id(location_id)})
        if current is None:
            raise NotFound(GONE)
        who = current["updated_by"]["name"]
        message = f"{who} hat diesen Lagerort inzwischen geändert. Ihre Eingaben sind noch da."
        raise Stale(message, model.view(current))

    def _signed(self, user: User) -> Document:
        return {"updated_at": self._now(), "updated_by": {"id": user.id, "name": user.name}}

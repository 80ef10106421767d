"""Articles, places and bookings in a line each, as the tests of the ledger need them."""

from __future__ import annotations

import uuid
from typing import Any

from tests.integration.app.people import Json, Person


def key() -> str:
    return str(uuid.uuid4())


async def place(person: Person, code: str = "HL", **more: Any) -> str:
    """The id of a new location."""
    body = {"name": f"Lager {code}", "code": code, "kind": "lager", **more}
    found: str = (await person.post("/api/locations", body))["id"]
    return found


async def article(person: Person, name: str = "Rohrschelle", **more: Any) -> str:
    found: str = (await person.post("/api/articles", {"name": name, **more}))["id"]
    return found


def incoming(article_id: str, location_id: str, quantity: str = "10", **more: Any) -> Json:
    line = {"article_id": article_id, "to_location_id": location_id, "quantity": quantity}
    return {"key": key(), "kind": "in", "lines": [line], **more}


def outgoing(article_id: str, location_id: str, quantity: str = "10", **more: Any) -> Json:
    line = {"article_id": article_id, "from_location_id": location_id, "quantity": quantity}
    return {"key": key(), "kind": "out", "lines": [line], **more}


def moving(article_id: str, source: str, target: str, quantity: str, **more: Any) -> Json:
    line = {"article_id": article_id, "from_location_id": source, "to_location_id": target, "quantity": quantity}
    return {"key": key(), "kind": "transfer", "lines": [line], **more}


def counted(article_id: str, location_id: str, number: str, **more: Any) -> Json:
    line = {"article_id": article_id, "location_id": location_id, "counted": number, **more}
    return {"key": key(), "kind": "correction", "reason": "Inventur", "lines": [line]}


async def stock(person: Person, article_id: str) -> dict[str, str]:
    """Quantities by the code of the place."""
    found = await person.get(f"/api/articles/{article_id}/stock")
    return {row["location"]["code"]: row["quantity"] for row in found["rows"]}

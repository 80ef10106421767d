"""Security events: a log line each, and kept in MongoDB with an expiry, so that every slot shows the same.

Alike events within ten minutes (same event, address and user) are one document with a count: who hammers at the door
fills neither the list nor the disk.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from pymongo import UpdateOne

from lager.accounts.model import User
from lager.database import Collection, Database, Document
from lager.logs import request_id
from lager.watch.bounded import trim
from lager.watch.metrics import Metrics

log = logging.getLogger("lager.security")

KEPT = timedelta(days=30)
ALIKE = timedelta(minutes=10)
AT_MOST = 20_000
WAITING = 500  # different ones; more are counted without their address
SHOWN = 200
MANY = "viele Adressen"


class Severity(StrEnum):
    """``info`` is what should happen, ``medium`` what happens by mistake too, ``high`` what somebody should look at."""

    INFO = "info"
    MEDIUM = "medium"
    HIGH = "high"


_LEVELS = {Severity.INFO: logging.INFO, Severity.MEDIUM: logging.WARNING, Severity.HIGH: logging.WARNING}


@dataclass
class _Waiting:
    count: int
    first: datetime
    last: datetime
    fields: Document


class SecurityEvents:
    """One per process; ``record`` never waits."""

    def __init__(self, database: Database, metrics: Metrics, slot: str, now: Callable[[], datetime]) -> None:
        self._events: Collection = database["security_events"]
        self._metrics = metrics
        self._slot = slot
        self._now = now
        self._waiting: dict[str, _Waiting] = {}
        self._turn = asyncio.Lock()

    def record(
        self, event: str, severity: Severity, *, address: str = "", user: User | None = None, **details: Any
    ) -> None:
        """``event`` is a word of the program (``sign_in_failed``), ``details`` go to the log only."""
        said: Document = {"address": address, "user": user.id if user else None}
        known = {key: value for key, value in said.items() if value}
        extra = {"event": event, "severity": severity.value, **known, **details}
        log.log(_LEVELS[severity], event.replace("_", " "), extra=extra)
        self._metrics.security(event, severity.value)
        self._remember(event, severity, address[:60], user)

    def _remember(self, event: str, severity: Severity, address: str, user: User | None) -> None:
        now = self._now()
        if len(self._waiting) >= WAITING:
            address, user = MANY, None
        key = _key(event, address, user, now)
        waiting = self._waiting.get(key)
        if waiting is None:
            waiting = self._waiting[key] = _Waiting(0, now, now, {})
        waiting.count += 1
        waiting.last = now
        waiting.fields = {
            "event": event,
            "severity": severity.value,
            "address": address,
            "user": {"id": user.id, "name": user.name} if user else None,
            "slot": self._slot,
            "request_id": request_id.get(),
        }

    async def flush(self) -> None:
        async with self._turn:
            taken, self._waiting = self._waiting, {}
            if not taken:
                return
            try:
                await self._events.bulk_write([_write(key, one) for key, one in taken.items()], ordered=False)
            except BaseException:
                self._put_back(taken)
                raise
            await trim(self._events, AT_MOST)

    def _put_back(self, taken: dict[str, _Waiting]) -> None:
        for key, one in taken.items():
            newer = self._waiting.get(key)
            if newer:
                newer.count += one.count
                newer.first = one.first
            elif len(self._waiting) < WAITING:
                self._waiting[key] = one

    async def view(self, severity: Severity | None) -> dict[str, Any]:
        """The newest events, and how many of each severity there are in all."""
        await self.flush()
        wanted = {"severity": severity.value} if severity else {}
        found = await self._events.find(wanted).sort("at", -1).limit(SHOWN).to_list()
        counts = {one.value: 0 for one in Severity}
        group = {"$group": {"_id": "$severity", "count": {"$sum": "$count"}}}
        async for row in await self._events.aggregate([group]):
            counts[row["_id"]] = row["count"]
        return {"events": [_row(document) for document in found], "counts": counts, "days": KEPT.days}


def _key(event: str, address: str, user: User | None, now: datetime) -> str:
    period = int(now.timestamp() // ALIKE.total_seconds())
    return f"{period}|{event}|{address}|{user.id if user else ''}"


def _write(key: str, one: _Waiting) -> UpdateOne:
    change: Document = {
        "$set": one.fields | {"at": one.last, "expires_at": one.last + KEPT},
        "$min": {"first_at": one.first},
        "$inc": {"count": one.count},
    }
    return UpdateOne({"_id": key}, change, upsert=True)


def _row(document: Document) -> dict[str, Any]:
    shown = {key: document[key] for key in ("event", "severity", "address", "user", "count", "request_id", "slot")}
    times = {"at": document["at"].isoformat(), "first_at": document["first_at"].isoformat()}
    return {"id": document["_id"], **times, **shown}

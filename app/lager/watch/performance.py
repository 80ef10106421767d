"""Response times per route, slow requests: counted in memory, kept in MongoDB, so that every slot shows all of them."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bson import ObjectId
from pymongo import ReplaceOne

from lager.database import Collection, Database, Document
from lager.watch.bounded import trim
from lager.watch.metrics import Metrics
from lager.watch.timings import Timings, timings_from

log = logging.getLogger("lager.watch")

SLOW_MS = 1000.0
SHOWN = timedelta(hours=1)
KEPT = timedelta(hours=2)
SLOW_KEPT = timedelta(days=14)
SLOW_AT_MOST = 2_000
SLOW_SHOWN = 50
WAITING_MINUTES = 30  # while MongoDB is away
WAITING_SLOW = 200
SLOW_NOTED = 20  # from one flush to the next: when everything is slow, noting each of them would make it slower
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")

Route = tuple[str, str]  # method, template of the path


@dataclass(frozen=True)
class Answered:
    """A request that has its answer. ``route`` is the template (``/api/articles/{id}``), empty when none fitted."""

    method: str
    route: str
    status: int
    milliseconds: float
    request_id: str
    user_id: str | None


class Performance:
    """One per process. Nothing here grows with the number of requests."""

    def __init__(
        self, database: Database, metrics: Metrics, instance: str, slot: str, now: Callable[[], datetime]
    ) -> None:
        self._times: Collection = database["response_times"]
        self._slow: Collection = database["slow_requests"]
        self._metrics = metrics
        self._instance, self._slot = instance, slot
        self._now = now
        self._minutes: dict[datetime, dict[Route, Timings]] = {}
        self._waiting: deque[Document] = deque(maxlen=WAITING_SLOW)
        self._slow_ones = 0
        self._turn = asyncio.Lock()

    def observe(self, answered: Answered) -> None:
        """Called at the end of each request; touches memory only."""
        now, is_slow = self._now(), answered.milliseconds > SLOW_MS
        method = answered.method if answered.method in METHODS else "OTHER"
        seconds = answered.milliseconds / 1000
        self._metrics.answered(method, answered.route, answered.status, seconds, is_slow=is_slow)
        minute = self._minutes.setdefault(now.replace(second=0, microsecond=0), {})
        timings = minute.setdefault((method, answered.route), Timings())
        timings.add(answered.milliseconds, is_failed=answered.status >= 500)
        if is_slow:
            self._note_slow(answered, now)

    def _note_slow(self, answered: Answered, now: datetime) -> None:
        self._slow_ones += 1
        if self._slow_ones > SLOW_NOTED:
            return
        self._waiting.append(self._slow_document(answered, now))
        extra = {"event": "slow_request", "route": answered.route, "ms": round(answered.milliseconds)}
        log.warning("slow request", extra=extra)

    def _slow_document(self, answered: Answered, now: datetime) -> Document:
        return {
            "_id": ObjectId(),
            "at": now,
            "slot": self._slot,
            "method": answered.method[:10],
            "route": answered.route,
            "status": answered.status,
            "ms": round(answered.milliseconds),
            "request_id": answered.request_id,
            "user_id": answered.user_id,
            "expires_at": now + SLOW_KEPT,
        }

    async def flush(self) -> None:
        """Bring what is new to MongoDB; writing it twice changes nothing, so a failed attempt is simply repeated."""
        async with self._turn:
            self._count_slow_afresh()
            self._forget_oldest()
            current = self._now().replace(second=0, microsecond=0)
            writes = [self._minute_write(minute, routes) for minute, routes in self._minutes.items()]
            if writes:
                await self._times.bulk_write(writes, ordered=False)
            self._minutes = {minute: routes for minute, routes in self._minutes.items() if minute >= current}
            await self._flush_slow()

    async def _flush_slow(self) -> None:
        slow = list(self._waiting)
        if not slow:
            return
        await self._slow.bulk_write([ReplaceOne({"_id": one["_id"]}, one, upsert=True) for one in slow])
        for _ in slow:
            self._waiting.popleft()
        await trim(self._slow, SLOW_AT_MOST)

    def _count_slow_afresh(self) -> None:
        more, self._slow_ones = self._slow_ones - SLOW_NOTED, 0
        if more > 0:
            log.warning("more slow requests than are noted", extra={"event": "slow_requests_more", "count": more})

    def _minute_write(self, minute: datetime, routes: dict[Route, Timings]) -> ReplaceOne[Document]:
        shown = [
            {"method": method, "route": route, **timings.document()} for (method, route), timings in routes.items()
        ]
        document = {"minute": minute, "slot": self._slot, "routes": shown, "expires_at": minute + KEPT}
        return ReplaceOne({"_id": f"{self._instance}:{minute.isoformat()}"}, document, upsert=True)

    def _forget_oldest(self) -> None:
        for minute in sorted(self._minutes)[:-WAITING_MINUTES]:
            del self._minutes[minute]

    async def view(self) -> dict[str, Any]:
        """The last hour of all slots, slowest p95 first, and the newest slow requests."""
        await self.flush()
        since = self._now() - SHOWN
        routes, slots = await self._merged(since)
        slow = await self._slow.find({}, {"expires_at": 0}).sort("at", -1).limit(SLOW_SHOWN).to_list()
        rows = [_row(route, timings) for route, timings in routes.items()]
        return {
            "since": since.isoformat(),
            "slots": sorted(slots),
            "routes": sorted(rows, key=lambda row: -row["p95"]),
            "slow": [_slow_row(document) for document in slow],
        }

    async def _merged(self, since: datetime) -> tuple[dict[Route, Timings], set[str]]:
        routes: dict[Route, Timings] = {}
        slots: set[str] = set()
        async for document in self._times.find({"minute": {"$gte": since}}):
            slots.add(document["slot"])
            for one in document["routes"]:
                routes.setdefault((one["method"], one["route"]), Timings()).merge(timings_from(one))
        return routes, slots


def _row(route: Route, timings: Timings) -> dict[str, Any]:
    shares = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
    figures = {name: round(timings.percentile(share), 1) for name, share in shares.items()}
    method, path = route
    slowest = round(timings.slowest_ms, 1)
    return {
        "method": method, "route": path, "count": timings.total, "failed": timings.failed, "slowest": slowest, **figures
    }  # fmt: skip


def _slow_row(document: Document) -> dict[str, Any]:
    shown = {key: document[key] for key in ("slot", "method", "route", "status", "ms", "request_id", "user_id")}
    return {"id": str(document["_id"]), "at": document["at"].isoformat(), **shown}

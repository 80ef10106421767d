"""Server-side sessions: a random cookie, its hash in MongoDB with an expiry, revocable at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bson import ObjectId

from lager.accounts.model import User, user_from
from lager.accounts.tokens import Tokens
from lager.database import Collection, Database, Document

IDLE = timedelta(days=7)  # a phone that is used once a week stays signed in
LONGEST = timedelta(days=60)
TOUCH = timedelta(minutes=10)  # how exact ``expires_at`` is; saves a write per request


@dataclass(frozen=True)
class Visit:
    """A request of someone signed in. ``session_id`` is the stored hash, not the cookie."""

    user: User
    session_id: str


class Sessions:
    """The store of sessions."""

    def __init__(self, database: Database, tokens: Tokens, now: Callable[[], datetime]) -> None:
        self._sessions: Collection = database["sessions"]
        self._tokens = tokens
        self._now = now

    async def start(self, user: User, replacing: str | None = None) -> str:
        """The token for a new cookie. A session id is never kept across a sign-in (no fixation)."""
        if replacing:
            await self._sessions.delete_one({"_id": self._hashed(replacing)})
        token, now = self._tokens.new(), self._now()
        await self._sessions.insert_one(
            {
                "_id": self._hashed(token),
                "user_id": ObjectId(user.id),
                "created_at": now,
                "touched_at": now,
                "expires_at": now + IDLE,
            }
        )
        return token

    async def visit(self, token: str | None) -> Visit | None:
        """Who comes with this cookie; None when the session is unknown, expired, or its user disabled."""
        if not token:
            return None
        now = self._now()
        session = await self._with_user(self._hashed(token), now)
        if session is None:
            return None
        if now - session["touched_at"] > TOUCH:
            expires_at = min(now + IDLE, session["created_at"] + LONGEST)
            change = {"$set": {"touched_at": now, "expires_at": expires_at}}
            await self._sessions.update_one({"_id": session["_id"]}, change)
        return Visit(user_from(session["user"]), session["_id"])

    async def _with_user(self, session_id: str, now: datetime) -> Document | None:
        """In one question: every request of someone signed in asks it first."""
        active = [{"$match": {"active": True}}, {"$project": {"password": 0}}]
        user = {"from": "users", "localField": "user_id", "foreignField": "_id", "pipeline": active, "as": "user"}
        steps: list[Mapping[str, Any]] = [
            {"$match": {"_id": session_id, "expires_at": {"$gt": now}}},
            {"$lookup": user},
            {"$unwind": "$user"},
        ]
        found = await (await self._sessions.aggregate(steps)).to_list()
        return found[0] if found else None

    async def valid_among(self, session_ids: set[str]) -> set[str]:
        """Those that have not ended."""
        found = self._sessions.find({"_id": {"$in": list(session_ids)}, "expires_at": {"$gt": self._now()}}, ["_id"])
        return {session["_id"] async for session in found}

    async def end(self, token: str | None) -> None:
        if token:
            await self._sessions.delete_one({"_id": self._hashed(token)})

    async def end_all(self, user_id: str, *, keeping: str | None = None) -> int:
        """Sign the user out everywhere; ``keeping`` is a session id that stays."""
        ended = await self._sessions.delete_many({"user_id": ObjectId(user_id), "_id": {"$ne": keeping}})
        return ended.deleted_count

    async def count(self, user_id: str) -> int:
        return await self._sessions.count_documents({"user_id": ObjectId(user_id), "expires_at": {"$gt": self._now()}})

    def _hashed(self, token: str) -> str:
        return self._tokens.hashed("session", token)

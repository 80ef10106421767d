"""Server-side sessions: a random cookie, its hash in MongoDB with an expiry, revocable at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from bson import ObjectId

from lager.accounts.memory import Memory, Noted, Visit
from lager.accounts.model import User, user_from
from lager.accounts.tokens import Tokens
from lager.database import Collection, Database, Document

IDLE = timedelta(days=7)  # a phone that is used once a week stays signed in
LONGEST = timedelta(days=60)
TOUCH = timedelta(minutes=10)  # how exact ``expires_at`` is; saves a write per request


class Sessions:
    """The store of sessions."""

    def __init__(self, database: Database, tokens: Tokens, now: Callable[[], datetime], memory: Memory) -> None:
        self._sessions: Collection = database["sessions"]
        self._tokens = tokens
        self._now = now
        self._memory = memory

    async def start(self, user: User, replacing: str | None = None) -> str:
        """The token for a new cookie. A session id is never kept across a sign-in (no fixation)."""
        await self.end(replacing)
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
        session_id = self._hashed(token)
        return self._memory.recall(session_id, self._now()) or await self._looked_up(session_id)

    async def _looked_up(self, session_id: str) -> Visit | None:
        now, mark = self._now(), self._memory.mark
        session = await self._with_user(session_id, now)
        if session is None:
            return None
        if now - session["touched_at"] > TOUCH:
            session["touched_at"], session["expires_at"] = now, min(now + IDLE, session["created_at"] + LONGEST)
            change = {"$set": {key: session[key] for key in ("touched_at", "expires_at")}}
            await self._sessions.update_one({"_id": session_id}, change)
        visit = Visit(user_from(session["user"]), session_id)
        self._memory.note(Noted(visit, min(session["expires_at"], session["touched_at"] + TOUCH)), mark)
        return visit

    async def _with_user(self, session_id: str, now: datetime) -> Document | None:
        """In one question."""
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
            session_id = self._hashed(token)
            await self._sessions.delete_one({"_id": session_id})
            self._memory.forget(session_id)

    async def end_all(self, user_id: str, *, keeping: str | None = None) -> int:
        """Sign the user out everywhere; ``keeping`` is a session id that stays."""
        ended = await self._sessions.delete_many({"user_id": ObjectId(user_id), "_id": {"$ne": keeping}})
        self._memory.forget_user(user_id)
        return ended.deleted_count

    async def count(self, user_id: str) -> int:
        return await self._sessions.count_documents({"user_id": ObjectId(user_id), "expires_at": {"$gt": self._now()}})

    def _hashed(self, token: str) -> str:
        return self._tokens.hashed("session", token)

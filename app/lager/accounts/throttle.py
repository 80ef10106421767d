"""Throttled sign-in: attempts are counted before the password is looked at, so parallel guesses gain nothing.

Two counters: account + address (someone guesses one password) and address alone (someone tries many accounts). The
account alone is deliberately not counted: anyone could lock a colleague out.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from lager.accounts.tokens import Tokens
from lager.database import Collection, Database, Document
from lager.problems import TooManyAttempts

WINDOW = timedelta(minutes=15)
PER_ACCOUNT = 5
PER_ADDRESS = 40


class Throttle:
    """Counters live in MongoDB: all slots share them, and a restart forgets nothing."""

    def __init__(self, database: Database, tokens: Tokens, now: Callable[[], datetime]) -> None:
        self._attempts: Collection = database["login_attempts"]
        self._tokens = tokens
        self._now = now

    async def count(self, login: str, address: str) -> None:
        """Count an attempt; raises TooManyAttempts when there were too many within the window."""
        for key, limit in ((self._account(login, address), PER_ACCOUNT), (self._address(address), PER_ADDRESS)):
            attempt = await self._increment(key)
            if attempt["count"] > limit:
                seconds = max(1, int((attempt["expires_at"] - self._now()).total_seconds()))
                minutes = max(1, round(seconds / 60))
                wait = "einer Minute" if minutes == 1 else f"{minutes} Minuten"
                raise TooManyAttempts(f"Zu viele Versuche. Bitte in {wait} noch einmal probieren.", seconds)

    async def forget(self, login: str, address: str) -> None:
        """After a successful sign-in."""
        await self._attempts.delete_one({"_id": self._account(login, address)})

    async def _increment(self, key: str) -> Document:
        now = self._now()
        running: dict[str, Any] = {"$gt": ["$expires_at", now]}
        change = {
            "count": {"$cond": [running, {"$add": ["$count", 1]}, 1]},
            "expires_at": {"$cond": [running, "$expires_at", now + WINDOW]},
        }
        for _ in range(3):
            with contextlib.suppress(DuplicateKeyError):  # two first attempts at once: the next turn finds it
                found = await self._attempts.find_one_and_update(
                    {"_id": key}, [{"$set": change}], upsert=True, return_document=ReturnDocument.AFTER
                )
                if found is not None:
                    return found
        raise TooManyAttempts("Zu viele Versuche gleichzeitig. Bitte gleich noch einmal probieren.", 1)

    def _account(self, login: str, address: str) -> str:
        return self._tokens.hashed("attempt", f"{login}|{address}")

    def _address(self, address: str) -> str:
        return self._tokens.hashed("attempt", f"*|{address}")

"""The one document of settings."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from lager.accounts.model import User
from lager.company.model import UNSAVED, CompanyEdit, view
from lager.database import Collection, Database, Document, Session
from lager.live.outbox import Outbox
from lager.problems import Stale


class Company:
    """The store of the settings."""

    def __init__(self, database: Database, outbox: Outbox, now: Callable[[], datetime]) -> None:
        self._database = database
        self._outbox = outbox
        self._settings: Collection = database["settings"]
        self._now = now

    async def get(self) -> Document:
        return await self._settings.find_one({"_id": "company"}) or dict(UNSAVED)

    async def edit(self, edit: CompanyEdit, user: User) -> Document:
        """Save if still at the version that was shown; else Stale with the newer values."""
        fields = {"name": edit.name, "accent": edit.accent.value, "contact": edit.contact}
        change = {
            "$set": {**fields, "updated_at": self._now(), "updated_by": {"id": user.id, "name": user.name}},
            "$inc": {"version": 1},
        }
        shown = {"_id": "company", "version": edit.version}

        async def save(session: Session) -> Document | None:
            saved = await self._settings.find_one_and_update(
                shown, change, upsert=edit.version == 0, session=session, return_document=ReturnDocument.AFTER
            )
            if saved is not None:
                await self._outbox.record(session, "company", view(saved))
            return saved

        try:
            saved = await self._outbox.transaction(save)
        except DuplicateKeyError:
            saved = None
        if saved is None:
            raise Stale("Die Einstellungen wurden inzwischen geändert.", view(await self.get()))
        return saved

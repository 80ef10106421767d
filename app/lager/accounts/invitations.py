"""One-time links: for new users, for the first admin, and for a forgotten password."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bson import ObjectId

from lager.accounts.model import Role, User
from lager.accounts.sessions import Sessions
from lager.accounts.tokens import Tokens
from lager.accounts.users import Users
from lager.database import Collection, Database, Document, object_id
from lager.problems import NotFound

LIFETIME = timedelta(days=3)
USED = "Dieser Link ist abgelaufen oder wurde schon benutzt. Bitte einen neuen anfordern."


@dataclass(frozen=True)
class Invitation:
    """``user_id`` is set when the link resets the password of an existing user."""

    id: str
    role: Role
    name: str
    user_id: str | None
    expires_at: datetime

    def view(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "role": self.role.value,
            "name": self.name,
            "reset": self.user_id is not None,
            "expires_at": self.expires_at.isoformat(),
        }


class Invitations:
    """The store of invitations; a token exists in clear only in the link."""

    def __init__(
        self, database: Database, tokens: Tokens, users: Users, sessions: Sessions, now: Callable[[], datetime]
    ) -> None:
        self._invitations: Collection = database["invitations"]
        self._tokens = tokens
        self._users = users
        self._sessions = sessions
        self._now = now

    async def create(self, role: Role, name: str, *, by: str, user_id: str | None = None) -> str:
        """The path of the link. An earlier reset link for the same user stops working."""
        token = self._tokens.new()
        if user_id:
            await self._invitations.delete_many({"user_id": user_id})
        await self._invitations.insert_one(
            {
                "_id": ObjectId(),
                "token_hash": self._hashed(token),
                "role": role.value,
                "name": name,
                "user_id": user_id,
                "by": by,
                "expires_at": self._now() + LIFETIME,
            }
        )
        return f"/einladung/{token}"

    async def create_for_operator(self) -> str:
        """The link for an admin that the command line prints; replaces the ones it printed before."""
        await self._invitations.delete_many({"by": "operator"})
        return await self.create(Role.ADMIN, "", by="operator")

    async def is_admin_awaited(self) -> bool:
        """Is there an open link with which someone can become admin?"""
        open_link = {"role": Role.ADMIN.value, "user_id": None, "expires_at": {"$gt": self._now()}}
        return await self._invitations.find_one(open_link, ["_id"]) is not None

    async def open(self) -> list[Invitation]:
        found = self._invitations.find({"expires_at": {"$gt": self._now()}}).sort("expires_at", -1)
        return [_invitation(document) async for document in found]

    async def revoke(self, invitation_id: str) -> None:
        await self._invitations.delete_one({"_id": object_id(invitation_id)})

    async def look(self, token: str) -> Invitation:
        """What a link is for, without using it."""
        found = await self._invitations.find_one(self._usable(token))
        if found is None:
            raise NotFound(USED)
        return _invitation(found)

    async def login_of(self, invitation: Invitation) -> str:
        """The log-in name a reset link belongs to; empty for a new user."""
        return (await self._users.get(invitation.user_id)).login if invitation.user_id else ""

    async def accept(self, token: str, login: str, name: str, password: str) -> User:
        """Use the link up. It is claimed first, so it works once; what the user typed wrong gives it back."""
        claimed = await self._invitations.find_one_and_delete(self._usable(token))
        if claimed is None:
            raise NotFound(USED)
        try:
            return await self._use(_invitation(claimed), login, name, password)
        except BaseException:
            await self._invitations.insert_one(claimed)
            raise

    async def _use(self, invitation: Invitation, login: str, name: str, password: str) -> User:
        if invitation.user_id is None:
            return await self._users.create(login, name, invitation.role, password)
        user = await self._users.get(invitation.user_id)
        await self._users.set_password(user, password)
        await self._sessions.end_all(user.id)
        return user

    def _usable(self, token: str) -> Document:
        return {"token_hash": self._hashed(token), "expires_at": {"$gt": self._now()}}

    def _hashed(self, token: str) -> str:
        return self._tokens.hashed("invitation", token)


def _invitation(document: Document) -> Invitation:
    return Invitation(
        id=str(document["_id"]),
        role=Role(document["role"]),
        name=document["name"],
        user_id=document["user_id"],
        expires_at=document["expires_at"],
    )

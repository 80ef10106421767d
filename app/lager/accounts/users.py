"""Users in MongoDB: sign-in, roles, disabling; at least one active admin always remains."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from bson import ObjectId
from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from lager.accounts.memory import Memory
from lager.accounts.model import Role, User, user_from
from lager.accounts.passwords import Passwords, check_strength
from lager.database import Collection, Database, Document, Session, in_transaction, lock, object_id
from lager.problems import BadFields, Conflict, NotFound, Stale

GONE = "Dieses Benutzerkonto gibt es nicht (mehr)."
LOGIN = re.compile(r"[\w.@+-]{2,80}")


def login_key(login: str) -> str:
    """Log-in names differ in more than case."""
    return login.strip().casefold()


class Users:
    """The store of users."""

    def __init__(self, database: Database, passwords: Passwords, now: Callable[[], datetime], memory: Memory) -> None:
        self._database = database
        self._users: Collection = database["users"]
        self._passwords = passwords
        self._now = now
        self._memory = memory

    async def all(self) -> list[User]:
        found = await self._users.find({}, {"password": 0}).sort("login_key").to_list()
        return [user_from(document) for document in found]

    async def get(self, user_id: str) -> User:
        found = await self._users.find_one({"_id": object_id(user_id)}, {"password": 0})
        if found is None:
            raise NotFound(GONE)
        return user_from(found)

    async def named(self, login: str) -> User | None:
        found = await self._users.find_one({"login_key": login_key(login)}, {"password": 0})
        return user_from(found) if found else None

    async def has_admin(self) -> bool:
        return await self._users.find_one({"role": Role.ADMIN.value, "active": True}, ["_id"]) is not None

    async def signed_in(self, login: str, password: str) -> User | None:
        """The user if the password is right and the account active; hashes made with older settings are renewed."""
        found = await self._users.find_one({"login_key": login_key(login)})
        stored = found["password"] if found and found["active"] else None
        if not await self._passwords.matches(stored, password) or found is None:
            return None
        change: Document = {"last_sign_in": self._now()}
        if self._passwords.is_outdated(found["password"]):
            change["password"] = await self._passwords.hash(password)
        await self._users.update_one({"_id": found["_id"]}, {"$set": change})
        return user_from(found | change)

    async def knows_password(self, user: User, password: str) -> bool:
        found = await self._users.find_one({"_id": ObjectId(user.id)}, ["password"])
        return await self._passwords.matches(found["password"] if found else None, password)

    async def create(self, login: str, name: str, role: Role, password: str) -> User:
        if not LOGIN.fullmatch(login):
            raise BadFields({"login": "2 bis 80 Zeichen: Buchstaben, Ziffern und . _ - + @"})
        check_strength(password, login=login)
        document: Document = {
            "_id": ObjectId(),
            "login": login,
            "login_key": login_key(login),
            "name": name or login,
            "role": role.value,
            "active": True,
            "password": await self._passwords.hash(password),
            "version": 1,
            "created_at": self._now(),
        }
        try:
            await self._users.insert_one(document)
        except DuplicateKeyError as exc:
            raise BadFields({"login": "Diesen Anmeldenamen gibt es schon. Bitte einen anderen wählen."}) from exc
        return user_from(document)

    async def set_password(self, user: User, password: str, *, field: str = "password") -> None:
        check_strength(password, login=user.login, field=field)
        change = {"$set": {"password": await self._passwords.hash(password)}}
        await self._users.update_one({"_id": ObjectId(user.id)}, change)

    async def rename(self, user: User, name: str) -> User:
        change = {"$set": {"name": name}, "$inc": {"version": 1}}
        found = await self._users.find_one_and_update(
            {"_id": ObjectId(user.id)}, change, return_document=ReturnDocument.AFTER
        )
        self._memory.forget_user(user.id)
        if found is None:
            raise NotFound(GONE)
        return user_from(found)

    async def edit(self, user_id: str, version: int, name: str, role: Role, is_active: bool) -> User:
        """Change name, role, or whether the account is active."""

        async def change(session: Session) -> User:
            await lock(self._database, "admins", session)
            fields: dict[str, Any] = {"name": name, "role": role.value, "active": is_active}
            saved = await self._users.find_one_and_update(
                {"_id": object_id(user_id), "version": version},
                {"$set": fields, "$inc": {"version": 1}},
                session=session,
                return_document=ReturnDocument.AFTER,
            )
            if saved is None:
                current = await self.get(user_id)
                raise Stale("Dieses Konto wurde inzwischen geändert. Die Liste wurde neu geladen.", current.view())
            await self._check_an_admin_remains(session)
            return user_from(saved)

        try:
            return await in_transaction(self._database, change)
        finally:
            self._memory.forget_user(user_id)

    async def _check_an_admin_remains(self, session: Session) -> None:
        active_admin = {"role": Role.ADMIN.value, "active": True}
        if await self._users.find_one(active_admin, ["_id"], session=session) is None:
            raise Conflict("Das ist der letzte aktive Administrator. Bitte zuerst einen anderen ernennen.")

"""Users and roles as the rest of the app sees them. The password hash stays inside ``accounts.users``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from lager.database import Document


class Role(StrEnum):
    """Each role may do what the ones below it may."""

    ADMIN = "admin"
    STORE = "lager"
    READ = "lesen"

    def covers(self, needed: Role) -> bool:
        return _RANK[self] >= _RANK[needed]


_RANK = {Role.READ: 0, Role.STORE: 1, Role.ADMIN: 2}


@dataclass(frozen=True)
class User:
    """``id`` is the text of the ObjectId."""

    id: str
    login: str
    name: str
    role: Role
    is_active: bool
    version: int
    last_sign_in: datetime | None

    def view(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "login": self.login,
            "name": self.name,
            "role": self.role.value,
            "active": self.is_active,
            "version": self.version,
            "last_sign_in": self.last_sign_in.isoformat() if self.last_sign_in else None,
        }


def user_from(document: Document) -> User:
    return User(
        id=str(document["_id"]),
        login=document["login"],
        name=document["name"],
        role=Role(document["role"]),
        is_active=document["active"],
        version=document["version"],
        last_sign_in=document.get("last_sign_in"),
    )

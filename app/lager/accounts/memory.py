"""Visits that need not be looked up again, as long as somebody tells what ends them (docs/adr/0062)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from lager.accounts.model import User

AT_MOST = 2_000  # visits; who comes then pushes out who was noted first


@dataclass(frozen=True)
class Visit:
    """A request of someone signed in. ``session_id`` is the stored hash, not the cookie."""

    user: User
    session_id: str


@dataclass(frozen=True)
class Noted:
    """``until``: from then on the session has to be looked up again, however quiet it was."""

    visit: Visit
    until: datetime


class Memory:
    """``is_told``: the ends of sessions and changes of users arrive here; without that nothing is remembered."""

    def __init__(self, is_told: Callable[[], bool]) -> None:
        self._is_told = is_told
        self._noted: dict[str, Noted] = {}
        self._forgotten = 0

    def recall(self, session_id: str, now: datetime) -> Visit | None:
        noted = self._noted.get(session_id)
        return noted.visit if noted and now < noted.until and self._is_told() else None

    @property
    def mark(self) -> int:
        """To be taken before a session is looked up: what is forgotten meanwhile makes the answer worthless."""
        return self._forgotten

    def note(self, noted: Noted, mark: int) -> None:
        if mark != self._forgotten or not self._is_told():
            return
        if len(self._noted) >= AT_MOST:
            del self._noted[next(iter(self._noted))]
        self._noted[noted.visit.session_id] = noted

    def forget(self, session_id: str) -> None:
        self._forgotten += 1
        self._noted.pop(session_id, None)

    def forget_user(self, user_id: str) -> None:
        self._forgotten += 1
        self._noted = {key: one for key, one in self._noted.items() if one.visit.user.id != user_id}

    def forget_all(self) -> None:
        self._forgotten += 1
        self._noted.clear()

"""The parts of real time in this process, put together and watched over."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Protocol

from lager.accounts.memory import Memory
from lager.database import Database
from lager.live.events import EventLog
from lager.live.feed import Feed
from lager.live.numbering import Numbering
from lager.live.presence import Presence
from lager.live.tail import Hearers, Tail
from lager.supervision import Supervised

TRUST = 2.0  # seconds without an answer from the stream (one a second at least) until sessions are looked up again
GRACE = 4.0  # seconds without the stream until clients are sent away: a restart of mongod passes sooner
LOOK = 0.5


class Audience(Protocol):
    """The clients of this slot (``web.live_sockets``)."""

    def session_ended(self, session_id: str) -> None: ...
    async def check_sessions(self) -> None: ...
    async def tell_names(self, page: str, names: list[str]) -> None: ...
    def send_away(self) -> None: ...


class Live:
    """``is_on``: events arrive here, so that clients may be told they are live."""

    def __init__(self, database: Database, instance: str, now: Callable[[], datetime], memory: Memory) -> None:
        self._memory = memory
        self.events = EventLog(database)
        self.feed = Feed(self.events)
        self.numbering = Numbering(database, instance)
        self.presence = Presence(database, instance, now)
        hearers = Hearers(
            presence=self.presence.wake,
            session_ended=self._session_ended,
            user_changed=memory.forget_user,
            afresh=self._afresh,
        )
        self.tail = Tail(database, self.events, self.feed, hearers)
        self.parts = (
            Supervised("tail", self.tail.run),
            Supervised("numbering", self.numbering.run),
            Supervised("presence", self.presence.run),
            Supervised("sessions", self._check_sessions),
            Supervised("watch", self._watch),
        )
        self._audience: Audience | None = None
        self._sessions_unsure = asyncio.Event()

    def attach(self, audience: Audience) -> None:
        self._audience = audience
        self.presence.tell = audience.tell_names

    def start(self) -> None:
        for part in self.parts:
            part.start()

    async def stop(self) -> None:
        await asyncio.gather(*(part.stop() for part in self.parts))
        await self.presence.leave_all()

    @property
    def is_on(self) -> bool:
        return self._heard_within(GRACE)

    @property
    def is_told(self) -> bool:
        """What ends a session, or changes a user, is heard of here."""
        return self._heard_within(TRUST)

    def _heard_within(self, seconds: float) -> bool:
        return self.feed.epoch is not None and self.tail.silent_seconds < seconds

    @property
    def position(self) -> dict[str, Any] | None:
        """What a page that loads its data from now on knows already."""
        return {"epoch": self.feed.epoch, "seq": self.feed.newest} if self.feed.epoch else None

    def troubles(self) -> Iterable[str]:
        """German sentences about what does not work at the moment."""
        for part in self.parts:
            if not part.is_running:
                yield f"{part.name} läuft gerade nicht ({part.error}; {part.restarts} Neustarts)."
        if self.feed.epoch is None:
            yield "Die Live-Aktualisierung beginnt gerade."
        elif self.tail.silent_seconds >= GRACE:
            yield f"Seit {self.tail.silent_seconds:.0f} s kommen keine Änderungen an."

    def _session_ended(self, session_id: str) -> None:
        self._memory.forget(session_id)
        if self._audience:
            self._audience.session_ended(session_id)

    def _afresh(self) -> None:
        self._memory.forget_all()
        self.numbering.wake()
        self.presence.wake()
        self._sessions_unsure.set()

    async def _check_sessions(self) -> None:
        while True:
            await self._sessions_unsure.wait()
            self._sessions_unsure.clear()
            if self._audience:
                await self._audience.check_sessions()

    async def _watch(self) -> None:
        """Clients of a slot that hears nothing would believe they are live."""
        while True:
            if not self.is_on and self._audience:
                self._audience.send_away()
            await asyncio.sleep(LOOK)

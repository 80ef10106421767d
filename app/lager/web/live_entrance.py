"""Who gets a socket: a page of ours with a valid session, while events arrive here."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator

from pymongo.errors import PyMongoError
from starlette.requests import HTTPConnection
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from lager.accounts.memory import Visit
from lager.services import Services
from lager.watch.security import Severity
from lager.web.access import visit_of
from lager.web.addresses import client_address
from lager.web.errors import error_json
from lager.web.live_wire import Code, Wire

WIRE = "lager.wire"  # in the scope, for who accepts the connection behind this
PER_SESSION = 64  # sockets; a browser has one per tab
HELLO_SECONDS = 10.0  # until the client has to have said that it speaks Socket.IO

Engine = Callable[[Scope, Receive, Send], Awaitable[None]]


class Refused(Exception):
    """The answer to the handshake. (Browsers show it to nobody; the page asks /api/account when it gets no socket.)"""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Entrance:
    """An ASGI application in front of Engine.IO; knows every open wire."""

    def __init__(self, services: Services, engine: Engine) -> None:
        self._services = services
        self._engine = engine
        self.wires: set[Wire] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            visit = await self._admitted(HTTPConnection(scope))
        except Refused as exc:
            await WebSocket(scope, receive, send).send_denial_response(error_json(str(exc), exc.status))
            return
        wire = Wire(visit, receive, send)
        with self._kept(wire):
            await self._engine({**scope, WIRE: wire}, wire.receive, wire.send)
            with contextlib.suppress(Exception):  # whoever is gone cannot be told
                await wire.close()

    def of_session(self, session_id: str) -> list[Wire]:
        return [wire for wire in self.wires if wire.visit.session_id == session_id]

    async def _admitted(self, connection: HTTPConnection) -> Visit:
        """Raises Refused."""
        if connection.headers.get("origin", "").lower() != self._services.settings.public_origin:
            address = client_address(connection, self._services.settings.proxy_hops)
            path = connection.url.path[:200]
            self._services.security.record("cross_site_refused", Severity.HIGH, address=address, path=path)
            raise Refused(403, "Verbindungen von fremden Seiten sind nicht erlaubt.")
        if self._services.lifecycle.is_draining or not self._services.live.is_on:
            raise Refused(503, "Die Live-Aktualisierung ist hier gerade nicht bereit.")
        try:
            visit = await visit_of(connection, self._services)
        except PyMongoError as exc:
            raise Refused(503, "Die Datenbank ist gerade nicht erreichbar.") from exc
        if visit is None:
            raise Refused(401, "Bitte melden Sie sich an.")
        if len(self.of_session(visit.session_id)) >= PER_SESSION:
            raise Refused(429, f"Zu viele offene Verbindungen; erlaubt sind {PER_SESSION} je Anmeldung.")
        return visit

    @contextlib.contextmanager
    def _kept(self, wire: Wire) -> Iterator[None]:
        def cut_if_silent() -> None:
            if not wire.is_greeted:
                wire.cut(Code.TOO_SLOW)

        self.wires.add(wire)
        timer = asyncio.get_running_loop().call_later(HELLO_SECONDS, cut_if_silent)
        try:
            yield
        finally:
            timer.cancel()
            self.wires.discard(wire)

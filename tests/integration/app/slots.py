"""Real slots (uvicorn on a port, in this process) and real devices (the Socket.IO client, as the page uses it)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import socketio
import uvicorn
import websockets
from lager.accounts.model import User
from lager.accounts.passwords import Passwords
from lager.application import create_app
from lager.server import server_for
from lager.services import Services, build_services
from lager.settings import Settings
from lager.web.live_sockets import Sockets

from tests.integration.app.mongod import free_port
from tests.integration.app.people import ORIGIN

PATIENCE = 30.0  # a deadline on a busy machine, never what something is expected to take
COOKIE = "lager"


@dataclass
class Slot:
    services: Services
    server: uvicorn.Server
    port: int
    serving: asyncio.Task[None]

    @property
    def sockets(self) -> Sockets:
        found: Sockets = self.server.config.app.state.sockets  # type: ignore[union-attr]
        return found

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def live_part(self, name: str) -> Any:
        return next(part for part in self.services.live.parts if part.name == name)

    async def stop(self) -> None:
        self.server.should_exit = True
        await self.serving


@asynccontextmanager
async def slot(settings: Settings, passwords: Passwords, port: int | None = None) -> AsyncIterator[Slot]:
    """A slot that is ready, its live updates too."""
    own = Settings(**{**vars(settings), "host": "127.0.0.1", "port": port or free_port()})
    services = build_services(own, passwords=passwords)
    server = server_for(create_app(own, services), services)
    running = Slot(services, server, own.port, asyncio.create_task(server._serve()))
    try:
        await until(lambda: server.started and services.lifecycle.is_prepared and services.live.is_on)
        yield running
    finally:
        await running.stop()


async def until(happened: Callable[[], Any], patience: float = PATIENCE) -> None:
    async with asyncio.timeout(patience):
        while not happened():
            await asyncio.sleep(0.01)


async def session_of(services: Services, user: User) -> str:
    return await services.sessions.start(user)


def raw(at: Slot, headers: dict[str, str]) -> websockets.connect:
    """A WebSocket without Socket.IO."""
    address = f"ws://127.0.0.1:{at.port}/api/live/?EIO=4&transport=websocket"
    origin = websockets.Origin(headers["Origin"]) if "Origin" in headers else None
    others = {name: value for name, value in headers.items() if name != "Origin"}
    return websockets.connect(address, origin=origin, additional_headers=others, proxy=None)


async def refusal(at: Slot, headers: dict[str, str]) -> int:
    try:
        async with raw(at, headers):
            return 101
    except websockets.InvalidStatus as exc:
        return exc.response.status_code


@dataclass
class Device:
    """Somebody's browser: keeps what it was told, comes back by itself with the number it knows."""

    token: str
    origin: str = ORIGIN
    events: list[dict[str, Any]] = field(default_factory=list)
    names: list[list[str]] = field(default_factory=list)
    resets: int = 0
    epoch: str | None = None
    seq: int = 0
    confirms: asyncio.Event = field(default_factory=asyncio.Event)
    client: Any = None

    def __post_init__(self) -> None:
        self.confirms.set()
        self.http = aiohttp.ClientSession()
        self.client = socketio.AsyncClient(
            http_session=self.http,
            reconnection_delay=0.1,
            reconnection_delay_max=0.5,
            handle_sigint=False,
            randomization_factor=0.5,
        )
        self.client.on("position", self._position)
        self.client.on("events", self._events)
        self.client.on("present", self._present)

    async def connect(self, at: Slot | Callable[[], Slot]) -> None:
        found = (lambda: at) if isinstance(at, Slot) else at
        await self.client.connect(
            lambda: found().url,
            headers=lambda: {"Origin": self.origin, "Cookie": f"{COOKIE}={self.token}"},  # the client empties it
            auth=self._known,
            transports=["websocket"],
            socketio_path="/api/live/",
            wait_timeout=10,
            retry=False,
        )

    async def leave(self) -> None:
        await self.client.disconnect()
        await self.client.shutdown()
        await self.http.close()

    @property
    def seqs(self) -> list[int]:
        return [event["seq"] for event in self.events]

    def _known(self) -> dict[str, Any]:
        return {"epoch": self.epoch, "seq": self.seq}

    async def _position(self, position: dict[str, Any]) -> None:
        if position["reset"]:
            self.resets += 1
            self.epoch, self.seq = position["epoch"], position["seq"]

    async def _events(self, batch: dict[str, Any]) -> None:
        """Returning is the confirmation."""
        await self.confirms.wait()
        for event in batch["events"]:
            if event["seq"] > self.seq:
                self.seq = event["seq"]
                self.events.append(event)

    async def _present(self, told: dict[str, Any]) -> None:
        self.names.append(told["names"])

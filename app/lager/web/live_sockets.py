"""Socket.IO: every page gets each event once, in order, at the pace at which it confirms them.

    client → server   connect {epoch, seq}           what the page knows already
                      watch {kind, id} | null        the thing it shows
    server → client   position {epoch, seq, reset}   it goes on from here; reset: load everything afresh
                      events {epoch, events: […]}    now and then with the wish to be confirmed
                      present {kind, id, names}      who else looks at the thing

Every UNCONFIRMED events a client has to say that it is still with us before it gets more. A slow one therefore costs
little memory and gets larger batches; one that confirms nothing is cut, and comes back with the number it knows.
(Confirming each batch would cost more than sending it: with 500 clients that was half of the time.)
"""

from __future__ import annotations

import asyncio
import logging
import re
from dataclasses import dataclass, field
from typing import Any

import socketio  # type: ignore[import-untyped]

from lager.live.live import Live
from lager.services import Services
from lager.web.live_entrance import WIRE, Entrance
from lager.web.live_wire import Code, Wire

BATCH = 200  # events
UNCONFIRMED = 100  # events
CATCH_UP_MAX = 10_000  # events; for more, loading afresh is quicker
CONFIRM_SECONDS = 10.0
PING_SECONDS = 10.0  # a cut network is noticed after this plus PONG_SECONDS, on both sides
PONG_SECONDS = 5.0
MESSAGE_MAX = 8 * 1024  # bytes from a client
WATCH_PAUSE = 0.2  # seconds between two changes of the watched thing

_KIND = re.compile(r"[a-z]{1,20}")
_ID = re.compile(r"[0-9a-f]{24}")

log = logging.getLogger("lager.live")


class TextPacket(socketio.packet.Packet):  # type: ignore[misc]
    """Our packets hold no bytes; searching each for some took a third of the time that sending it takes."""

    uses_binary_events = False


@dataclass
class Client:
    """A page. ``epoch`` and ``seq`` are what it has been sent; ``wish`` the thing it wants to watch."""

    sid: str
    wire: Wire
    epoch: str | None
    seq: int
    unconfirmed: int = 0
    wish: str | None = None
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    watching: asyncio.Task[None] | None = None


class Sockets:
    """All pages of this slot; the audience of ``live``."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._live: Live = services.live
        self._clients: dict[str, Client] = {}
        self._server = socketio.AsyncServer(
            async_mode="asgi",
            transports=["websocket"],
            cors_allowed_origins=[],  # the entrance has checked it
            always_connect=True,
            serializer=TextPacket,
            ping_interval=PING_SECONDS,
            ping_timeout=PONG_SECONDS,
            max_http_buffer_size=MESSAGE_MAX,
            logger=logging.getLogger("socketio"),
            engineio_logger=logging.getLogger("engineio"),
        )
        self._server.on("connect", self._connected)
        self._server.on("watch", self._wished)
        self._server.on("disconnect", self._disconnected)
        self.entrance = Entrance(services, self._server.handle_request)
        self._live.attach(self)

    def __len__(self) -> int:
        return len(self._clients)

    def session_ended(self, session_id: str) -> None:
        for wire in self.entrance.of_session(session_id):
            wire.cut(Code.SIGNED_OUT)

    async def check_sessions(self) -> None:
        used = {wire.visit.session_id for wire in self.entrance.wires}
        for session_id in used - await self._services.sessions.valid_among(used):
            self.session_ended(session_id)

    def send_away(self) -> None:
        """Another slot may be live; and if none is, the page shall say so."""
        self._cut_all(Code.TRY_AGAIN_LATER)

    def drain(self) -> int:
        """The gate sends nobody here any more: clients find the other slot. How many there were."""
        return self._cut_all(Code.SERVICE_RESTART)

    async def close(self) -> None:
        """The process ends."""
        self.drain()
        await self._server.shutdown()

    async def tell_names(self, page: str, names: list[str]) -> None:
        client = self._clients.get(page)
        if client and client.wish:
            kind, _, thing = client.wish.partition(":")
            await self._server.emit("present", {"kind": kind, "id": thing, "names": names}, to=page)

    def _cut_all(self, code: Code) -> int:
        for wire in self.entrance.wires:
            wire.cut(code)
        return len(self.entrance.wires)

    async def _connected(self, sid: str, environ: dict[str, Any], known: Any) -> None:
        wire: Wire = environ["asgi.scope"][WIRE]
        wire.is_greeted = True
        epoch, seq = _position(known)
        self._clients[sid] = client = Client(sid, wire, epoch, seq)
        client.tasks.add(asyncio.create_task(self._serve(client)))

    async def _disconnected(self, sid: str, reason: str) -> None:
        client = self._clients.pop(sid, None)
        if client:
            for task in client.tasks:
                task.cancel()
            await self._live.presence.leave(sid)

    async def _serve(self, client: Client) -> None:
        try:
            await self._greet(client)
            while True:
                await self._send_next(client)
        except socketio.exceptions.TimeoutError:
            log.info("slow client dropped", extra={"event": "live_too_slow", "user": client.wire.visit.user.id})
            client.wire.cut(Code.TOO_SLOW)
        except Exception:
            log.exception("client dropped", extra={"event": "live_client_failed"})
            client.wire.cut(Code.TRY_AGAIN_LATER)

    async def _greet(self, client: Client) -> None:
        missing = self._live.feed.newest - client.seq
        goes_on = client.epoch == self._live.feed.epoch and 0 <= missing <= CATCH_UP_MAX
        if not goes_on:
            await self._reset(client)
        else:
            await self._tell_position(client, reset=False)

    async def _reset(self, client: Client) -> None:
        client.epoch, client.seq = self._live.feed.epoch, self._live.feed.newest
        await self._tell_position(client, reset=True)

    async def _tell_position(self, client: Client, *, reset: bool) -> None:
        position = {"epoch": client.epoch, "seq": client.seq, "reset": reset}
        await self._server.emit("position", position, to=client.sid)

    async def _send_next(self, client: Client) -> None:
        feed = self._live.feed
        await feed.beyond(client.epoch, client.seq)
        events = await feed.after(client.seq, BATCH) if client.epoch == feed.epoch else None
        if events is None:
            return await self._reset(client)
        await self._send(client, {"epoch": client.epoch, "events": [event.view() for event in events]})
        client.seq = events[-1].seq
        return None

    async def _send(self, client: Client, batch: dict[str, Any]) -> None:
        """Raises socketio's TimeoutError when a confirmation is due and does not come."""
        client.unconfirmed += len(batch["events"])
        if client.unconfirmed < UNCONFIRMED:
            await self._server.emit("events", batch, to=client.sid)
        else:
            await self._server.call("events", batch, to=client.sid, timeout=CONFIRM_SECONDS)
            client.unconfirmed = 0

    async def _wished(self, sid: str, *words: Any) -> None:
        """The last wish counts, and a client that wishes all the time is served at our pace."""
        client = self._clients.get(sid)
        if client is None:
            return
        client.wish = _thing(words[0] if words else None)
        if client.watching is None or client.watching.done():
            client.watching = asyncio.create_task(self._watch(client))
            client.tasks.add(client.watching)
            client.watching.add_done_callback(client.tasks.discard)

    async def _watch(self, client: Client) -> None:
        watched: str | None = ""
        while watched != client.wish:
            watched = client.wish
            if watched is None:
                await self._live.presence.leave(client.sid)
            else:
                await self._live.presence.watch(client.sid, client.wire.visit.user, watched)
            await asyncio.sleep(WATCH_PAUSE)


def _position(known: Any) -> tuple[str | None, int]:
    """What a client says it knows; whatever makes no sense counts as nothing."""
    epoch, seq = (known.get("epoch"), known.get("seq")) if isinstance(known, dict) else (None, None)
    return (epoch, seq) if isinstance(epoch, str) and type(seq) is int and seq >= 0 else (None, 0)


def _thing(wanted: Any) -> str | None:
    kind, thing = (wanted.get("kind"), wanted.get("id")) if isinstance(wanted, dict) else (None, None)
    is_one = isinstance(kind, str) and isinstance(thing, str) and _KIND.fullmatch(kind) and _ID.fullmatch(thing)
    return f"{kind}:{thing}" if is_one else None

"""One WebSocket as Engine.IO uses it, which can be cut from outside with a code of our choice."""

from __future__ import annotations

import asyncio
from enum import IntEnum

from starlette.types import Message, Receive, Send

from lager.accounts.memory import Visit

SEND_SECONDS = 10.0  # a peer that takes nothing for so long is gone


class Code(IntEnum):
    """Why a socket was closed (RFC 6455, 7.4). Clients come back at once after any of them."""

    SERVICE_RESTART = 1012
    TRY_AGAIN_LATER = 1013
    SIGNED_OUT = 4401
    TOO_SLOW = 4408


class Wire:
    """``visit`` is who came with the handshake; ``is_greeted``: it speaks Socket.IO."""

    def __init__(self, visit: Visit, receive: Receive, send: Send) -> None:
        self.visit = visit
        self.is_greeted = False
        self.code: Code | None = None
        self._receive = receive
        self._send = send
        self._patience: asyncio.Timeout | None = None

    def cut(self, code: Code) -> None:
        """Engine.IO sees a closed connection at once."""
        if self.code is None:
            self.code = code
            if self._patience:
                self._patience.reschedule(asyncio.get_running_loop().time())

    async def receive(self) -> Message:
        if self.code is None:
            try:
                async with asyncio.timeout(None) as self._patience:
                    return await self._receive()
            except TimeoutError:
                pass
            finally:
                self._patience = None
        return {"type": "websocket.disconnect", "code": self.code}

    async def send(self, message: Message) -> None:
        """Raises TimeoutError when the peer takes nothing."""
        if self.code is None:
            async with asyncio.timeout(SEND_SECONDS):
                await self._send(message)

    async def close(self) -> None:
        """The last word, after Engine.IO is done with it."""
        if self.code is not None:
            async with asyncio.timeout(1):
                await self._send({"type": "websocket.close", "code": self.code})

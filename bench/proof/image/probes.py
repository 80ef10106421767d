"""The Lager app with doors for what it has no use for yet: an answer that takes its time, an upload, a stream of
events; and, as `migrate`, a migration that old code does not mind.

Runs in the app's container in place of `lager`. PROBE_FAULT_AFTER: a release that seems fine and, so many seconds after
its start, answers one kind of read with 500 (0 = never).
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import sys
import time
from collections.abc import AsyncIterator

from lager import application, cli, server
from lager.database import open_client
from lager.services import Lifecycle, Services
from lager.settings import Settings, read_settings
from lager.web.live_routes import DRAIN
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

BORN = time.monotonic()
FAULT_AFTER = float(os.environ.get("PROBE_FAULT_AFTER", "0"))
FAULTY_PATH = "/api/articles/"
EVENT_SECONDS = 0.25
LONGEST_WAIT = 10.0
LEAVING = asyncio.Event()


async def wait(request: Request) -> Response:
    seconds = min(float(request.query_params.get("seconds", "3")), LONGEST_WAIT)
    await asyncio.sleep(seconds)
    return JSONResponse({"waited": seconds})


async def upload(request: Request) -> Response:
    digest = hashlib.sha256()
    async for piece in request.stream():
        digest.update(piece)
    return JSONResponse({"sha256": digest.hexdigest()})


async def events(request: Request) -> Response:
    return StreamingResponse(_events(request.app.state.services.lifecycle), media_type="text/event-stream")


async def _events(lifecycle: Lifecycle) -> AsyncIterator[str]:
    """Ends as soon as the slot leaves or the process is asked to stop: clients come again, to another slot."""
    number = 0
    while not (LEAVING.is_set() or lifecycle.is_draining):
        yield f"id: {number}\ndata: {lifecycle.instance}\n\n"
        number += 1
        await asyncio.sleep(EVENT_SECONDS)


class Farewell:
    """Hears what the app is told by its policy's drain_path, and lets it pass."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (scope["method"], scope["path"]) == ("POST", DRAIN):
            LEAVING.set()
        await self.app(scope, receive, send)


class LateFault:
    """Answers 500 where a release that is broken in part would."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        about_it = scope["type"] == "http" and scope["path"].startswith(FAULTY_PATH)
        broken = about_it and time.monotonic() - BORN > FAULT_AFTER
        await (JSONResponse({"error": "kaputt"}, 500) if broken else self.app)(scope, receive, send)


def with_probes(settings: Settings, services: Services | None = None) -> Starlette:
    app = application.create_app(settings, services)
    app.router.routes[:0] = [
        Route("/probe/wait", wait, methods=["GET"]),
        Route("/probe/upload", upload, methods=["PUT"]),
        Route("/probe/events", events, methods=["GET"]),
    ]
    app.add_middleware(Farewell)
    if FAULT_AFTER:
        app.add_middleware(LateFault)
    return app


async def migrate(settings: Settings) -> None:
    """Gives every article one field more."""
    client = open_client(str(settings.mongodb_uri))
    await client[settings.database]["articles"].update_many({}, {"$set": {"probed": settings.version}})
    await client.close()


if __name__ == "__main__":
    if sys.argv[1:] == ["migrate"]:
        sys.exit(asyncio.run(migrate(read_settings())))
    server.create_app = with_probes
    sys.exit(cli.main())

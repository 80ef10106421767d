"""The ASGI application, put together from lists."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

from pymongo.errors import PyMongoError
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Route, WebSocketRoute

from lager import schema
from lager.services import Services, build_services
from lager.settings import Settings
from lager.watch.keeping import kept
from lager.web import (
    account_routes,
    booking_routes,
    live_routes,
    store_routes,
    system_routes,
    update_routes,
    watch_routes,
)
from lager.web.errors import EXCEPTION_HANDLERS
from lager.web.frontend import frontend
from lager.web.live_sockets import Sockets
from lager.web.middleware import CrossSiteGuard, RequestLog, SecurityHeaders

log = logging.getLogger("lager.application")

BODY_MAX = 1024 * 1024
PREPARE_AGAIN = 0.5  # seconds between attempts while mongod is away


def create_app(settings: Settings, services: Services | None = None) -> Starlette:
    """The app for these settings. It starts at once; health says when the database is ready."""
    built = services or build_services(settings)
    sockets = Sockets(built)
    app = Starlette(
        routes=[
            *system_routes.ROUTES,
            *account_routes.ROUTES,
            *store_routes.ROUTES,
            *booking_routes.ROUTES,
            *update_routes.ROUTES,
            *watch_routes.ROUTES,
            *live_routes.ROUTES,
            WebSocketRoute(live_routes.SOCKETS, sockets.entrance),
            Route("/{path:path}", frontend(settings.frontend), methods=["GET"]),
        ],
        middleware=[
            Middleware(SecurityHeaders, settings=settings),
            Middleware(RequestLog, lifecycle=built.lifecycle, performance=built.performance),
            Middleware(CrossSiteGuard, settings=settings, security=built.security, besides=live_routes.DRAIN),
        ],
        exception_handlers=EXCEPTION_HANDLERS,
        lifespan=while_serving,
        max_body_size=BODY_MAX,
    )
    app.state.services = built
    app.state.sockets = sockets
    return app


@contextlib.asynccontextmanager
async def while_serving(app: Starlette) -> AsyncIterator[None]:
    """The database is prepared beside the first requests, which health refuses until then."""
    services: Services = app.state.services
    async with contextlib.AsyncExitStack() as ending:  # the last one first, also when the start fails
        ending.push_async_callback(services.close)
        ending.enter_context(services.metrics.served(services.settings.host, services.settings.metrics_port))
        await ending.enter_async_context(kept(services.performance, services.security))
        for part in (services.abandoned.part, services.sealing.part, services.live):
            ending.push_async_callback(part.stop)
        ending.push_async_callback(app.state.sockets.close)
        ending.push_async_callback(_ended, asyncio.create_task(prepare_database(services)))
        yield


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def prepare_database(services: Services) -> None:
    """Indexes and migrations as soon as mongod is there, then what goes on beside requests; health waits for it."""
    while not services.lifecycle.is_prepared:
        try:
            await schema.prepare(services.database)
            services.lifecycle.is_prepared = True
            services.live.start()
            services.sealing.part.start()
            services.abandoned.part.start()
        except PyMongoError as exc:
            log.warning("database not ready", extra={"event": "database_not_ready", "kind": type(exc).__name__})
            await asyncio.sleep(PREPARE_AGAIN)
    log.info("ready", extra={"event": "ready"})
    try:
        await schema.refresh_search(services.database)
    except PyMongoError:
        log.exception("search fields not refreshed; the next start goes on", extra={"event": "search_not_refreshed"})

"""The task beside the requests that brings what was observed to MongoDB."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from pymongo.errors import PyMongoError

from lager.watch.performance import Performance
from lager.watch.security import SecurityEvents

log = logging.getLogger("lager.watch")

EVERY = 5.0  # seconds
LAST_TIME = 1.0  # seconds that a stop waits for MongoDB


@asynccontextmanager
async def kept(performance: Performance, security: SecurityEvents) -> AsyncIterator[None]:
    """While the app serves; what is not written yet is written at the end."""
    task = asyncio.create_task(_keep(performance, security))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST_TIME):
                await _once(performance, security)


async def _keep(performance: Performance, security: SecurityEvents) -> None:
    while True:
        await asyncio.sleep(EVERY)
        await _once(performance, security)


async def _once(performance: Performance, security: SecurityEvents) -> None:
    """Nothing that goes wrong here may end the task: both stores keep what they could not write."""
    for store in (security, performance):
        try:
            await store.flush()
        except PyMongoError as exc:
            log.warning("observations not kept yet", extra={"event": "watch_waits", "kind": type(exc).__name__})
        except Exception:
            log.exception("observations not kept", extra={"event": "watch_failed"})

"""The process: uvicorn with a stop that tells health first, then finishes what is under way."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable
from types import FrameType

import uvicorn
from starlette.applications import Starlette

from lager.application import create_app
from lager.logs import JsonLines, configure_logs
from lager.services import Lifecycle, Services, build_services
from lager.settings import Settings
from lager.web.live_sockets import MESSAGE_MAX

KEEP_ALIVE = 75  # seconds; longer than the gate keeps idle connections


class DrainingServer(uvicorn.Server):
    """SIGTERM: health answers 503 at once; after ``drain_seconds`` the listener closes; requests under way finish."""

    def __init__(
        self, config: uvicorn.Config, lifecycle: Lifecycle, drain_seconds: float, on_drain: Callable[[], object]
    ) -> None:
        super().__init__(config)
        self.lifecycle = lifecycle
        self.drain_seconds = drain_seconds
        self.on_drain = on_drain

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Runs in the signal handler. A second Ctrl+C stops at once. (A clean stop exits with 0.)"""
        if self.lifecycle.is_draining and sig == signal.SIGINT:
            self.should_exit = self.force_exit = True
        self.lifecycle.drain()

    async def on_tick(self, counter: int) -> bool:
        since = self.lifecycle.draining_since
        if since is not None:
            self.on_drain()
            self.should_exit = time.monotonic() - since >= self.drain_seconds
        return await super().on_tick(counter)


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or Ctrl+C."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # PID 1 ignores it by default; uvicorn takes over below
    services = build_services(settings)
    configure_logs(settings.log_level, JsonLines(settings.version, services.lifecycle.instance), settings.log_files)
    server_for(create_app(settings, services), services).run()


def server_for(app: Starlette, services: Services) -> DrainingServer:
    """The server, not yet started."""
    settings = services.settings
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws="wsproto",
        ws_max_size=MESSAGE_MAX,
        ws_ping_interval=None,  # Engine.IO has its own
        ws_per_message_deflate=False,  # costs memory per client
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=int(settings.stop_seconds),
    )
    return DrainingServer(config, services.lifecycle, settings.drain_seconds, app.state.sockets.drain)

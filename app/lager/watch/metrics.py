"""Prometheus' view of the process, on a port of its own that no gate knows: nobody outside reaches it (ADR 0023)."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter, Histogram, Info, start_http_server
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

log = logging.getLogger("lager.watch")

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """Labels are bounded: routes are the application's own, never paths that somebody asked for."""

    def __init__(self, version: str, instance: str) -> None:
        self.registry = CollectorRegistry()
        PlatformCollector(registry=self.registry)
        ProcessCollector(registry=self.registry)
        Info("lager_build", "Which version runs.", registry=self.registry).info(
            {"version": version, "instance": instance}
        )
        self._requests = Histogram(
            "lager_request_seconds",
            "Time from the first byte of a request to the last of its answer.",
            ("method", "route", "status"),
            buckets=BUCKETS,
            registry=self.registry,
        )
        self._slow = Counter("lager_slow_requests", "Requests that took more than a second.", registry=self.registry)
        self._security = Counter(
            "lager_security_events", "Security events.", ("event", "severity"), registry=self.registry
        )

    def answered(self, method: str, route: str, status: int, seconds: float, *, is_slow: bool) -> None:
        self._requests.labels(method, route, f"{status // 100}xx").observe(seconds)
        if is_slow:
            self._slow.inc()

    def security(self, event: str, severity: str) -> None:
        self._security.labels(event, severity).inc()

    @contextmanager
    def served(self, host: str, port: int) -> Iterator[None]:
        """Answer ``GET /metrics`` meanwhile; port 0 is off. A port that is taken costs the metrics, not the app."""
        try:
            server, thread = start_http_server(port, host, self.registry) if port else (None, None)
        except OSError as exc:
            log.error("metrics port not usable", extra={"event": "metrics_off", "port": port, "reason": exc.strerror})
            server = thread = None
        try:
            yield
        finally:
            if server and thread:
                server.shutdown()
                server.server_close()
                thread.join()

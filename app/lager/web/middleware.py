"""What happens around every request: its id and log line, security headers, the refusal of foreign origins."""

from __future__ import annotations

import logging
import re
import secrets
import time

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lager.logs import request_id
from lager.services import Lifecycle
from lager.settings import Settings
from lager.watch.performance import Answered, Performance
from lager.watch.security import SecurityEvents, Severity
from lager.web.addresses import client_address
from lager.web.errors import error_json

log = logging.getLogger("lager.access")

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,80}")
_INVITATION = re.compile(r"^/einladung/.+")
_SAFE = ("GET", "HEAD", "OPTIONS")
CLIENT_HEADER = "X-Lager-Client"  # a header that no form and no foreign page can send without a preflight
QUIET = "/api/health"
UNEXPECTED = "Unerwarteter Fehler. Bitte noch einmal versuchen. Nummer für die Meldung:"

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types svelte-trusted-html",
    )
)
SECURITY_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class RequestLog:
    """Gives the request its id, turns what nobody caught into a 500, writes one line."""

    def __init__(self, app: ASGIApp, lifecycle: Lifecycle, performance: Performance) -> None:
        self.app = app
        self.lifecycle = lifecycle
        self.performance = performance

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        token = request_id.set(given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(8))
        started, status = time.perf_counter(), 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                self._mark(MutableHeaders(scope=message))
            await send(message)

        try:
            await self.app(scope, receive, send_with_id)
        except Exception:
            log.exception("unexpected error", extra={"event": "unexpected_error"})
            if status:
                raise
            await error_json(f"{UNEXPECTED} {request_id.get()}", 500)(scope, receive, send_with_id)
        finally:
            milliseconds = (time.perf_counter() - started) * 1000
            self._write(scope, status, milliseconds)
            self._observe(scope, status, milliseconds)
            request_id.reset(token)

    def _mark(self, headers: MutableHeaders) -> None:
        headers["X-Request-Id"] = request_id.get()
        if self.lifecycle.is_draining:
            headers["Connection"] = "close"

    def _write(self, scope: Scope, status: int, milliseconds: float) -> None:
        """No query string, and no invitation's token, ever reaches a log."""
        path = _INVITATION.sub("/einladung/…", scope["path"])
        extra = {"event": "request", "method": scope["method"], "path": path, "status": status}
        level = logging.DEBUG if path == QUIET and status == 200 else logging.INFO
        log.log(level, "request", extra={**extra, "ms": round(milliseconds, 1), "user": scope.get("lager.user_id")})

    def _observe(self, scope: Scope, status: int, milliseconds: float) -> None:
        route: str = getattr(scope.get("route"), "path", "")
        user: str | None = scope.get("lager.user_id")
        answered = Answered(scope["method"], route, status, milliseconds, request_id.get(), user)
        self.performance.observe(answered)


class SecurityHeaders:
    """Outermost: the same strict headers on every answer, errors too; API answers are never stored by anyone."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.fixed = dict(SECURITY_HEADERS)
        self.version = settings.version
        if settings.is_https:
            self.fixed["Strict-Transport-Security"] = "max-age=31536000"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(self.fixed)
                if scope["path"].startswith("/api/"):
                    headers["X-Lager-Version"] = self.version
                    headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self.app(scope, receive, send_with_headers)


class CrossSiteGuard:
    """A change must come from our own pages: own header, own origin. (The cookie is SameSite=Lax besides.)

    ``besides`` is the one path that takes no pages' calls.
    """

    def __init__(self, app: ASGIApp, settings: Settings, security: SecurityEvents, besides: str) -> None:
        self.app = app
        self.besides = besides
        self.origin = settings.public_origin
        self.hops = settings.proxy_hops
        self.security = security

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope) if scope["type"] == "http" else None
        refusal = self._refusal(request) if request else None
        if request is None or refusal is None:
            await self.app(scope, receive, send)
            return
        address = client_address(request, self.hops)
        self.security.record("cross_site_refused", Severity.HIGH, address=address, path=scope["path"][:200])
        await error_json(refusal, 403)(scope, receive, send)

    def _refusal(self, request: Request) -> str | None:
        if request.method in _SAFE or request.url.path == self.besides:
            return None
        origin = request.headers.get("origin")
        if origin is not None and origin.lower() != self.origin:
            return f"Aufgerufen über {origin[:100]}; eingerichtet ist {self.origin}. Bitte diese Adresse verwenden."
        if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            return "Anfragen von fremden Seiten sind nicht erlaubt."
        if CLIENT_HEADER not in request.headers:
            return f"Der Kopf {CLIENT_HEADER} fehlt. Bitte die Seite neu laden."
        return None

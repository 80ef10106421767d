"""What admins see of how the app does: response times, slow requests, security events."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from lager.accounts.memory import Visit
from lager.accounts.model import Role
from lager.problems import BadRequest
from lager.services import Services
from lager.watch.security import Severity
from lager.web.access import guarded


async def show_performance(request: Request, services: Services, visit: Visit) -> Response:
    return JSONResponse(await services.performance.view())


async def list_security_events(request: Request, services: Services, visit: Visit) -> Response:
    return JSONResponse(await services.security.view(_severity(request.query_params.get("severity"))))


def _severity(text: str | None) -> Severity | None:
    if text is None:
        return None
    try:
        return Severity(text)
    except ValueError as exc:
        raise BadRequest(f"severity={text[:20]}: erlaubt sind {', '.join(Severity)}.") from exc


ROUTES = [
    Route("/api/performance", guarded(Role.ADMIN, show_performance), methods=["GET"]),
    Route("/api/security-events", guarded(Role.ADMIN, list_security_events), methods=["GET"]),
]

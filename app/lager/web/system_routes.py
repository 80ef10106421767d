"""Health, settings of the business, and what this installation is."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from lager import health
from lager.accounts.memory import Visit
from lager.accounts.model import Role
from lager.company import model as company
from lager.services import Services
from lager.web.access import body_of, guarded, public


async def show_health(request: Request, services: Services) -> Response:
    """200 when fit to serve, also with warnings; 503 when not, and from the first moment of a stop."""
    found = await health.check(services)
    headers = {} if found.is_ready else {"Retry-After": "2"}
    return JSONResponse(found.view(), 200 if found.is_ready else 503, headers)


async def show_system(request: Request, services: Services, visit: Visit) -> Response:
    found = await health.check(services)
    return JSONResponse(
        {
            "health": found.view(),
            "started_at": services.lifecycle.started_at.isoformat(),
            "mongodb": (await services.client.server_info())["version"],
        }
    )


async def edit_company(request: Request, services: Services, visit: Visit) -> Response:
    typed = await body_of(request, company.CompanyEdit)
    return JSONResponse(company.view(await services.company.edit(typed, visit.user)))


ROUTES = [
    Route("/api/health", public(show_health), methods=["GET"]),
    Route("/api/system", guarded(Role.ADMIN, show_system), methods=["GET"]),
    Route("/api/company", guarded(Role.ADMIN, edit_company), methods=["PUT"]),
]

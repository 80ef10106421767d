"""The update from the browser: what there is, and the ticket for the stack's door (under /api/system/, not ours)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from lager.accounts.memory import Visit
from lager.accounts.model import Role
from lager.fields import Body
from lager.problems import NotFound
from lager.services import Services
from lager.system.published import REPORT, read_published, read_report
from lager.system.tickets import Action
from lager.watch.security import Severity
from lager.web.access import body_of, guarded
from lager.web.addresses import client_address

NO_REPORT = "Es gibt noch keinen Bericht einer Wiederherstellungsübung."


class Wish(Body):
    action: Annotated[Action, Field(strict=False)]


async def show_published(request: Request, services: Services, visit: Visit) -> Response:
    """``may``: what the buttons could start; empty without a key, or where the operator allows nothing."""
    published = read_published(services.settings.published)
    allowed = [action for action in Action if action in published.content.actions]
    may = allowed if services.tickets.is_open() else []
    return JSONResponse(published.view() | {"may": may})


async def issue_ticket(request: Request, services: Services, visit: Visit) -> Response:
    wish = await body_of(request, Wish)
    ticket = services.tickets.issue(wish.action, visit.user)
    address = client_address(request, services.settings.proxy_hops)
    services.security.record("ticket_issued", Severity.INFO, address=address, user=visit.user, action=wish.action.value)
    return JSONResponse(ticket.view(), 201)


async def download_report(request: Request, services: Services, visit: Visit) -> Response:
    """To keep or print; never shown inside the app."""
    report = read_report(services.settings.published)
    if report is None:
        raise NotFound(NO_REPORT)
    headers = {"Content-Disposition": f'attachment; filename="{REPORT}"', "Cache-Control": "no-store"}
    return Response(report, media_type="text/html; charset=utf-8", headers=headers)


ROUTES = [
    Route("/api/v1/system", guarded(Role.ADMIN, show_published), methods=["GET"]),
    Route("/api/v1/system/drill-report", guarded(Role.ADMIN, download_report), methods=["GET"]),
    Route(
        "/api/v1/system/ticket",
        guarded(Role.ADMIN, issue_ticket, refused=("ticket_refused", Severity.HIGH)),
        methods=["POST"],
    ),
]

"""Who reaches an endpoint. Every API route is wrapped by ``public`` or ``guarded``; there is no third way."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from lager.accounts.memory import Visit
from lager.accounts.model import Role
from lager.problems import BadFields, BadRequest, Forbidden, NotSignedIn
from lager.services import Services
from lager.settings import Settings
from lager.watch.security import Severity
from lager.web.addresses import client_address
from lager.web.german import field_messages

Endpoint = Callable[[Request], Awaitable[Response]]
PublicEndpoint = Callable[[Request, Services], Awaitable[Response]]
GuardedEndpoint = Callable[[Request, Services, Visit], Awaitable[Response]]
Model = TypeVar("Model", bound=BaseModel)

ACCESS = "lager_access"  # attribute of a wrapped endpoint: „public“ or the role; a test walks all routes by it


def services_of(request: Request) -> Services:
    found = request.app.state.services
    assert isinstance(found, Services)  # noqa: S101 - set by create_app
    return found


def public(endpoint: PublicEndpoint) -> Endpoint:
    """For everyone, signed in or not."""

    async def reached(request: Request) -> Response:
        return await endpoint(request, services_of(request))

    setattr(reached, ACCESS, "public")
    return reached


def guarded(
    role: Role, endpoint: GuardedEndpoint, *, refused: tuple[str, Severity] = ("role_refused", Severity.MEDIUM)
) -> Endpoint:
    """For users whose role covers ``role``; the others become a security event."""

    async def reached(request: Request) -> Response:
        services = services_of(request)
        visit = await visit_of(request, services)
        if visit is None:
            raise NotSignedIn
        request.scope["lager.user_id"] = visit.user.id
        if not visit.user.role.covers(role):
            path = request.scope["path"][:200]
            address = client_address(request, services.settings.proxy_hops)
            services.security.record(*refused, address=address, user=visit.user, path=path)
            raise Forbidden("Dafür fehlt Ihnen die Berechtigung. Ein Administrator kann sie vergeben.")
        return await endpoint(request, services, visit)

    setattr(reached, ACCESS, role.value)
    return reached


def cookie_name(settings: Settings) -> str:
    """With https the browser itself enforces Secure, Path=/ and no Domain."""
    return "__Host-lager" if settings.is_https else "lager"


def session_token(request: HTTPConnection, services: Services) -> str | None:
    return request.cookies.get(cookie_name(services.settings))


async def visit_of(request: HTTPConnection, services: Services) -> Visit | None:
    return await services.sessions.visit(session_token(request, services))


async def body_of(request: Request, model: type[Model]) -> Model:
    """The parsed JSON body; raises BadFields with a German message per field."""
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind != "application/json":
        raise BadRequest("Erwartet wird JSON (Content-Type: application/json).")
    try:
        return model.model_validate_json(await request.body())
    except ValidationError as exc:
        if any(finding["type"] == "json_invalid" for finding in exc.errors(include_url=False)):
            raise BadRequest("Die Anfrage ist kein gültiges JSON.") from exc
        raise BadFields(field_messages(exc)) from exc

"""Sign-in and sign-out, invitations, users, the own account."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from lager.accounts.memory import Visit
from lager.accounts.model import Role, User
from lager.accounts.sessions import LONGEST
from lager.accounts.users import login_key
from lager.company.model import view as company_view
from lager.fields import Body, OneLine
from lager.problems import BadFields, Conflict, NotSignedIn, Problem
from lager.services import Services
from lager.settings import Settings
from lager.watch.security import Severity
from lager.web.access import (
    body_of,
    cookie_name,
    guarded,
    public,
    session_token,
    visit_of,
)
from lager.web.addresses import client_address


class SignIn(Body):
    login: OneLine = Field(min_length=1, max_length=120)
    password: str = Field(min_length=1, max_length=400)


class Token(Body):
    token: str = Field(min_length=20, max_length=100)


class Acceptance(Token):
    login: OneLine = Field("", max_length=80)
    name: OneLine = Field("", max_length=80)
    password: str = Field(min_length=1, max_length=400)


class InvitationInput(Body):
    name: OneLine = Field(min_length=1, max_length=80)
    role: Annotated[Role, Field(strict=False)]


class UserEdit(Body):
    name: OneLine = Field(min_length=1, max_length=80)
    role: Annotated[Role, Field(strict=False)]
    active: bool
    version: int = Field(ge=1)


class OwnName(Body):
    name: OneLine = Field(min_length=1, max_length=80)


class PasswordChange(Body):
    current: str = Field(min_length=1, max_length=400)
    password: str = Field(min_length=1, max_length=400)


def _set_cookie(response: Response, settings: Settings, token: str) -> None:
    response.set_cookie(
        cookie_name(settings),
        token,
        max_age=int(LONGEST.total_seconds()),
        httponly=True,
        secure=settings.is_https,
        samesite="lax",
    )


def _address(request: Request, services: Services) -> str:
    return client_address(request, services.settings.proxy_hops)


async def _signed_in(request: Request, services: Services, user: User, *, status: int = 200) -> Response:
    """Start a session under a new id and hand out its cookie."""
    token = await services.sessions.start(user, replacing=session_token(request, services))
    response = JSONResponse({"user": user.view(), "live": services.live.position}, status)
    _set_cookie(response, services.settings, token)
    return response


def _signed_out(services: Services) -> Response:
    response = Response(status_code=204)
    settings = services.settings
    response.delete_cookie(cookie_name(settings), httponly=True, secure=settings.is_https, samesite="lax")
    return response


async def show_session(request: Request, services: Services) -> Response:
    """What the app needs when it opens, signed in or not."""
    visit = await visit_of(request, services)
    return JSONResponse(
        {
            "user": visit.user.view() if visit else None,
            "live": services.live.position if visit else None,
            "company": company_view(await services.company.get()),
            "version": services.settings.version,
            "instance": services.lifecycle.instance,
        }
    )


async def sign_in(request: Request, services: Services) -> Response:
    typed = await body_of(request, SignIn)
    login, address = login_key(typed.login), _address(request, services)
    try:
        await services.throttle.count(login, address)
    except Problem:
        services.security.record("sign_in_throttled", Severity.HIGH, address=address)
        raise
    user = await services.users.signed_in(login, typed.password)
    if user is None:
        services.security.record("sign_in_failed", Severity.MEDIUM, address=address)
        raise NotSignedIn("Anmeldename oder Passwort stimmt nicht.")
    await services.throttle.forget(login, address)
    services.security.record("signed_in", Severity.INFO, address=address, user=user)
    return await _signed_in(request, services, user)


async def sign_out(request: Request, services: Services) -> Response:
    await services.sessions.end(session_token(request, services))
    return _signed_out(services)


async def sign_out_everywhere(request: Request, services: Services, visit: Visit) -> Response:
    await services.sessions.end_all(visit.user.id)
    services.security.record("signed_out_everywhere", Severity.INFO, user=visit.user)
    return _signed_out(services)


async def show_account(request: Request, services: Services, visit: Visit) -> Response:
    return JSONResponse({"user": visit.user.view(), "sessions": await services.sessions.count(visit.user.id)})


async def rename_account(request: Request, services: Services, visit: Visit) -> Response:
    typed = await body_of(request, OwnName)
    return JSONResponse({"user": (await services.users.rename(visit.user, typed.name)).view()})


async def change_password(request: Request, services: Services, visit: Visit) -> Response:
    """Ends all other sessions and starts a new one here; wrong guesses count like failed sign-ins."""
    typed = await body_of(request, PasswordChange)
    login, address = login_key(visit.user.login), _address(request, services)
    await services.throttle.count(login, address)
    if not await services.users.knows_password(visit.user, typed.current):
        services.security.record("password_guessed", Severity.MEDIUM, address=address, user=visit.user)
        raise BadFields({"current": "Das bisherige Passwort stimmt nicht."})
    await services.throttle.forget(login, address)
    await services.users.set_password(visit.user, typed.password)
    await services.sessions.end_all(visit.user.id)
    services.security.record("password_changed", Severity.INFO, address=address, user=visit.user)
    return await _signed_in(request, services, visit.user)


async def look_at_invitation(request: Request, services: Services) -> Response:
    typed = await body_of(request, Token)
    invitation = await services.invitations.look(typed.token)
    return JSONResponse(invitation.view() | {"login": await services.invitations.login_of(invitation)})


async def accept_invitation(request: Request, services: Services) -> Response:
    typed = await body_of(request, Acceptance)
    user = await services.invitations.accept(typed.token, typed.login, typed.name, typed.password)
    address = _address(request, services)
    services.security.record("invitation_accepted", Severity.INFO, address=address, user=user, role=user.role.value)
    return await _signed_in(request, services, user, status=201)


async def list_users(request: Request, services: Services, visit: Visit) -> Response:
    invitations = await services.invitations.open()
    users = await services.users.all()
    return JSONResponse({"users": [u.view() for u in users], "invitations": [i.view() for i in invitations]})


async def invite(request: Request, services: Services, visit: Visit) -> Response:
    typed = await body_of(request, InvitationInput)
    path = await services.invitations.create(typed.role, typed.name, by=visit.user.id)
    services.security.record("user_invited", Severity.INFO, user=visit.user, role=typed.role.value)
    return JSONResponse({"link": services.settings.public_origin + path}, 201)


async def revoke_invitation(request: Request, services: Services, visit: Visit) -> Response:
    await services.invitations.revoke(request.path_params["id"])
    return Response(status_code=204)


async def edit_user(request: Request, services: Services, visit: Visit) -> Response:
    typed = await body_of(request, UserEdit)
    user_id: str = request.path_params["id"]
    if user_id == visit.user.id and not typed.active:
        raise Conflict("Sie können Ihr eigenes Konto nicht sperren.")
    user = await services.users.edit(user_id, typed.version, typed.name, typed.role, typed.active)
    if not user.is_active:
        await services.sessions.end_all(user.id)
    role, is_active = user.role.value, user.is_active
    services.security.record(
        "user_edited", Severity.INFO, user=visit.user, subject=user.id, role=role, active=is_active
    )
    return JSONResponse({"user": user.view()})


async def reset_password(request: Request, services: Services, visit: Visit) -> Response:
    """A one-time link for a user who forgot the password; the admin never learns the new one."""
    user = await services.users.get(request.path_params["id"])
    path = await services.invitations.create(user.role, user.name, by=visit.user.id, user_id=user.id)
    services.security.record("password_reset", Severity.INFO, user=visit.user, subject=user.id)
    return JSONResponse({"link": services.settings.public_origin + path}, 201)


ROUTES = [
    Route("/api/session", public(show_session), methods=["GET"]),
    Route("/api/session", public(sign_in), methods=["POST"]),
    Route("/api/session", public(sign_out), methods=["DELETE"]),
    Route("/api/sessions", guarded(Role.READ, sign_out_everywhere), methods=["DELETE"]),
    Route("/api/account", guarded(Role.READ, show_account), methods=["GET"]),
    Route("/api/account", guarded(Role.READ, rename_account), methods=["PUT"]),
    Route("/api/account/password", guarded(Role.READ, change_password), methods=["PUT"]),
    Route("/api/invitations/look", public(look_at_invitation), methods=["POST"]),
    Route("/api/invitations/accept", public(accept_invitation), methods=["POST"]),
    Route("/api/invitations", guarded(Role.ADMIN, invite), methods=["POST"]),
    Route("/api/invitations/{id}", guarded(Role.ADMIN, revoke_invitation), methods=["DELETE"]),
    Route("/api/users", guarded(Role.ADMIN, list_users), methods=["GET"]),
    Route("/api/users/{id}", guarded(Role.ADMIN, edit_user), methods=["PUT"]),
    Route("/api/users/{id}/password-link", guarded(Role.ADMIN, reset_password), methods=["POST"]),
]

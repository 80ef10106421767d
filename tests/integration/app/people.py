"""Someone at a browser: own cookies, the headers a browser sends, roles."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from lager.accounts.model import Role
from lager.services import Services
from starlette.applications import Starlette

ORIGIN = "http://lager.test"
PASSWORD = "rohr zange dichtung"
HEADERS = {"Origin": ORIGIN, "X-Lager-Client": "web", "X-Forwarded-For": "203.0.113.7"}
Json = dict[str, Any]


class Person:
    """Calls the API as its SPA does; ``status`` and ``json`` are those of the last answer."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client

    async def call(self, method: str, path: str, body: Any = None, expect: int | None = None, **more: Any) -> Json:
        reply = await self.client.request(method, path, json=body, **more)
        if expect is not None:
            assert reply.status_code == expect, (reply.status_code, reply.text)
        found: Json = reply.json() if reply.content else {}
        return found

    async def get(self, path: str, expect: int = 200, **more: Any) -> Json:
        return await self.call("GET", path, None, expect, **more)

    async def post(self, path: str, body: Any, expect: int = 201, **more: Any) -> Json:
        return await self.call("POST", path, body, expect, **more)

    async def put(self, path: str, body: Any, expect: int = 200, **more: Any) -> Json:
        return await self.call("PUT", path, body, expect, **more)

    async def delete(self, path: str, expect: int = 204, **more: Any) -> Json:
        return await self.call("DELETE", path, None, expect, **more)

    async def sign_in(self, login: str, password: str = PASSWORD, expect: int = 200) -> Json:
        return await self.post("/api/session", {"login": login, "password": password}, expect)


@asynccontextmanager
async def stranger(app: Starlette, origin: str = ORIGIN) -> AsyncIterator[Person]:
    """Not signed in."""
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=origin, headers=HEADERS) as client:
        yield Person(client)


@asynccontextmanager
async def signed_in(app: Starlette, services: Services, role: Role, login: str) -> AsyncIterator[Person]:
    await services.users.create(login, login.capitalize(), role, PASSWORD)
    async with stranger(app) as person:
        await person.sign_in(login)
        yield person

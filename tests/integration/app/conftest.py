from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from lager.accounts.model import Role, User
from lager.accounts.passwords import Passwords
from lager.application import create_app
from lager.services import Services, build_services
from lager.settings import Settings
from pymongo.errors import InvalidOperation
from starlette.applications import Starlette
from starlette.datastructures import Secret

from tests.integration.app.mongod import Mongod, free_port
from tests.integration.app.people import ORIGIN, PASSWORD, Person, signed_in, stranger
from tests.integration.app.process import ROOT, SECRET
from tests.integration.app.slots import Slot, slot

DATABASE = "lager_test"
# pymongo 4 leaves its socket to the collector when a task is cancelled while it connects, as at every end of an app
# (seen with nothing but a client and `cancel()`); the collector then complains in whichever test it comes by.
LEFT_BY_PYMONGO = "ignore:Exception ignored in. <socket.socket:pytest.PytestUnraisableExceptionWarning"
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)  # the real cost is measured in test_process


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.filterwarnings(LEFT_BY_PYMONGO))


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def mongod(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mongod]:
    server = Mongod(tmp_path_factory.mktemp("mongod"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def empty(mongod: Mongod) -> str:
    """The database's name; indexes stay between tests, documents do not."""
    with mongod.client() as client:
        for name in client[DATABASE].list_collection_names():
            client[DATABASE][name].delete_many({})
    return DATABASE


@pytest.fixture
def frontend(tmp_path: Path) -> Path:
    dist = tmp_path / "dist"
    (dist / "assets").mkdir(parents=True)
    (dist / "index.html").write_text("<!doctype html><title>Lager</title>")
    (dist / "assets" / "app-1234.js").write_text("let plain;")
    (dist / "assets" / "app-1234.js.br").write_bytes(b"brotli")
    (dist / "assets" / "app-1234.js.gz").write_bytes(b"gzip")
    return dist


@pytest.fixture
def settings(mongod: Mongod, empty: str, tmp_path: Path, frontend: Path) -> Settings:
    return Settings(
        mongodb_uri=Secret(mongod.uri),
        secret=Secret("s" * 40),
        public_origin=ORIGIN,
        database=empty,
        version="1.2.3",
        files=tmp_path,
        frontend=frontend,
    )


@pytest.fixture
def environ(mongod: Mongod, empty: str, frontend: Path, tmp_path: Path) -> dict[str, str]:
    (tmp_path / "uri").write_text(mongod.uri)
    port = free_port()
    return {
        **os.environ,
        "PYTHONPATH": str(ROOT / "app"),
        "LAGER_MONGODB_URI_FILE": str(tmp_path / "uri"),
        "LAGER_SECRET": SECRET,
        "LAGER_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "LAGER_DATABASE": empty,
        "LAGER_VERSION": "4.5.6",
        "LAGER_HOST": "127.0.0.1",
        "LAGER_FILES": str(tmp_path),
        "LAGER_FRONTEND": str(frontend),
        "PORT": str(port),
    }


@pytest.fixture
async def services(anyio_backend: str, settings: Settings) -> AsyncIterator[Services]:
    built = build_services(settings, passwords=Passwords(QUICK))
    yield built
    with suppress(InvalidOperation):  # an app that used them has closed them, and may have left a cursor open
        await built.close()


@pytest.fixture
async def app(settings: Settings, services: Services) -> AsyncIterator[Starlette]:
    """Started and ready."""
    application = create_app(settings, services)
    async with application.router.lifespan_context(application):
        while not services.lifecycle.is_prepared:
            await asyncio.sleep(0.01)
        yield application


@pytest.fixture
async def visitor(app: Starlette) -> AsyncIterator[Person]:
    async with stranger(app) as person:
        yield person


@pytest.fixture
async def admin(app: Starlette, services: Services) -> AsyncIterator[Person]:
    async with signed_in(app, services, Role.ADMIN, "petra") as person:
        yield person


@pytest.fixture
async def keeper(app: Starlette, services: Services) -> AsyncIterator[Person]:
    async with signed_in(app, services, Role.STORE, "klaus") as person:
        yield person


@pytest.fixture
async def reader(app: Starlette, services: Services) -> AsyncIterator[Person]:
    async with signed_in(app, services, Role.READ, "lena") as person:
        yield person


@pytest.fixture
async def one(settings: Settings) -> AsyncIterator[Slot]:
    async with slot(settings, Passwords(QUICK)) as running:
        yield running


@pytest.fixture
async def other(settings: Settings) -> AsyncIterator[Slot]:
    async with slot(settings, Passwords(QUICK)) as running:
        yield running


@pytest.fixture
async def petra(one: Slot) -> User:
    return await one.services.users.create("petra", "Petra", Role.ADMIN, PASSWORD)

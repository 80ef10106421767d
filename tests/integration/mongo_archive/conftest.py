from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pymongo import MongoClient

from tests.integration.app.mongod import Mongod

SYSTEM = {"admin", "config", "local"}


@pytest.fixture(scope="session")
def mongod(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mongod]:
    server = Mongod(tmp_path_factory.mktemp("mongod"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def client(mongod: Mongod) -> Iterator[MongoClient[dict[str, Any]]]:
    """On a server without any data of users."""
    with mongod.client() as found:
        for name in set(found.list_database_names()) - SYSTEM:
            found.drop_database(name)
        yield found

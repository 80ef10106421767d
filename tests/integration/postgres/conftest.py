from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from testbed.build import ensure_images
from tests.integration.postgres.server import Server, running, trust

LABELS = """CREATE DATABASE etikett OWNER lager;
\\c etikett
CREATE TABLE label (id serial PRIMARY KEY, text text NOT NULL);
INSERT INTO label (text) SELECT md5(i::text) FROM generate_series(1, 5000) i;
CREATE TABLE "Drucker Süd" (ip inet);
ALTER TABLE label OWNER TO lager;
ALTER DATABASE etikett SET search_path TO public, pg_catalog;
ALTER DATABASE etikett SET statement_timeout TO '33s';
ALTER DATABASE etikett CONNECTION LIMIT 20;
GRANT CONNECT ON DATABASE etikett TO leser;
"""
ROLES = """CREATE ROLE lager LOGIN PASSWORD 'l';
CREATE ROLE leser LOGIN PASSWORD 'leser';
GRANT pg_read_all_data TO leser;
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        item.add_marker(pytest.mark.docker)


@pytest.fixture(scope="session", autouse=True)
def _images() -> None:
    ensure_images(["postgres15", "postgres17"])


@pytest.fixture(scope="session", params=[15, 17])
def either(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The oldest and the newest server that Debian has."""
    with running(request.param, tmp_path_factory.mktemp(f"pg{request.param}")) as server:
        server.sql(ROLES)
        yield server


@pytest.fixture(scope="session")
def newest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(17, tmp_path_factory.mktemp("pg")) as server:
        server.sql(ROLES)
        yield server


def prepared(server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(tempfile, "tempdir", str(server.folder))
    monkeypatch.setenv("TMPDIR", str(server.folder))
    server.sql(LABELS)
    yield server
    names = "SELECT format('DROP DATABASE %I WITH (FORCE)', datname) FROM pg_database WHERE datname LIKE 'etikett%'"
    server.sql("UPDATE pg_database SET datallowconn = true WHERE datname LIKE 'etikett%'")
    server.sql(f"{names} \\gexec")


@pytest.fixture
def server(newest: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """PostgreSQL 17 with the database „etikett“."""
    yield from prepared(newest, monkeypatch)


@pytest.fixture
def each_server(either: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    yield from prepared(either, monkeypatch)


@pytest.fixture
def entered(each_server: Server) -> Server:
    """Its socket asks for no password."""
    trust(each_server)
    return each_server


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """Where backups go: seen by the server's container, because its programs write them."""
    name = "server" if "server" in request.fixturenames else "each_server"
    place: Path = request.getfixturevalue(name).folder / request.node.name.replace("[", "-").rstrip("]")
    place.mkdir(exist_ok=True)
    return place

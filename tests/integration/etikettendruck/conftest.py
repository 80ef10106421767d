from __future__ import annotations

import uuid
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from testbed.build import ensure_images
from testbed.engine import docker
from tests.integration.etikettendruck.application import PASSWORD, Release, served
from tests.integration.postgres import server as postgres
from workshop import example_package

ADDRESS = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        item.add_marker(pytest.mark.docker)


@pytest.fixture(scope="session")
def package() -> Path:
    """The release package, really built."""
    return example_package.package()


@pytest.fixture(scope="session")
def database_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[postgres.Server]:
    ensure_images(["postgres17"])
    with postgres.running(17, tmp_path_factory.mktemp("pg")) as server:
        server.sql("CREATE ROLE app LOGIN PASSWORD 'app'")
        yield server


@pytest.fixture(scope="session")
def unpacked(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("release")
    with zipfile.ZipFile(package) as archive:
        archive.extractall(folder)
    return folder


@pytest.fixture
def database(database_server: postgres.Server) -> str:
    """The address of an empty database."""
    name = f"etikett_{uuid.uuid4().hex[:8]}"
    database_server.sql(f"CREATE DATABASE {name} OWNER app")
    host = postgres.call(*docker("inspect", "-f", ADDRESS, database_server.container)).strip()
    return f"postgresql://app:app@{host}:5432/{name}"


@pytest.fixture
def release(unpacked: Path, database: str, tmp_path: Path) -> Release:
    return Release(unpacked, tmp_path / "shared", database)


@pytest.fixture
def installed(release: Release) -> Release:
    """Migrated, with its first user."""
    release.migrate()
    seeded = release.run("prisma/seed.mjs", ADMIN_PASSWORD=PASSWORD)
    assert "„admin“ angelegt" in seeded.stdout, seeded.stderr
    return release


@pytest.fixture
def address(installed: Release) -> Iterator[str]:
    with served(installed) as found:
        yield found

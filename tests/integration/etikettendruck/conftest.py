from __future__ import annotations

import hashlib
import subprocess
import uuid
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from testbed.build import ensure_images
from testbed.engine import docker
from tests.integration.etikettendruck.application import PASSWORD, Release, served
from tests.integration.postgres import server as postgres
from workshop import windows_package
from workshop.windows_package import build

ROOT = Path(__file__).resolve().parents[3]
SOURCE = ROOT / "tests" / "etikettendruck"
ADDRESS = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        item.add_marker(pytest.mark.docker)


@pytest.fixture(scope="session")
def package() -> Path:
    """The release package, really built; once for each state of its source and of its builder."""
    folder = ROOT / ".cache" / "etikettendruck" / fingerprint()
    made = next(folder.glob("*.zip"), None)
    return made or build(SOURCE, folder)


def fingerprint() -> str:
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", SOURCE], cwd=ROOT, check=True, capture_output=True, text=True
    )
    files = [ROOT / name for name in sorted(set(listed.stdout.splitlines()))] + [Path(windows_package.__file__)]
    known = hashlib.sha256()
    for file in files:
        known.update(f"{file.name} {hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
    return known.hexdigest()[:16]


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

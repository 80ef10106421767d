"""A real restic on this machine and a real REST server in a container, both from Debian 13's packages."""

from __future__ import annotations

import subprocess
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import requests

from testbed import restic
from upkeep.policy.backup import Target
from upkeep.ports.restic import ResticProgram

IMAGE = "upkeep-testbed/restic:latest"


def docker(*argv: str) -> str:
    return subprocess.run(["docker", *argv], check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The path of a restic as hosts have it."""
    return str(restic.unpacked(tmp_path_factory.mktemp("restic")))


@dataclass
class Shelf:
    """One place for repositories, and the files that lead there."""

    folder: Path
    program: str

    def repository(
        self,
        address: str = "",
        password: str = "geheim",  # noqa: S107
        s3_credentials_file: Path | None = None,
        s3_region: str = "",
    ) -> ResticProgram:
        """Another look at the repository at `address`, by default one in a directory of this machine."""
        address_file, password_file = (self.folder / f"{name}-{uuid.uuid4().hex}" for name in ("address", "password"))
        address_file.write_text(f"{address or self.folder / 'repository'}\n")
        password_file.write_text(f"{password}\n")
        storage = {"s3_credentials_file": s3_credentials_file, "s3_region": s3_region}
        target = replace(Target(address_file, password_file, "web1"), **storage)
        return ResticProgram(target, self.folder / "cache", self.program)


@pytest.fixture
def shelf(tmp_path: Path, program: str) -> Shelf:
    return Shelf(tmp_path, program)


@dataclass
class Server:
    container: str
    address: str

    def stop(self) -> None:
        docker("stop", "-t", "1", self.container)


@pytest.fixture
def server(program: str) -> Iterator[Server]:
    """Append-only, without log-in: that part belongs to the role's own test."""
    command = ["restic-rest-server", "--path", "/data", "--append-only", "--no-auth", "--listen", ":8000"]
    container = docker("run", "-d", "--label", "upkeep.testbed=restic", IMAGE, *command)
    address = docker("inspect", "-f", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", container)
    deadline = time.monotonic() + 30
    while not _answers(address):
        assert time.monotonic() < deadline, docker("logs", container)
        time.sleep(0.1)
    yield Server(container, f"rest:http://{address}:8000/web1")
    docker("rm", "-f", "-v", container)


def _answers(address: str) -> bool:
    try:
        return requests.get(f"http://{address}:8000/", timeout=1).status_code < 500
    except requests.RequestException:
        return False

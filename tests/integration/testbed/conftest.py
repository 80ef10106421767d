"""One testbed for all tests of this room: a Debian 13 and a Debian 12 Docker host."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
NAME = "selftest"
FLAVOURS = {"trixie": "debian13-docker", "bookworm": "debian12-docker"}
Completed = subprocess.CompletedProcess[str]
Command = Callable[..., Completed]


@pytest.fixture(scope="session")
def command() -> Command:
    """Run `python -m testbed …` the way an operator does."""

    def call(*arguments: str) -> Completed:
        argv = [sys.executable, "-m", "testbed", *arguments]
        return subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=280)

    return call


@pytest.fixture(scope="session")
def bed(command: Command) -> Iterator[str]:
    """Bring the testbed up with the public images in its registry; take it down at the end."""
    published = command("images", "mongo", "haproxy", "python")
    assert published.returncode == 0, published.stderr
    hosts = ",".join(f"{name}={flavour}" for name, flavour in FLAVOURS.items())
    started = command("up", NAME, "--hosts", f"{hosts},locked=debian13", "--password-login", "locked")
    assert started.returncode == 0, started.stderr
    yield NAME
    command("down", NAME)


@pytest.fixture(params=list(FLAVOURS))
def host(bed: str, request: pytest.FixtureRequest) -> str:
    """Name each Docker host in turn."""
    return request.param


@pytest.fixture
def shell(bed: str, host: str) -> Command:
    """Run a shell script on the host over ssh."""

    def call(script: str) -> Completed:
        argv = [sys.executable, "-m", "testbed", "ssh", bed, host, "bash", "-eu"]
        return subprocess.run(argv, cwd=ROOT, input=script, capture_output=True, text=True, timeout=120)

    return call


@pytest.fixture
def docker_host(shell: Command) -> Command:
    """Like `shell`, on a host whose Docker knows the testbed's registry as its mirror."""
    settings = {
        "registry-mirrors": ["http://registry.upkeep.test:5000"],
        "insecure-registries": ["registry.upkeep.test:5000"],
    }
    known = shell(
        f"""
        wanted='{json.dumps(settings)}'
        if [ "$(cat /etc/docker/daemon.json 2>/dev/null)" != "$wanted" ]; then
            printf '%s\\n' "$wanted" >/etc/docker/daemon.json
            systemctl restart docker
        fi
        """
    )
    assert known.returncode == 0, known.stderr
    return shell

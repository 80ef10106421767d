"""compose: the argv, and the runner with a real child process in place of docker."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from upkeep.errors import ComposeFailed
from upkeep.ports.compose import ComposeRunner, Project, up_argv, validate_argv

PROJECT = Project(
    "lager", Path("/srv/upkeep/lager"), Path("/srv/upkeep/lager/release.env"), Path("/snapshot/compose.yml")
)
BASE = [
    *["docker", "compose", "--project-name", "lager", "--project-directory", "/srv/upkeep/lager"],
    *["--env-file", "/srv/upkeep/lager/release.env", "-f", "/snapshot/compose.yml"],
]


def test_up_touches_only_the_named_services_and_never_pulls() -> None:
    assert up_argv(PROJECT, ("app-1", "app-2"), 15, force=True) == [
        *BASE,
        *["up", "--detach", "--no-deps", "--no-build", "--pull", "never", "--remove-orphans"],
        *["--timeout", "15", "--force-recreate", "app-1", "app-2"],
    ]


def test_without_a_timeout_the_compose_files_own_counts() -> None:
    assert "--timeout" not in up_argv(PROJECT, ("gate",), None, force=False)


def test_validate_prints_nothing() -> None:
    assert validate_argv(PROJECT) == [*BASE, "config", "--quiet"]


@pytest.fixture
def fake_docker(tmp_path: Path) -> Path:
    """A `docker` that does what its file says."""
    script = tmp_path / "docker"
    script.write_text("#!/bin/sh\n. " + str(tmp_path / "does") + "\n")
    script.chmod(0o755)
    return tmp_path / "does"


def runner(fake: Path, deadline: float = 30, **environment: str) -> ComposeRunner:
    return ComposeRunner(deadline, {"PATH": f"{fake.parent}:{os.environ['PATH']}"} | environment)


def test_child_sees_no_variable_that_could_win_over_release_env(fake_docker: Path, tmp_path: Path) -> None:
    fake_docker.write_text(f"env > {tmp_path}/env")
    runner(fake_docker, UPKEEP_APP_IMAGE="evil", COMPOSE_FILE="/tmp/x", DOCKER_CONFIG="/etc/upkeep/docker").validate(
        PROJECT
    )
    seen = (tmp_path / "env").read_text()
    assert "UPKEEP" not in seen
    assert "COMPOSE_FILE" not in seen
    assert "DOCKER_CONFIG=/etc/upkeep/docker" in seen


def test_failure_carries_composes_last_words(fake_docker: Path) -> None:
    fake_docker.write_text("echo one; echo two; echo three >&2; echo 'no such image' >&2; exit 17")
    with pytest.raises(ComposeFailed) as caught:
        runner(fake_docker).up(PROJECT, ("app-1",), stop_timeout=1)
    assert str(caught.value) == "docker compose up ist gescheitert (gefunden: two · three · no such image)."


def test_child_that_hangs_is_killed_with_its_children(fake_docker: Path, tmp_path: Path) -> None:
    fake_docker.write_text(f"sleep 600 & echo $! > {tmp_path}/grandchild; wait")
    before = time.monotonic()
    with pytest.raises(ComposeFailed, match="wurde nicht fertig"):
        runner(fake_docker, deadline=1.5).validate(PROJECT)
    assert time.monotonic() - before < 60
    grandchild = int((tmp_path / "grandchild").read_text())
    for _ in range(100):  # the kernel takes its time with the dead
        if not alive(grandchild):
            return
        threading.Event().wait(0.05)
    raise AssertionError(f"{grandchild} lebt noch")


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except FileNotFoundError:
        return False


def test_missing_docker_says_which_role_brings_it(tmp_path: Path) -> None:
    with pytest.raises(ComposeFailed, match=r"nicht ausführbar.*docker_host"):
        ComposeRunner(environment={"PATH": str(tmp_path)})._run(["/nonexistent/docker", "compose", "up"], 1)

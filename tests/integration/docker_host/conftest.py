"""One testbed for this room. What a play said is read as an operator sees it: plain output, no -v."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from testbed.paths import machine_wide

ROOT = Path(__file__).resolve().parents[3]
NAME = os.environ.get("UPKEEP_TEST_BED", "docker-host")
KEPT = "UPKEEP_TEST_BED" in os.environ
# web1: with Docker · bare: without · secret: only a root password · cloud: a key, but no Python
HOSTS = "web1=debian13-docker,bare=debian13,secret=debian12,cloud=debian13-docker"
ROLE_PLAY = "- hosts: docker_hosts\n  gather_facts: false\n  roles: [docker_host]\n"
# Testbed hosts are reached as root with a key; production logs in as the admin that bootstrap made.
TESTBED = {"docker_host__docker_source": "debian", "docker_host__ssh_root_login": "prohibit-password"}


@dataclass(frozen=True)
class Played:
    """What one ansible-playbook run ended with."""

    code: int
    output: str

    @property
    def text(self) -> str:
        """The output without line breaks and indentation, which the result format puts anywhere."""
        return re.sub(r"\s+", " ", self.output)

    def changed(self, host: str) -> int:
        """How many tasks of the host said changed."""
        found = re.search(rf"^{host} .*\bchanged=(\d+)", self.output, re.MULTILINE)
        assert found, self.output
        return int(found.group(1))


Play = Callable[..., Played]
Shell = Callable[[str, str], str]


def run_testbed(*words: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "testbed", *words]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False, timeout=280)
    assert done.returncode == 0, f"{words}\n{done.stdout}{done.stderr}"
    return done


@pytest.fixture(scope="session")
def bed() -> Iterator[Path]:
    """The testbed's folder, with its hosts also in group docker_hosts."""
    folder = ROOT / ".testbed" / NAME
    if not (KEPT and folder.exists()):
        run_testbed("up", NAME, "--hosts", HOSTS, "--password-login", "secret")
    (folder / "groups.yml").write_text(json.dumps({"docker_hosts": {"children": {"testbed": {}}}}))
    yield folder
    if not KEPT:
        run_testbed("down", NAME)


@pytest.fixture(scope="session")
def shell(bed: Path) -> Shell:
    """Run a script on a host, past ssh and firewall."""

    def run(host: str, script: str) -> str:
        argv = ["docker", "exec", "-i", f"{machine_wide(NAME)}-{host}", "bash", "-eu"]
        done = subprocess.run(argv, input=script, capture_output=True, text=True, check=False, timeout=120)
        assert done.returncode == 0, f"{script}\n{done.stdout}{done.stderr}"
        return done.stdout.strip()

    return run


@pytest.fixture(scope="session")
def play(bed: Path, tmp_path_factory: pytest.TempPathFactory) -> Play:
    """Run a playbook (text or path) on one or more hosts with these variables."""
    folder = tmp_path_factory.mktemp("plays")

    def run(playbook: str | Path, hosts: str, *words: str, env: dict[str, str] | None = None, **given: Any) -> Played:
        if isinstance(playbook, str):
            (folder / "play.yml").write_text(playbook)
            playbook = folder / "play.yml"
        argv = [str(Path(sys.executable).parent / "ansible-playbook"), str(playbook), "--limit", hosts, *words]
        argv += ["-i", str(bed / "inventory.yml"), "-i", str(bed / "groups.yml"), "-e", json.dumps(given)]
        settings = {"ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1"}
        # No play finds the open connection of an earlier one. (ssh allows a hundred characters for this path.)
        control_path = tempfile.mkdtemp(prefix="cp-")
        environment = os.environ | settings | {"ANSIBLE_SSH_CONTROL_PATH_DIR": control_path} | (env or {})
        done = subprocess.run(argv, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=280)
        shutil.rmtree(control_path)
        return Played(done.returncode, done.stdout + done.stderr)

    return run

"""Hosts that will not do: the plain output says what was found, what is asked, what to do; nothing is changed."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from testbed.paths import machine_wide
from tests.integration.docker_host.conftest import NAME, ROLE_PLAY, TESTBED, Play, Shell

HEADLINE = "Dieser Host kann so kein Docker-Host werden; nichts geändert."
UNTOUCHED = "test ! -e /etc/upkeep && test ! -e /etc/ssh/sshd_config.d/10-upkeep.conf"


@pytest.fixture
def old_release(shell: Shell) -> Iterator[None]:
    """An unsupported release with a data disk that is far too small and no Docker."""
    shell("secret", "cp /etc/os-release /root/os-release; mkdir -p /var/lib/docker")
    shell("secret", "sed -i -e 's/12 (bookworm)/11 (bullseye)/' -e 's/\"12\"/\"11\"/' /usr/lib/os-release")
    shell("secret", "mount -t tmpfs -o size=50m tmpfs /var/lib/docker")
    yield
    shell("secret", "umount /var/lib/docker; cp /root/os-release /usr/lib/os-release")


@pytest.fixture
def mere_container() -> Iterator[str]:
    name = f"{machine_wide(NAME)}-mere"
    label = f"upkeep.testbed={NAME}"
    image = "upkeep-testbed/python:latest"
    run = ["docker", "run", "-d", "--label", label, "--name", name, "--entrypoint", "sleep", image, "infinity"]
    subprocess.run(["docker", "rm", "-f", name], check=False, capture_output=True)
    subprocess.run(run, check=True, capture_output=True)
    yield name
    subprocess.run(["docker", "rm", "-f", name], check=True, capture_output=True)


@pytest.mark.usefixtures("old_release")
def test_all_reasons_are_said_at_once(play: Play, shell: Shell) -> None:
    played = play(ROLE_PLAY, "secret", **TESTBED | {"docker_host__docker_source": "preinstalled"})
    assert played.code == 2
    assert HEADLINE in played.text
    assert "wird nicht unterstützt: gefunden Debian GNU/Linux 11 (bullseye), verlangt Debian 12 oder 13." in played.text
    assert "für /var/lib/docker reicht nicht: gefunden 50 MB, verlangt 4096 MB." in played.text
    assert "Docker fehlt oder antwortet nicht: gefunden keine Antwort auf `docker version`" in played.text
    assert played.text.count("Nächster Schritt: ") >= 3
    assert played.changed("secret") == 0
    shell("secret", UNTOUCHED)


def test_a_mere_container_is_refused(play: Play, mere_container: str, tmp_path: Path) -> None:
    inventory = tmp_path / "mere.yml"
    variables = {"ansible_host": mere_container, "ansible_connection": "community.docker.docker"}
    inventory.write_text(json.dumps({"docker_hosts": {"hosts": {"mere": variables}}}))
    played = play(ROLE_PLAY, "mere", "-i", str(inventory), ansible_python_interpreter="python3", **TESTBED)
    assert played.code == 2, played.output
    assert "Prozess 1 ist nicht systemd: gefunden „sleep“, verlangt systemd." in played.text
    assert "einen vollständigen Host nehmen, keinen bloßen Container." in played.text


def test_root_is_not_locked_out_by_its_own_play(play: Play, shell: Shell) -> None:
    played = play(ROLE_PLAY, "secret", docker_host__docker_source="debian")
    assert played.code == 2
    assert "Ansible meldet sich als root an, und genau das wird gesperrt" in played.text
    assert "playbooks/bootstrap.yml" in played.text
    shell("secret", UNTOUCHED)


def test_typos_in_variables_are_refused_before_the_host_is_asked(play: Play) -> None:
    played = play(ROLE_PLAY, "secret", docker_host__docker_source="snap")
    assert played.code == 2
    assert "docker_host__docker_source" in played.text
    assert "preinstalled" in played.text

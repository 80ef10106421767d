"""Docker from Docker's own package repository: the production default.

That repository cannot be reached from here. The next best thing: one with the same layout, signature, package names
and key file, on a neighbouring host; see docker_repository.sh for what it carries.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.docker_host.conftest import ROLE_PLAY, TESTBED, Play, Shell

SCRIPT = Path(__file__).with_name("docker_repository.sh")


@pytest.fixture(scope="module")
def repository(shell: Shell) -> dict[str, str]:
    """The variables that point at the neighbour's repository instead of Docker's."""
    checksum = shell("cloud", f"set -- trixie\n{SCRIPT.read_text()}")
    shell("cloud", "nft delete table inet upkeep 2>/dev/null || true")  # the neighbour serves, whatever ran before
    return {
        "docker_host__docker_source": "docker",
        "docker_host__docker_repository": "http://cloud:8088",
        "docker_host__docker_key_url": "http://cloud:8088/gpg",
        "docker_host__docker_key_checksum": f"sha256:{checksum}",
    }


def test_another_key_than_the_pinned_one_is_refused(play: Play, shell: Shell, repository: dict[str, str]) -> None:
    wrong = {"docker_host__docker_key_checksum": f"sha256:{'0' * 64}"}
    played = play(ROLE_PLAY, "bare", **TESTBED | repository | wrong)
    assert played.code == 2
    assert "Schlüssel der Docker-Paketquelle" in played.text
    assert shell("bare", "ls /etc/apt/keyrings /etc/apt/sources.list.d") == (
        "/etc/apt/keyrings:\n\n/etc/apt/sources.list.d:"
    )


def test_docker_is_installed_from_its_own_source(play: Play, shell: Shell, repository: dict[str, str]) -> None:
    preview = play(ROLE_PLAY, "bare", "--check", **TESTBED | repository)
    assert preview.code == 0, preview.output
    assert "Würde installieren: containerd.io, docker-ce, docker-ce-cli, docker-compose-plugin" in preview.text

    first = play(ROLE_PLAY, "bare", **TESTBED | repository)
    assert first.code == 0, first.output
    assert "Signed-By: /etc/apt/keyrings/docker.asc" in shell("bare", "cat /etc/apt/sources.list.d/docker.sources")
    assert "5:29.0.0" in shell("bare", "dpkg-query -W docker-ce")
    assert shell("bare", "docker version --format '{{.Server.Version}}' && docker compose version --short")

    second = play(ROLE_PLAY, "bare", **TESTBED | repository)
    assert (second.code, second.changed("bare")) == (0, 0), second.output


def test_changing_the_source_of_an_installed_docker_is_refused(play: Play, repository: dict[str, str]) -> None:
    played = play(ROLE_PLAY, "web1", **TESTBED | repository)
    assert played.code == 2
    assert "Docker ist schon aus einer anderen Quelle installiert: gefunden Paket docker.io" in played.text
    assert "„docker_host__docker_source: debian“ setzen" in played.text

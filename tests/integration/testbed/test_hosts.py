"""A testbed host is a machine: systemd, ssh, nested Docker, and it can be rebooted and cut off."""

import json
import socket
import subprocess

import pytest

from testbed.paths import machine_wide
from tests.inside import inside


def test_host_boots_to_running_without_failed_units(shell):
    state = shell("systemctl is-system-running --wait; systemctl --failed --no-legend")
    assert state.stdout.split() == ["running"], state.stdout + state.stderr


def test_nested_container_runs_from_the_mirror_under_its_public_name(docker_host):
    answer = docker_host("docker run --rm haproxy:3.0 sh -c 'id -u; haproxy -v | head -n 1'")
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.splitlines()[0] == "99"
    assert "version 3.0." in answer.stdout


def test_pushed_image_is_pulled_by_the_printed_digest(docker_host, command):
    pushed = command("push", "upkeep-testbed/haproxy:latest", "selftest/gate:1.0.0", "selftest/gate:stable")
    assert pushed.returncode == 0, pushed.stderr
    first, second = pushed.stdout.split()
    digest = first.partition("@")[2]
    assert second == f"selftest/gate:stable@{digest}"
    assert command("digest", "selftest/gate:1.0.0").stdout.strip() == digest
    pulled = docker_host(f"docker pull --quiet registry.upkeep.test:5000/selftest/gate@{digest}")
    assert pulled.returncode == 0, pulled.stderr


def test_memory_limit_is_enforced_in_nested_containers(docker_host):
    greedy = docker_host("docker run --rm --memory 64m python:3.13-slim-trixie python -c 'bytearray(200_000_000)'")
    assert greedy.returncode == 137


def test_python_image_makes_virtual_environments(docker_host):
    made = docker_host("docker run --rm python:3.13-slim-trixie sh -c 'python3 -m venv /tmp/v && /tmp/v/bin/pip -V'")
    assert "python 3.13" in made.stdout, made.stderr


def test_host_comes_back_after_reboot_with_its_files_and_images(bed, host, docker_host, command):
    docker_host("docker pull --quiet haproxy:3.0; echo kept >/root/note")
    before = docker_host("systemctl show -p UserspaceTimestamp --value").stdout
    rebooted = command("reboot", bed, host)
    assert rebooted.returncode == 0, rebooted.stderr
    after = docker_host("cat /root/note; docker image inspect -f ok haproxy:3.0")
    assert after.stdout.split() == ["kept", "ok"], after.stderr
    assert docker_host("systemctl show -p UserspaceTimestamp --value").stdout != before


def test_cut_host_is_silent_until_mended(bed, host, shell, command):
    address = _hosts(command, bed)[host]["ansible_host"]
    assert command("cut", bed, host).returncode == 0
    try:
        with pytest.raises(TimeoutError):
            socket.create_connection((address, 22), timeout=2)
    finally:
        assert command("mend", bed, host).returncode == 0
    assert shell("echo back").stdout == "back\n"


def test_host_cannot_set_the_clock_of_the_machine(shell):
    assert shell("date --set 2020-01-01").returncode != 0


def test_password_host_refuses_the_key_and_knows_its_password(bed, command):
    refused = command("ssh", bed, "locked", "true")
    assert refused.returncode == 255
    variables = _hosts(command, bed)["locked"]
    assert "ansible_ssh_private_key_file" not in variables
    assert len(variables["ansible_password"]) >= 12


def test_unknown_host_is_named_with_the_known_ones(bed, command):
    answer = command("reboot", bed, "nosuch")
    assert answer.returncode == 1
    assert "Host „nosuch“ gibt es in „selftest“ nicht" in answer.stderr
    assert "trixie, bookworm, locked" in answer.stderr


def _hosts(command, bed):
    return json.loads(command("inventory", bed).stdout)["all"]["children"]["testbed"]["hosts"]


def test_commands_through_a_process_that_stays_end_as_with_docker_exec(bed, host, command):
    container = f"{machine_wide(bed)}-{host}"
    assert inside(container, "cat", given=b"a\0b").stdout == b"a\0b"
    killed = inside(container, "sh", "-c", "echo gone >&2; kill -9 $$")
    assert (killed.returncode, killed.stderr) == (137, b"gone\n")
    assert inside(container, "no-such-program").returncode == 127
    with pytest.raises(subprocess.TimeoutExpired):
        inside(container, "sleep", "60", within=0.2)
    assert command("reboot", bed, host).returncode == 0
    assert inside(container, "true").returncode == 0

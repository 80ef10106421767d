"""Starting one host: the container command line, and waiting until it is a machine one can use."""

import secrets
import socket
import time

from testbed import network
from testbed.command import attempt, run
from testbed.engine import docker
from testbed.failure import TestbedError
from testbed.rights import capabilities
from testbed.state import Bed, Host

FLAVOURS = ("debian13-docker", "debian12-docker", "debian13", "debian12")
_BOOT_LIMIT_S = 90
# Not --privileged, because Docker 20.10 refuses that where CAP_SYS_RESOURCE is missing. A private
# cgroup namespace is a must: otherwise the machine's own cgroup mount is altered.
_RIGHTS = (
    *("--cgroupns", "private", "--device-cgroup-rule", "a *:* rwm"),
    *("--security-opt", "seccomp=unconfined", "--security-opt", "apparmor=unconfined"),
)
_DISKS = (
    *("--tmpfs", "/run:exec", "--tmpfs", "/run/lock", "--tmpfs", "/tmp:exec"),  # noqa: S108 (inside the host)
    *("--volume", "/var/lib/docker", "--volume", "/var/lib/containerd"),
)
_NOT_YET = ("offline", "unknown", "", "initializing", "starting")


def image(flavour: str) -> str:
    """Return the recipe name of `flavour`; raises TestbedError for an unknown one."""
    if flavour not in FLAVOURS:
        raise TestbedError(
            f"Unbekannte Host-Art „{flavour}“",
            limit=f"bekannt sind: {', '.join(FLAVOURS)}",
            next_step="zum Beispiel `--hosts web1=debian13-docker`",
        )
    return f"host-{flavour}"


def start_command(bed: Bed, host: Host, *, image_name: str, public_key: str, labels: list[str]) -> list[str]:
    """Return the argv that starts `host`; why it is what it is stands at `_RIGHTS`."""
    rights = [*_RIGHTS, *(part for name in capabilities() for part in ("--cap-add", name))]
    wires = ["--network", bed.network, "--ip", host.address, "--network-alias", host.name, "--hostname", host.name]
    wires += [part for ports in host.published for part in ("--publish", f"127.0.0.1:{ports}")]
    if network.has_ipv6():
        wires += ["--ip6", network.address6(host.address), "--sysctl", "net.ipv6.conf.all.disable_ipv6=0"]
    identity = ["--env", f"TESTBED_LOGIN={host.login}"]
    identity += ["--env", f"TESTBED_ROOT_KEY={public_key}"] if host.login == "key" else []
    marks = [part for label in labels for part in ("--label", label)]
    life = ["--name", host.container, "--restart", "always", "--stop-signal", "SIGRTMIN+3"]
    return docker("run", "-d", *life, *marks, *rights, *_DISKS, *wires, *identity, image_name)


def set_password(host: Host) -> None:
    """Give root the recorded password; it travels over stdin."""
    run(docker("exec", "-i", host.container, "chpasswd"), stdin=f"root:{host.password}\n")


def new_password() -> str:
    """Return a random root password."""
    return secrets.token_urlsafe(12)


def await_ready(host: Host) -> None:
    """Wait until systemd says `running`, ssh answers and, on a Docker flavour, Docker answers."""
    deadline = time.monotonic() + _BOOT_LIMIT_S
    state = _await_systemd(host, deadline)
    if state != "running":
        raise _boot_failure(host, f"systemd meldet „{state}“")
    if not _ssh_answers(host, deadline):
        raise _boot_failure(host, f"Port {host.ssh_port} antwortet nicht")
    if host.flavour.endswith("-docker") and not docker_answers(host):
        raise _boot_failure(host, "der Docker-Daemon im Host antwortet nicht")


def boot_id(host: Host) -> str:
    """Return a text that differs after every boot, empty while the host is not up."""
    shown = attempt(docker("exec", host.container, "systemctl", "show", "-p", "UserspaceTimestampMonotonic", "--value"))
    started = attempt(docker("container", "inspect", "-f", "{{.State.StartedAt}}", host.container))
    return f"{started.stdout.strip()} {shown.stdout.strip()}" if shown.returncode == 0 else ""


def docker_answers(host: Host) -> bool:
    """Say whether the nested daemon answers (its socket unit makes the first question wait)."""
    return attempt(docker("exec", host.container, "docker", "version"), timeout=60).returncode == 0


def container_id(host: Host) -> str:
    """Return the id of the host's container."""
    return run(docker("container", "inspect", "-f", "{{.Id}}", host.container)).strip()


def _await_systemd(host: Host, deadline: float) -> str:
    state = ""
    while time.monotonic() < deadline:
        question = docker("exec", host.container, "systemctl", "is-system-running", "--wait")
        state = attempt(question, timeout=_BOOT_LIMIT_S).stdout.strip()
        if state not in _NOT_YET:
            return state
        time.sleep(0.1)
    return state or "keine Antwort"


def _ssh_answers(host: Host, deadline: float) -> bool:
    while time.monotonic() < deadline:
        try:
            with socket.create_connection((host.address, host.ssh_port), timeout=2) as connection:
                return connection.recv(4) == b"SSH-"
        except OSError:
            time.sleep(0.1)
    return False


def _boot_failure(host: Host, observed: str) -> TestbedError:
    failed = attempt(docker("exec", host.container, "systemctl", "--failed", "--plain", "--no-legend")).stdout.strip()
    log = attempt(docker("logs", "--tail", "5", host.container)).stderr.strip()
    return TestbedError(
        f"Host „{host.name}“ ({host.flavour}) ist nicht bereit",
        observed="; ".join(text for text in (observed, failed, log) if text),
        limit=f"{_BOOT_LIMIT_S} s",
        next_step=f"nachsehen: `docker exec {host.container} journalctl -b -p warning`",
    )

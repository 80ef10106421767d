"""The Docker daemon of this machine: keep one that answers, otherwise install and start Debian's.

Never touches the configuration of an existing daemon and never starts a second one in the
same network namespace (it would delete `docker0` under the first).
"""

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from testbed.command import as_root, attempt, run
from testbed.console import say
from testbed.failure import TestbedError
from testbed.packages import ensure_packages, is_available

_START_LIMIT_S = 60
_DAEMON_PID = Path("/var/run/docker.pid")
_CONTAINERD_PID = Path("/var/run/docker/containerd/containerd.pid")
_OWN_PID = Path("/run/upkeep-testbed-dockerd.pid")
_LOG = Path("/var/log/upkeep-testbed-dockerd.log")
_prefix: list[tuple[str, ...]] = []


def docker(*arguments: str) -> list[str]:
    """Return the argv of a docker command, with sudo where the socket needs it."""
    if not _prefix:
        ensure_engine()
    return [*_prefix[0], "docker", *arguments]


def ensure_engine() -> None:
    """Make sure a Docker daemon answers; keeps the one that already does."""
    if _answers():
        return
    if _daemon_running():
        say("Docker-Daemon läuft schon, antwortet aber noch nicht: warte")
    else:
        _install()
        _start()
    _await_answer()


def version() -> str:
    """Return the daemon's version, e.g. `26.1.5`."""
    return run(docker("version", "--format", "{{.Server.Version}}")).strip()


def _answers() -> bool:
    if shutil.which("docker") is None:
        return False
    for prefix in ((), ("sudo", "-n")):
        if prefix and (os.geteuid() == 0 or shutil.which("sudo") is None):
            continue
        if attempt([*prefix, "docker", "version", "--format", "{{.Server.Version}}"], timeout=20).returncode == 0:
            _prefix[:] = [prefix]
            return True
    return False


def _daemon_running() -> bool:
    """Say whether a dockerd lives in our own network namespace (nested ones have their own)."""
    own = str(Path("/proc/self/ns/net").readlink())
    return any(_network_namespace(pid) == own for pid in _processes_named("dockerd"))


def _processes_named(name: str) -> Iterator[str]:
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and _process_name(entry.name) == name:
            yield entry.name


def _process_name(pid: str) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def _network_namespace(pid: str) -> str:
    link = attempt([*as_root(), "readlink", f"/proc/{pid}/ns/net"])
    return link.stdout.strip()


def _install() -> None:
    if shutil.which("dockerd") or Path("/usr/sbin/dockerd").exists():
        return
    ensure_packages(["docker.io", "iptables"], why="Docker")
    if shutil.which("docker") is None and is_available("docker-cli"):
        ensure_packages(["docker-cli"], why="den Docker-Befehl")


def _start() -> None:
    if Path("/run/systemd/system").is_dir():
        say("Starte Docker (systemd)")
        run([*as_root(), "systemctl", "enable", "--now", "docker"], timeout=_START_LIMIT_S + 30)
    else:
        _start_without_systemd()


def _start_without_systemd() -> None:
    say("Starte Docker (ohne systemd)")
    _clear_stale_pid(_DAEMON_PID, "dockerd")
    _clear_stale_pid(_CONTAINERD_PID, "containerd")
    _clear_stale_pid(_OWN_PID, "dockerd")
    # Debian's init script dies on `ulimit -n 1048576` where CAP_SYS_RESOURCE is missing.
    start = (
        f"exec start-stop-daemon --start --oknodo --background --no-close --make-pidfile --pidfile {_OWN_PID} "
        f'--exec "$(command -v dockerd)" >>{_LOG} 2>&1'
    )
    run([*as_root(), "env", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "sh", "-c", start])


def _clear_stale_pid(file: Path, owner: str) -> None:
    """Remove a pid file whose process is gone or is somebody else by now."""
    try:
        pid = file.read_text().strip()
    except OSError:
        return
    if _process_name(pid) != owner:
        run([*as_root(), "rm", "-f", str(file)])


def _await_answer() -> None:
    deadline = time.monotonic() + _START_LIMIT_S
    while time.monotonic() < deadline:
        if _answers():
            return
        time.sleep(0.3)
    last = attempt([*as_root(), "tail", "-n", "5", str(_LOG)]).stdout.strip()
    raise TestbedError(
        "Docker-Daemon antwortet nicht",
        observed=last or "kein Protokoll gefunden",
        limit=f"{_START_LIMIT_S} s",
        next_step=f"Protokoll ansehen: `tail -n 50 {_LOG}` oder `journalctl -u docker`",
    )

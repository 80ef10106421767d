"""What a machine is before Upkeep turns it into a Docker host. `upkeep_docker_host_limits` judges it.

Core of the module `upkeep_docker_host_preflight`. Standard library only, and no syntax newer than Python 3.8:
it has to say politely on an old Debian that the Debian is too old. Texts for operators are German.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible.module_utils.upkeep_session import login_user

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Argv = Sequence[str]
    Output = Callable[[Argv], str | None]  # what a command printed; None if it failed or is not installed

RIVALS = ("nftables.service", "ufw.service", "firewalld.service")
TIME_DAEMONS = ("systemd-timesyncd", "chrony", "ntpsec", "openntpd")
DOCKER_PACKAGES = ("docker.io", "docker-ce")


@dataclass(frozen=True)
class Host:
    """What was found. `docker` and `compose` are versions, empty where there is none or no answer.

    `login` is who came in over SSH, empty where nobody did.
    """

    system: str
    release: str
    title: str
    codename: str
    init: str
    machine: str
    memory_mb: int
    free_mb: int
    container: bool
    packages: tuple[str, ...]
    units: dict[str, dict[str, str]]
    docker: str
    compose: str
    daemon: dict[str, Any] | None
    daemon_readable: bool
    swarm: bool
    mirror: str
    timezone: str
    login: str


def output_of(argv: Argv) -> str | None:
    """Run a command; None if it failed or is not installed."""
    try:
        done = subprocess.run(
            list(argv), capture_output=True, text=True, check=False, env={**os.environ, "LC_ALL": "C"}
        )
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def observe(
    packages: Sequence[str], units: Sequence[str], data_root: str, output: Output = output_of, root: Path = Path("/")
) -> Host:
    """Look at the host; changes nothing. Of the installed packages only the named ones are reported."""
    release = os_release(root)
    daemon, readable = daemon_options(root)
    return Host(
        system=release.get("ID", "unbekannt"),
        release=release.get("VERSION_ID", ""),
        title=release.get("PRETTY_NAME", "ein unbekanntes System"),
        codename=release.get("VERSION_CODENAME", ""),
        init=text(root / "proc/1/comm").strip() or "unbekannt",
        machine=os.uname().machine,
        memory_mb=memory_mb(text(root / "proc/meminfo")),
        free_mb=free_mb(root / data_root.lstrip("/")),
        container=output(["systemd-detect-virt", "--container"]) is not None,
        packages=installed(
            output(["dpkg-query", "-W", "-f", "${db:Status-Status} ${Package}\\n"]) or "",
            {*packages, *TIME_DAEMONS, *DOCKER_PACKAGES},
        ),
        units=unit_states(output(["systemctl", "show", "-p", "Id,UnitFileState,ActiveState", *units, *RIVALS]) or ""),
        docker=output(["docker", "version", "--format", "{{.Server.Version}}"]) or "",
        compose=(output(["docker", "compose", "version", "--short"]) or "").lstrip("v"),
        daemon=daemon,
        daemon_readable=readable,
        swarm=(root / data_root.lstrip("/") / "swarm/certificates").is_dir(),
        mirror=debian_mirror(root),
        timezone=timezone(root),
        login=login_user(),
    )


def text(path: Path) -> str:
    """Return a file's text, empty where there is none."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def os_release(root: Path) -> dict[str, str]:
    """Return the fields of /etc/os-release."""
    pairs = (line.partition("=") for line in text(root / "etc/os-release").splitlines())
    return {name: value.strip("\"'") for name, _, value in pairs}


def memory_mb(meminfo: str) -> int:
    """Return MemTotal in MB."""
    found = re.search(r"MemTotal:\s+(\d+) kB", meminfo)
    return int(found.group(1)) // 1024 if found else 0


def free_mb(path: Path) -> int:
    """Return the free space in MB where `path` is or will be."""
    while not path.exists():
        path = path.parent
    space = os.statvfs(path)
    return space.f_bavail * space.f_frsize // (1024 * 1024)


def installed(listing: str, wanted: set[str]) -> tuple[str, ...]:
    """Return those of the wanted names that dpkg-query's `status name` lines call installed."""
    words = (line.split() for line in listing.splitlines())
    return tuple(sorted({word[1] for word in words if word[:1] == ["installed"] and word[1] in wanted}))


def unit_states(listing: str) -> dict[str, dict[str, str]]:
    """Return {unit: {UnitFileState, ActiveState}} from the blocks of `systemctl show`."""
    states = {}
    for block in listing.split("\n\n"):
        fields = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
        if "Id" in fields:
            states[fields.pop("Id")] = fields
    return states


def daemon_options(root: Path) -> tuple[dict[str, Any] | None, bool]:
    """Return daemon.json (None where there is none) and whether it is readable as a JSON object."""
    written = text(root / "etc/docker/daemon.json")
    if not written.strip():
        return None, True
    try:
        options = json.loads(written)
    except ValueError:
        return None, False
    return (options, True) if isinstance(options, dict) else (None, False)


def debian_mirror(root: Path) -> str:
    """Return the mirror this host already uses, so that no address need be known here; empty if it uses none."""
    sources = [root / "etc/apt/sources.list", *sorted((root / "etc/apt/sources.list.d").glob("*"))]
    for line in (line for source in sources for line in text(source).splitlines()):
        found = re.match(r"(?:deb\s+(?:\[.*?\]\s+)?|URIs:\s+)(\S+/debian/?)(?:\s|$)", line)
        if found:
            return found.group(1)
    return ""


def timezone(root: Path) -> str:
    """Return the time zone's name, e.g. `Europe/Berlin`."""
    link = root / "etc/localtime"
    return os.readlink(link).partition("zoneinfo/")[2] if link.is_symlink() else "UTC"  # noqa: PTH115 - Python 3.8

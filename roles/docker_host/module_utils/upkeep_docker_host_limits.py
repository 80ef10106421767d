"""What a machine must be before Upkeep turns it into a Docker host; every refusal says what to do next.

Core of the module `upkeep_docker_host_preflight`. Standard library only, and no syntax newer than Python 3.8:
it has to say politely on an old Debian that the Debian is too old. Texts for operators are German.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from ansible.module_utils.upkeep_docker_host import RIVALS, Host

OWNER_LABEL = "upkeep.role=docker_host"  # in daemon.json: the file is ours


@dataclass(frozen=True)
class Limits:
    """What is asked of the host; sizes in MB."""

    supported: dict[str, list[str]]
    architectures: list[str]
    minimum_free_mb: int
    minimum_memory_mb: int
    compose_minimum: str
    docker_source: str
    docker_required: bool
    daemon: dict[str, Any]
    data_root: str
    firewall: bool
    root_login: str


@dataclass(frozen=True)
class Finding:
    """Why this host will not do."""

    what: str
    observed: str
    limit: str
    next_step: str

    def __str__(self) -> str:
        return f"{self.what}: gefunden {self.observed}, verlangt {self.limit}. Nächster Schritt: {self.next_step}"


def judge(host: Host, limits: Limits) -> list[Finding]:
    """Return every reason why the host will not do; an empty list means it will."""
    return [
        finding
        for rule in (_system, _init, _machine, _memory, _disk, _docker, _origin, _daemon, _swarm, _rivals, _login)
        for finding in [rule(host, limits)]
        if finding
    ]


def version(number: str) -> tuple[int, ...]:
    """Return `2.26.1-4` as (2, 26, 1), so that versions compare as numbers."""
    found = re.match(r"\d+(\.\d+)*", number)
    return tuple(int(part) for part in found.group().split(".")) if found else ()


def _system(host: Host, limits: Limits) -> Finding | None:
    if host.release in limits.supported.get(host.system, []):
        return None
    known = "; ".join(f"{name.capitalize()} {' oder '.join(numbers)}" for name, numbers in limits.supported.items())
    return Finding(
        "Das Betriebssystem wird nicht unterstützt", host.title, known, "den Host mit Debian 13 neu aufsetzen."
    )


def _init(host: Host, limits: Limits) -> Finding | None:
    if host.init == "systemd":
        return None
    return Finding(
        "Prozess 1 ist nicht systemd",
        f"„{host.init}“",
        "systemd",
        "einen vollständigen Host nehmen, keinen bloßen Container.",
    )


def _machine(host: Host, limits: Limits) -> Finding | None:
    if host.machine in limits.architectures:
        return None
    return Finding(
        "Die Prozessorarchitektur passt nicht",
        host.machine,
        " oder ".join(limits.architectures),
        "einen passenden Host nehmen oder „docker_host__architectures“ erweitern.",
    )


def _memory(host: Host, limits: Limits) -> Finding | None:
    if host.memory_mb >= limits.minimum_memory_mb:
        return None
    return Finding(
        "Der Arbeitsspeicher reicht nicht",
        f"{host.memory_mb} MB",
        f"{limits.minimum_memory_mb} MB",
        "dem Host mehr Speicher geben oder „docker_host__minimum_memory_mb“ senken.",
    )


def _disk(host: Host, limits: Limits) -> Finding | None:
    if host.free_mb >= limits.minimum_free_mb:
        return None
    return Finding(
        f"Der freie Platz für {limits.data_root} reicht nicht",
        f"{host.free_mb} MB",
        f"{limits.minimum_free_mb} MB",
        "Platz schaffen (`docker system df` zeigt, was Docker belegt) oder „docker_host__minimum_free_mb“ senken.",
    )


def _docker(host: Host, limits: Limits) -> Finding | None:
    if not limits.docker_required:
        return None
    if not host.docker:
        return Finding(
            "Docker fehlt oder antwortet nicht",
            "keine Antwort auf `docker version`",
            "ein laufender Docker-Daemon",
            "`systemctl status docker` ansehen oder „docker_host__docker_source“ auf „docker“ stellen.",
        )
    if version(host.compose) < version(limits.compose_minimum):
        return Finding(
            "Docker Compose v2 fehlt oder ist zu alt",
            host.compose or "keines",
            f"{limits.compose_minimum} oder neuer",
            "das Paket docker-compose-plugin (Docker) oder docker-compose (Debian 13) installieren.",
        )
    return None


def _origin(host: Host, limits: Limits) -> Finding | None:
    foreign = {"docker": "docker.io", "debian": "docker-ce"}.get(limits.docker_source, "")
    if foreign not in host.packages:
        return None
    other = "debian" if limits.docker_source == "docker" else "docker"
    return Finding(
        "Docker ist schon aus einer anderen Quelle installiert",
        f"Paket {foreign}",
        f"„docker_host__docker_source: {limits.docker_source}“",
        f"„docker_host__docker_source: {other}“ setzen oder {foreign} vorher entfernen.",
    )


def _daemon(host: Host, limits: Limits) -> Finding | None:
    if not host.daemon_readable:
        return Finding(
            "/etc/docker/daemon.json ist kein JSON-Objekt",
            "eine unlesbare Datei",
            "gültiges JSON",
            "die Datei berichtigen oder entfernen.",
        )
    if host.daemon is None or OWNER_LABEL in (host.daemon.get("labels") or []):
        return None
    lost = sorted(set(host.daemon) - set(limits.daemon))
    if not lost:
        return None
    return Finding(
        "/etc/docker/daemon.json stammt nicht von Upkeep und ginge teilweise verloren",
        ", ".join(lost),
        "nur Einstellungen, die das Inventar kennt",
        "sie in „docker_host__daemon_options“ übernehmen oder aus der Datei streichen.",
    )


def _swarm(host: Host, limits: Limits) -> Finding | None:
    if not (host.swarm and limits.daemon.get("live-restore")):
        return None
    return Finding(
        "Docker Swarm verträgt kein live-restore",
        "ein Host im Swarm",
        "„docker_host__live_restore: false“",
        "die Variable im Inventar setzen.",
    )


def _rivals(host: Host, limits: Limits) -> Finding | None:
    enabled = [unit for unit in RIVALS if host.units.get(unit, {}).get("UnitFileState") == "enabled"]
    if not (limits.firewall and enabled):
        return None
    return Finding(
        "Eine zweite Firewall-Verwaltung ist eingeschaltet und löscht beim Laden fremde Regeln",
        ", ".join(enabled),
        "keine neben upkeep-firewall.service",
        f"`systemctl disable {' '.join(enabled)}` oder „docker_host__firewall: false“ setzen.",
    )


def _login(host: Host, limits: Limits) -> Finding | None:
    if limits.root_login != "no" or host.login != "root":
        return None
    return Finding(
        "Ansible meldet sich als root an, und genau das wird gesperrt",
        "Anmeldung als root",
        "„docker_host__ssh_root_login: prohibit-password“ oder ein anderer Benutzer",
        "`ansible-playbook playbooks/bootstrap.yml` legt einen an; danach „ansible_user“ im Inventar setzen.",
    )

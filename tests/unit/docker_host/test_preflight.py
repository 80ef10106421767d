"""A machine that will not do is refused with what was found, what is asked, and what to do next."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.upkeep_docker_host import Host, observe
from ansible.module_utils.upkeep_docker_host_limits import Limits, judge, version

GOOD = Host(
    system="debian",
    release="13",
    title="Debian GNU/Linux 13 (trixie)",
    codename="trixie",
    init="systemd",
    machine="x86_64",
    memory_mb=2000,
    free_mb=20000,
    container=False,
    packages=("docker.io",),
    units={},
    docker="26.1.5",
    compose="2.26.1-4",
    daemon=None,
    daemon_readable=True,
    swarm=False,
    mirror="",
    timezone="Europe/Berlin",
    login="anna",
)
LIMITS = Limits(
    supported={"debian": ["12", "13"]},
    architectures=["x86_64"],
    minimum_free_mb=4096,
    minimum_memory_mb=900,
    compose_minimum="2.20",
    docker_source="debian",
    docker_required=True,
    daemon={"live-restore": True, "labels": ["upkeep.role=docker_host"]},
    data_root="/var/lib/docker",
    firewall=True,
    root_login="no",
)


def refusals(limits: Limits = LIMITS, **found: Any) -> list[str]:
    return [str(finding) for finding in judge(dataclasses.replace(GOOD, **found), limits)]


def asked(**wanted: Any) -> Limits:
    return dataclasses.replace(LIMITS, **wanted)


def test_a_good_host_is_accepted() -> None:
    assert refusals() == []


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (
            {"release": "11", "title": "Debian GNU/Linux 11 (bullseye)"},
            "nicht unterstützt: gefunden Debian GNU/Linux 11 (bullseye), verlangt Debian 12 oder 13.",
        ),
        (
            {"system": "ubuntu", "release": "24.04", "title": "Ubuntu 24.04"},
            "gefunden Ubuntu 24.04, verlangt Debian 12",
        ),
        ({"init": "bash"}, "Prozess 1 ist nicht systemd: gefunden „bash“, verlangt systemd."),
        ({"machine": "armv7l"}, "Prozessorarchitektur passt nicht: gefunden armv7l, verlangt x86_64."),
        ({"memory_mb": 480}, "Der Arbeitsspeicher reicht nicht: gefunden 480 MB, verlangt 900 MB."),
        ({"free_mb": 300}, "Der freie Platz für /var/lib/docker reicht nicht: gefunden 300 MB, verlangt 4096 MB."),
        ({"docker": ""}, "Docker fehlt oder antwortet nicht: gefunden keine Antwort"),
        ({"compose": ""}, "Docker Compose v2 fehlt oder ist zu alt: gefunden keines, verlangt 2.20 oder neuer."),
        ({"compose": "2.3.1"}, "zu alt: gefunden 2.3.1, verlangt 2.20 oder neuer."),
        ({"packages": ("docker-ce",)}, "aus einer anderen Quelle installiert: gefunden Paket docker-ce"),
        ({"daemon_readable": False}, "daemon.json ist kein JSON-Objekt"),
        ({"swarm": True}, "Docker Swarm verträgt kein live-restore"),
        (
            {"units": {"nftables.service": {"UnitFileState": "enabled"}}},
            "ist eingeschaltet und löscht beim Laden fremde Regeln: gefunden nftables.service, verlangt keine",
        ),
        ({"login": "root"}, "Ansible meldet sich als root an, und genau das wird gesperrt"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_each_reason_says_what_was_found_and_what_is_asked(found: dict[str, Any], said: str) -> None:
    (refusal,) = refusals(**found)
    assert said in refusal
    assert "Nächster Schritt: " in refusal


def test_all_reasons_come_at_once() -> None:
    assert len(refusals(release="11", init="bash", memory_mb=1, free_mb=1)) == 4


def test_foreign_daemon_settings_are_never_lost_silently() -> None:
    (refusal,) = refusals(daemon={"data-root": "/data/docker", "live-restore": False})
    assert "ginge teilweise verloren: gefunden data-root" in refusal
    assert "docker_host__daemon_options" in refusal


def test_own_daemon_settings_may_shrink() -> None:
    assert refusals(daemon={"data-root": "/data", "labels": ["upkeep.role=docker_host"]}) == []


def test_missing_docker_is_fine_where_it_will_be_installed() -> None:
    assert refusals(asked(docker_required=False), docker="", compose="", packages=()) == []


def test_root_may_log_in_where_root_keeps_its_key() -> None:
    assert refusals(asked(root_login="prohibit-password"), login="root") == []


def test_other_firewalls_are_fine_where_ours_is_off() -> None:
    assert refusals(asked(firewall=False), units={"ufw.service": {"UnitFileState": "enabled"}}) == []


def test_versions_compare_as_numbers() -> None:
    assert version("2.26.1-4") == (2, 26, 1)
    assert version("2.9") < version("2.20")
    assert version("") == ()


class Answers:
    """What the programs of a host print; None where they fail."""

    lines: dict[str, str] = {  # noqa: RUF012 - constant
        "dpkg-query": "installed docker.io\nconfig-files ufw\ninstalled bash\ninstalled chrony",
        "systemctl": "Id=docker.service\nActiveState=active\nUnitFileState=enabled\n\nId=ufw.service\nUnitFileState=",
        "docker version": "26.1.5",
        "docker compose": "v2.26.1",
    }

    def __call__(self, argv: Sequence[str]) -> str | None:
        return next((said for start, said in self.lines.items() if " ".join(argv).startswith(start)), None)


def test_observation_reads_a_debian_host(tmp_path: Path) -> None:
    for name, text in {
        "etc/os-release": 'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12"\nVERSION_CODENAME=bookworm\n',
        "proc/1/comm": "systemd\n",
        "proc/meminfo": "MemTotal:        2048000 kB\n",
        "etc/docker/daemon.json": '{"live-restore": true}',
        "etc/apt/sources.list.d/debian.sources": "Types: deb\nURIs: http://mirror.example/debian\nSuites: bookworm\n",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "etc/localtime").symlink_to("/usr/share/zoneinfo/Europe/Berlin")
    host = observe(["bash"], ["docker.service"], "/var/lib/docker", Answers(), tmp_path)
    assert (host.system, host.release, host.codename, host.init) == ("debian", "12", "bookworm", "systemd")
    assert host.memory_mb == 2000
    assert host.free_mb > 0
    assert host.packages == (
        "bash",
        "chrony",
        "docker.io",
    )  # asked for, or known to matter; ufw is only left-over config
    assert host.units["docker.service"] == {"ActiveState": "active", "UnitFileState": "enabled"}
    assert (host.docker, host.compose) == ("26.1.5", "2.26.1")
    assert host.daemon == {"live-restore": True}
    assert host.mirror == "http://mirror.example/debian"
    assert host.timezone == "Europe/Berlin"
    assert host.container is False


def test_observation_of_an_empty_machine_finds_nothing_and_does_not_fail(tmp_path: Path) -> None:
    host = observe([], [], "/var/lib/docker", lambda argv: None, tmp_path)
    assert (host.system, host.init, host.docker, host.compose) == ("unbekannt", "unbekannt", "", "")
    assert len(judge(host, LIMITS)) >= 4


@pytest.mark.parametrize("written", ["{", "[]", '"text"'])
def test_unreadable_daemon_json_is_reported(tmp_path: Path, written: str) -> None:
    (tmp_path / "etc/docker").mkdir(parents=True)
    (tmp_path / "etc/docker/daemon.json").write_text(written)
    assert observe([], [], "/var/lib/docker", lambda argv: None, tmp_path).daemon_readable is False

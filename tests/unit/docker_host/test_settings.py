"""What the role makes of its variables: daemon.json, firewall rules, sshd's drop-in, what there is to install."""

from __future__ import annotations

import re
from typing import Any

from tests.unit.roles.rendering import Rendering

HOST = {
    "release": "13",
    "container": False,
    "packages": ["ca-certificates", "nftables", "tzdata"],
    "time_daemon": "",
    "units": {"docker.service": {"UnitFileState": "enabled"}},
}


def role(host: dict[str, Any] | None = None, compose_ok: bool = True, **given: Any) -> Rendering:
    seen = {"host": HOST | (host or {}), "compose_ok": compose_ok}
    return Rendering("docker_host", __docker_host__preflight=seen, **given)


def firewall(**given: Any) -> list[str]:
    return [line.strip() for line in role(**given).template("firewall.nft.j2").splitlines()]


def test_daemon_json_rotates_logs_and_is_marked_as_ours() -> None:
    assert role().value("__docker_host__daemon") == {
        "labels": ["upkeep.role=docker_host"],
        "live-restore": True,
        "log-driver": "json-file",
        "log-opts": {"max-file": "5", "max-size": "10m"},  # Docker wants strings
        "userland-proxy": True,
    }


def test_daemon_json_takes_registries_pools_and_anything_else() -> None:
    daemon = role(
        docker_host__insecure_registries=["registry.upkeep.test:5000"],
        docker_host__address_pools=[{"base": "10.200.0.0/16", "size": 24}],
        docker_host__daemon_options={"data-root": "/data", "labels": ["room=7"], "log-opts": {"compress": "true"}},
    ).value("__docker_host__daemon")
    assert daemon["insecure-registries"] == ["registry.upkeep.test:5000"]
    assert daemon["default-address-pools"] == [{"base": "10.200.0.0/16", "size": 24}]
    assert daemon["data-root"] == "/data"
    assert daemon["labels"] == ["upkeep.role=docker_host", "room=7"]
    assert daemon["log-opts"] == {"compress": "true", "max-file": "5", "max-size": "10m"}
    assert "registry-mirrors" not in daemon


def test_firewall_replaces_only_its_own_table() -> None:
    lines = firewall()
    assert "table inet upkeep" in lines
    assert "delete table inet upkeep" in lines
    assert not [line for line in lines if "flush" in line]


def test_open_ports_mean_what_the_sender_addressed() -> None:
    lines = firewall(docker_host__open_ports=["80", "443/udp", "8000-8010"])
    assert "meta l4proto tcp ct original proto-dst 80 accept" in lines
    assert "meta l4proto udp ct original proto-dst 443 accept" in lines
    assert "meta l4proto tcp ct original proto-dst 8000-8010 accept" in lines


def test_restricted_ports_keep_address_families_apart() -> None:
    rule = {"port": "9443", "sources": ["10.0.0.0/8", "192.0.2.1", "fd00::/8"]}
    lines = firewall(docker_host__restricted_ports=[rule])
    assert "ip saddr { 10.0.0.0/8, 192.0.2.1 } meta l4proto tcp ct original proto-dst 9443 accept" in lines
    assert "ip6 saddr { fd00::/8 } meta l4proto tcp ct original proto-dst 9443 accept" in lines


def test_ssh_is_open_to_all_unless_sources_are_named() -> None:
    assert 'tcp dport { 22, 2222 } accept comment "ssh"' in firewall(docker_host__ssh_ports=["22", "2222"])
    limited = firewall(docker_host__ssh_sources=["198.51.100.0/24"])
    assert 'ip saddr { 198.51.100.0/24 } tcp dport { 22 } accept comment "ssh"' in limited
    assert not [line for line in limited if line.startswith("tcp dport")]


def test_what_is_published_but_not_open_is_dropped_after_the_open_ports() -> None:
    lines = firewall()
    opened, dropped = lines.index("ct status dnat jump published"), "ct status dnat counter drop"
    assert lines[opened + 1].startswith(dropped)


def test_firewall_switched_off_leaves_no_table() -> None:
    lines = firewall(docker_host__firewall=False)
    assert lines[-1] == "delete table inet upkeep"


def test_sshd_drop_in_and_expectation_agree() -> None:
    hardened = role(docker_host__ssh_root_login="prohibit-password", docker_host__ssh_allowed_users=["anna", "ben"])
    text = hardened.template("sshd.conf.j2")
    assert "PasswordAuthentication no" in text
    assert "PermitRootLogin prohibit-password" in text
    assert "AllowUsers anna ben" in text
    # sshd -T spells it the old way
    assert "permitrootlogin without-password" in hardened.value("__docker_host__sshd_expected")
    assert "permitrootlogin no" in role().value("__docker_host__sshd_expected")


def test_sshd_drop_in_says_nothing_where_hardening_is_off() -> None:
    text = role(docker_host__ssh_hardening=False).template("sshd.conf.j2")
    assert not re.search(r"^[^#]", text, re.MULTILINE)


def test_only_what_is_missing_is_installed() -> None:
    present = {"packages": ["ca-certificates", "nftables", "tzdata", "unattended-upgrades", "docker.io", "docker-cli"]}
    missing = role(present | {"time_daemon": "chrony"}, False, docker_host__docker_source="debian")
    assert missing.value("__docker_host__missing") == ["docker-compose"]


def test_fresh_host_gets_docker_from_docker_and_a_clock() -> None:
    assert set(role(compose_ok=False).value("__docker_host__missing")) == {
        "containerd.io",
        "docker-ce",
        "docker-ce-cli",
        "docker-compose-plugin",
        "systemd-timesyncd",
        "unattended-upgrades",
    }


def test_container_gets_no_clock_of_its_own() -> None:
    assert "systemd-timesyncd" not in role({"container": True}).value("__docker_host__missing")


def test_compose_comes_from_debian_13_only_where_it_has_to() -> None:
    source = {"docker_host__docker_source": "debian"}
    assert role({"release": "12"}, compose_ok=False, **source).value("__docker_host__needs_debian13") is True
    assert role({"release": "12"}, compose_ok=True, **source).value("__docker_host__needs_debian13") is False
    assert role({"release": "13"}, compose_ok=False, **source).value("__docker_host__needs_debian13") is False


def test_only_units_that_are_off_are_switched_on() -> None:
    assert role().value("__docker_host__units_to_enable") == ["unattended-upgrades.service", "upkeep-firewall.service"]

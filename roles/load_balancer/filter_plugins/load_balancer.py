"""Filters of role load_balancer: who serves what, and whether the host's firewall lets it through."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

OPENED = re.compile(r"meta l4proto tcp ct original proto-dst (\d+)(?:-(\d+))? accept")


def balanced(
    services: list[dict[str, Any]],
    groups: Mapping[str, list[str]],
    hostvars: Mapping[str, Mapping[str, Any]],
    addresses: Mapping[str, str],
    ports: Mapping[str, int],
) -> list[dict[str, Any]]:
    """The services with their servers (`name`, `address`, `port`) in the inventory's order."""
    return [_service(service, groups, hostvars, addresses, ports) for service in services]


def _service(service, groups, hostvars, addresses, ports):
    names = service.get("host_names") or []
    servers = [
        {
            "name": host,
            "address": _bracketed(addresses.get(host) or hostvars[host].get("ansible_host") or host),
            "port": ports.get(host) or service["port"],
        }
        for host in groups.get(service["group"], [])
    ]
    health_host = service.get("health_host") or (names or [service["name"]])[0]
    return service | {"host_names": names, "health_host": health_host, "servers": servers}


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def unopened(ports: Iterable[int], rules: str) -> list[int]:
    """Those of `ports` that the firewall of role docker_host drops; none where it has no rules."""
    if "chain published" not in rules:
        return []
    spans = [(int(first), int(last or first)) for first, last in OPENED.findall(rules)]
    return [port for port in ports if not any(first <= port <= last for first, last in spans)]


def certificate_files(certificates: Mapping[str, str], folder: str) -> list[dict[str, Any]]:
    """For module upkeep_files."""
    return [
        {"path": f"{folder}/{name}.pem", "content": pem.strip() + "\n", "mode": "0600", "secret": True}
        for name, pem in certificates.items()
    ]


def served(servers: list[dict[str, Any]]) -> list[str]:
    """German, a line per server."""
    return [f"{server['backend']}/{server['name']}: {_state(server)}" for server in servers]


def _state(server: Mapping[str, Any]) -> str:
    if server["drained"]:
        return "abgehängt"
    return "bedient" if server["status"].startswith("UP") else f"bedient nicht ({server['check'] or server['status']})"


class FilterModule:
    """What Ansible loads."""

    def filters(self) -> dict[str, Any]:
        return {"balanced": balanced, "unopened": unopened, "served": served, "certificate_files": certificate_files}

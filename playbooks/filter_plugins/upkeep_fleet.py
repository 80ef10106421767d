"""Filters of the playbooks for several hosts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


def fleet_reason(failed: Mapping[str, Any]) -> str:
    """What went wrong, also where a loop says only that something did."""
    items = [item for item in failed.get("results") or () if item.get("failed") or item.get("unreachable")]
    return str((items or [failed])[0].get("msg") or "ohne Angabe eines Grundes")


def fleet_updated(hosts: Iterable[str], hostvars: Mapping[str, Any], but: str) -> list[dict[str, str]]:
    """`{host, stack}` of everything this play has updated on other hosts than `but`, newest first."""
    return [
        {"host": host, "stack": result["item"]}
        for host in reversed(list(hosts))
        for result in reversed((hostvars[host].get("updates") or {}).get("results") or [])
        if host != but and result.get("result") == "updated"
    ]


def fleet_ending(hosts: list[str], host: str, updated: list[dict[str, str]], reverts: bool) -> str:
    """German: what became of the other hosts."""
    names = ", ".join(dict.fromkeys(entry["host"] for entry in reversed(updated)))
    fate = "wieder zurückgenommen (siehe Ergebnis)" if reverts else "bleibt so"
    done = f"Vorher aktualisiert, {fate}: {names}. " if names else ""
    return f"\n{done}Nicht mehr angefasst: {', '.join(hosts[hosts.index(host) + 1 :]) or 'niemand'}."


class FilterModule:
    """What Ansible loads."""

    def filters(self) -> dict[str, Any]:
        return {"fleet_reason": fleet_reason, "fleet_updated": fleet_updated, "fleet_ending": fleet_ending}

"""Filters of role win_base: what a server lacks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

GIGABYTE = 1024**3
NAMES = {
    "cores": "Kerne",
    "memory_gb": "GB Arbeitsspeicher",
    "disk_gb": "GB auf Laufwerk C",
    "free_gb": "GB frei auf C",
}


def windows_hardware(facts: Mapping[str, Any], disks: list[dict[str, Any]]) -> dict[str, int]:
    """Cores, memory and the C drive of a server, in the units of the limits."""
    volumes = [
        volume
        for disk in disks
        for part in disk["partitions"]
        if part["drive_letter"] == "C"
        for volume in part["volumes"]
    ]
    # A machine sold with 8 GB shows a little less.
    return {
        "cores": int(facts["ansible_processor_vcpus"]),
        "memory_gb": round(int(facts["ansible_memtotal_mb"]) / 1024),
        "disk_gb": round(sum(volume["size"] for volume in volumes) / GIGABYTE),
        "free_gb": sum(volume["size_remaining"] for volume in volumes) // GIGABYTE,
    }


def lacking(hardware: Mapping[str, int], wanted: Mapping[str, int]) -> str:
    """German: everything that is less than wanted; empty where nothing is."""
    less = [(hardware[key], limit, NAMES[key]) for key, limit in wanted.items() if hardware[key] < limit]
    return ", ".join(f"{have} {name} (verlangt: {limit})" for have, limit, name in less)


class FilterModule:
    """What Ansible loads."""

    def filters(self) -> dict[str, Any]:
        return {"windows_hardware": windows_hardware, "lacking": lacking}

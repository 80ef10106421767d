"""The stage of a room: a testbed, an inventory with the tiny app as a foreign stack, its vault, its versions."""

from __future__ import annotations

import copy
import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.faults.managed import ManagedHost
from tests.faults.plays import ROOT, Plays
from tests.faults.versions import REGISTRY, Versions, versions_of
from tests.integration.upkeep.images import testbed

STACK = "probe"
# Testbed hosts are reached as root with a key and come with Docker; production logs in as the admin bootstrap made.
HOST_SETTINGS = {
    "docker_host__docker_source": "debian",
    "docker_host__ssh_root_login": "prohibit-password",
    "docker_host__registry_mirrors": [f"http://{REGISTRY}"],
    "docker_host__insecure_registries": [REGISTRY],
    "docker_host__open_ports": ["80"],
    "docker_host__unattended_upgrades": False,
}


@dataclass(frozen=True)
class Stage:
    """One host with one stack `probe`: an application that is not ours, from variables alone."""

    host: ManagedHost
    plays: Plays
    versions: Versions
    settings: dict[str, Any]

    def stacks(self, **changes: Any) -> dict[str, Any]:
        """The inventory's `stacks` with other settings for `probe`: for `-e`."""
        return {STACK: copy.deepcopy(self.settings) | changes}

    def newer(self, late: float = 0) -> tuple[str, str]:
        """Publish the next version (ready after `late` seconds) and let the channel offer it; returns what runs now
        and what is new."""
        before = str(self.host.status()["release"]["version"])
        newer = f"1.{int(before.split('.')[1]) + 1}.0"
        self.versions.derive(newer, "1.0.0", late, offer=True)
        return before, newer


def settings(versions: Versions, **changes: Any) -> dict[str, Any]:
    """Role stack's variables (without prefix) for the tiny app."""
    return {
        "title": "Probe",
        "image": {"channel": versions.channel},
        "registries_allowed": [REGISTRY],
        "version_path": "/api/health",
        "ready_timeout": 20,
        "drain_timeout": 5,
        "stop_timeout": 5,
        "minimum_free_mb": 100,
        "bake": 2,
        "maintenance_title": "Probe wird aktualisiert",
    } | changes


def raise_stage(name: str, given: dict[str, Any], vault: dict[str, str], host: dict[str, Any] | None = None) -> Stage:
    """Start testbed `name` (or find it again: UPKEEP_TEST_BED names one that stays) and write its inventory."""
    folder = ROOT / ".testbed" / name
    if not (kept() and folder.exists()):
        testbed("images", "mongo", "haproxy", "python")
        testbed("up", name, "--hosts", "web1=debian13-docker")
    place = ROOT / "test-results" / name
    shutil.rmtree(place, ignore_errors=True)
    plays = Plays(place / "inventory", place / "plays")
    _write_inventory(plays, folder, (host or {}) | HOST_SETTINGS | {"stacks": {STACK: given}}, vault)
    return Stage(ManagedHost(name, "web1", STACK), plays, versions_of(name), given)


def lower_stage(stage: Stage) -> None:
    if not kept():
        testbed("down", stage.host.bed)


def kept() -> bool:
    return "UPKEEP_TEST_BED" in os.environ


def _write_inventory(plays: Plays, bed: Path, variables: dict[str, Any], vault: dict[str, str]) -> None:
    folder = plays.inventory
    (folder / "group_vars" / "docker_hosts").mkdir(parents=True)
    shutil.copy(bed / "inventory.yml", folder / "testbed.yml")
    (folder / "groups.yml").write_text(json.dumps({"docker_hosts": {"children": {"testbed": {}}}}))
    (folder / "group_vars" / "docker_hosts" / "main.yml").write_text(json.dumps(variables, indent=2))
    plays.lock(vault)

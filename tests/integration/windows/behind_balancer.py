"""Three application servers behind a real HAProxy: simulated Windows hosts that drive real Node processes."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from testbed.paths import machine_wide
from testbed.windows.bed import ROOT, Outcome, WindowsBed
from tests.faults.plays import until
from tests.integration.upkeep.host import EngineHost
from tests.integration.upkeep.images import testbed
from tests.integration.windows.conftest import APPLICATION, Server

NAMES = ("app1", "app2", "app3")
HEALTH = "/api/health"


@dataclass
class Fleet:
    """`bed`: the three servers; `balancer`: the real one in front of them."""

    bed: WindowsBed
    balancer: EngineHost
    servers: Server
    latest: int = 0

    def play(self, name: str, *words: str, **extra: Any) -> Outcome:
        return self.servers.play(name, *words, **extra)

    def deploy(self, version: str, *, sick_on: str = "", playbook: str = "update", **package: Any) -> Outcome:
        files = {"build/index.js": APPLICATION, "build/fault.json": f'{{"sick_on": "{sick_on}"}}'}
        return self.servers.deploy(version, playbook=playbook, files=files | package.pop("files", {}), **package)

    def running(self) -> list[str]:
        """What the users' sites show, in order."""
        return [self.servers.site(on=name) for name in NAMES]

    def drained(self) -> list[str]:
        return self._in_state("abgehängt")

    def serving(self) -> list[str]:
        return self._in_state("bedient")

    def version(self) -> str:
        """One that is newer than all before."""
        self.latest += 1
        return f"1.{self.latest}.0"

    def all_serve(self) -> None:
        until(lambda: self.serving() == list(NAMES), 60, f"alle bedienen ({self.status()})")

    def status(self) -> str:
        return self.balancer.run("upkeep-balancer", "status")

    def _in_state(self, state: str) -> list[str]:
        lines = [line.partition(": ") for line in self.status().splitlines()]
        return [place.partition("/")[2] for place, _, rest in lines if rest.startswith(state)]


@contextmanager
def raised(folder: Path, name: str) -> Iterator[Fleet]:
    """Three servers set up, 1.0.0 running on all of them, the balancer serving."""
    testbed("up", name, "--hosts", "lb1=debian13")
    balancer = EngineHost(f"{machine_wide(name)}-lb1")
    servers = Server(folder, names=NAMES)
    processes: list[subprocess.Popen[bytes]] = []
    try:
        set_up(servers)
        processes += [serve(servers.bed.host(server).folder, _here(balancer.address())) for server in NAMES]
        _balance(servers.bed, balancer, name)
        fleet = Fleet(servers.bed, balancer, servers)
        first = fleet.deploy("1.0.0", playbook="deploy")
        assert first.code == 0, first.told
        fleet.all_serve()
        yield fleet
    finally:
        for process in processes:
            end(process)
        testbed("down", name)


def set_up(servers: Server) -> None:
    """One of them by the playbook; the others, which would be the same, as copies of it."""
    first, *others = NAMES
    site = servers.play("site", "-l", first)
    assert site.code == 0, site.told
    for name in others:
        shutil.copytree(servers.bed.folder / first, servers.bed.folder / name)


def serve(folder: Path, address: str) -> subprocess.Popen[bytes]:
    """The stand-in for IIS of one server, listening."""
    argv = [sys.executable, "-m", "testbed.windows.iis", str(folder), address]
    process = subprocess.Popen(argv, cwd=ROOT)
    until(lambda: (folder / "ports.json").exists(), 60, f"{folder.name} lauscht")
    return process


def end(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    process.wait(30)


def _here(address: str) -> str:
    """This machine's own address in the network of another."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect((address, 9))
        return str(probe.getsockname()[0])


def _balance(bed: WindowsBed, balancer: EngineHost, name: str) -> None:
    known = yaml.safe_load((ROOT / ".testbed" / name / "inventory.yml").read_text())
    here = _here(balancer.address())
    users = {server: bed.host(server).port("http:80") for server in NAMES}
    service = {"name": "etiketten", "group": "windows_hosts", "port": 80, "health_path": HEALTH}
    settings = {
        "load_balancer__services": [service],
        "load_balancer__addresses": dict.fromkeys(NAMES, here),
        "load_balancer__ports": users,
    }
    bed.groups = {"load_balancers": {"hosts": {"lb1": _found(known, "lb1") | settings}}}
    played = bed.play(ROOT / "playbooks" / "load_balancer.yml")
    assert played.code == 0, played.told


def _found(node: Any, host: str) -> dict[str, Any]:
    """A host's variables, wherever it stands in an inventory; those of the groups above it included."""
    if not isinstance(node, dict):
        return {}
    for group in node.values():
        if isinstance(group, dict) and host in (group.get("hosts") or {}):
            return dict(group.get("vars") or {}) | dict(group["hosts"][host] or {})
        below = _found(group.get("children"), host) if isinstance(group, dict) else {}
        if below:
            return dict(group.get("vars") or {}) | below
    return {}

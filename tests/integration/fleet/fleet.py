"""Three docker hosts with the tiny app behind a balancer, an inventory for them, and versions to update to."""

from __future__ import annotations

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from testbed.paths import machine_wide
from tests.faults.plays import ROOT, Played, Plays, until
from tests.faults.versions import Versions, versions_of
from tests.integration.upkeep import stack
from tests.integration.upkeep.host import EngineHost
from tests.integration.upkeep.images import testbed

HOSTS = ("web1", "web2", "web3")
# Four hosts and their load on two cores: a line is not dead because it is silent for a moment.
SSH = "-o ControlMaster=auto -o ControlPersist=60s -o ServerAliveInterval=3 -o ServerAliveCountMax=5"
FLAVOURS = ",".join(["lb1=debian13", *(f"{name}=debian13-docker" for name in HOSTS)])


@dataclass
class Fleet:
    """`hosts` by name; `latest` is the newest version there is of the tiny app."""

    bed: str
    balancer: EngineHost
    hosts: dict[str, EngineHost]
    plays: Plays
    versions: Versions
    latest: int = 0

    def newer(self, sick_on: str = "nowhere", late: float = 0) -> str:
        """The channel offers another version, which does not come up on host `sick_on`."""
        self.latest += 1
        version = f"1.{self.latest}.0"
        self.versions.derive(version, "1.0.0", late, offer=True, sick_on=sick_on)
        return version

    def play(self, playbook: str, *words: str, **given: Any) -> tuple[Played, dict[str, Any]]:
        """A playbook to its end, and the report it wrote."""
        report = self.plays.records / "report.json"
        report.unlink(missing_ok=True)
        played = self.plays.run(playbook, *words, report=str(report), **given)
        return played, json.loads(report.read_text()) if report.exists() else {}

    def running(self) -> list[str]:
        """The versions the hosts run, in order."""
        return [str(host.ask("GET", "/v1/stacks/lager").body["release"]["version"]) for host in self.hosts.values()]

    def drained(self) -> list[str]:
        lines = self.balancer.run("upkeep-balancer", "status").splitlines()
        return [line.partition(":")[0].partition("/")[2] for line in lines if ": abgehängt" in line]

    def serving(self) -> list[str]:
        lines = self.balancer.run("upkeep-balancer", "status").splitlines()
        return [line.partition(":")[0].partition("/")[2] for line in lines if ": bedient" in line]

    def locked(self) -> bool:
        return "run" in self.balancer.run("cat", "/var/lib/upkeep-fleet/fleet.json", check=False)

    def testbed(self, verb: str, host: str) -> None:
        """cut, mend …"""
        testbed(verb, self.bed, host)

    def calm(self) -> None:
        """Everybody serves the same version, nobody is drained, no play holds the lock."""
        for name in self.drained():
            self.balancer.run("upkeep-balancer", "ready", name)
        self.balancer.run("rm", "-f", "/var/lib/upkeep-fleet/fleet.json")
        if len(set(self.running())) > 1:
            self.newer()
            played, _ = self.play("update")
            assert played.code == 0, played.output
        until(lambda: self.serving() == list(HOSTS), 60, "alle bedienen")


def raised(name: str, kept: bool) -> Fleet:
    """Start it, or find it again."""
    hosts = {host: EngineHost(f"{machine_wide(name)}-{host}") for host in HOSTS}
    balancer = EngineHost(f"{machine_wide(name)}-lb1")
    known = kept and balancer.alive()
    if not known:
        testbed("images", "haproxy", "python")
        testbed("up", name, "--hosts", FLAVOURS)
    place = ROOT / "test-results" / name
    shutil.rmtree(place, ignore_errors=True)
    plays = Plays(place / "inventory", place / "plays", ssh=SSH)
    _write_inventory(plays, ROOT / ".testbed" / name)
    fleet = Fleet(name, balancer, hosts, plays, versions_of(name))
    if known and (ROOT / ".testbed" / name / "raised").exists():
        fleet.latest = int(fleet.running()[0].split(".")[1]) + 50
        return fleet
    fleet.versions.publish("1.0.0", offer=True)
    with ThreadPoolExecutor(len(hosts) + 1) as pool:
        playing = pool.submit(plays.fine, "load_balancer")
        list(pool.map(lambda host: _deploy(fleet, host), hosts))
        playing.result()
    (ROOT / ".testbed" / name / "raised").touch()
    return fleet


def lower(name: str) -> None:
    testbed("down", name)


def _deploy(fleet: Fleet, name: str) -> None:
    host = fleet.hosts[name]
    host.prepare()
    host.remove_stack()
    update = stack.policy()["update"] | {"bake": 1}
    files = stack.files(image={"channel": fleet.versions.channel}, update=update)
    content, *rights = files["compose.yml"]
    files["compose.yml"] = (content.replace("PORT:", f"FLEET_HOST: {name}\n      PORT:"), *rights)
    host.place_stack(files)
    host.start_agent()
    report = host.report(host.begin("deploy"))
    assert report["result"] == "updated", report


def _write_inventory(plays: Plays, bed: Path) -> None:
    variables = plays.inventory / "group_vars" / "docker_hosts"
    variables.mkdir(parents=True)
    shutil.copy(bed / "inventory.yml", plays.inventory / "testbed.yml")
    groups = {"docker_hosts": {name: {} for name in HOSTS}, "load_balancers": {"lb1": {}}}
    text = json.dumps({group: {"hosts": hosts} for group, hosts in groups.items()})
    (plays.inventory / "groups.yml").write_text(text)
    (variables / "main.yml").write_text(json.dumps({"stacks": {"lager": {}}}))
    plays.lock({})

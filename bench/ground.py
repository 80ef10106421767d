"""Where everything is measured: the testbed `bench`, its inventory, the app's versions in the registry."""

from __future__ import annotations

import json
import secrets
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from bench import playbook
from bench.failure import BenchFailed
from bench.machine import ROOT
from testbed import bed, build, engine, inventory, registry, ssh
from testbed.packages import ensure_packages
from testbed.state import Bed, load
from workshop.progress import say
from workshop.wheels import WHEELS

STACK = "lager"
SLOT = "lager-app-1-1"
DIRECT_PORT = 8001
BACKUPS = "/srv/sicherung"
PICTURES = "bilder"  # a volume besides the stack's own
LOGIN = "bench"
TIMEOUT_SECONDS = 300
EMPTY_PLAY = "- hosts: docker_hosts\n  gather_facts: false\n  tasks:\n    - ansible.builtin.ping:\n"
VARIABLES: dict[str, Any] = {
    "docker_host__docker_source": "debian",
    "docker_host__ssh_root_login": "prohibit-password",
    "docker_host__open_ports": ["80", "443", str(DIRECT_PORT)],
    "docker_host__registry_mirrors": ["http://{{ testbed__registry }}"],
    "docker_host__insecure_registries": ["{{ testbed__registry }}"],
    "stacks": {STACK: {}},
    "lager__registries_allowed": ["{{ testbed__registry }}"],
    "lager__public_url": "http://{{ ansible_host }}",
    "lager__mongodb_image": "mongo:6.0",
    "lager__stack": {
        "bake": 0,
        "backup_target": {"address": BACKUPS, "password": "{{ vault__backup_password }}"},
        "backup_volumes": [{"name": PICTURES}],
        **{f"backup_{when}": "" for when in ("at", "verify_at", "export_at")},
    },
    "upkeep_agent__writable": [BACKUPS],
    "lager__secret": "{{ vault__lager_secret }}",
    "lager__ticket_key": "{{ vault__lager_ticket_secret }}",
    "lager__mongodb_root_password": "{{ vault__lager_mongodb_root_password }}",
    "lager__mongodb_app_password": "{{ vault__lager_mongodb_app_password }}",
    "lager__mongodb_keyfile": "{{ vault__lager_mongodb_keyfile }}",
}


@dataclass
class Ground:
    """Testbed `name` for all topics; `hosts` are its machines, `ready` those that `site.yml` has been run on.
    `variables`: what the inventory says besides."""

    name: str
    hosts: tuple[str, ...]
    variables: dict[str, Any] = field(default_factory=dict)
    ready: set[str] = field(default_factory=set)
    with_data: set[str] = field(default_factory=set)
    plays: int = 0
    minor: int = 0
    password: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)

    def up(self) -> None:
        """Fresh hosts, the first version of the app, the agent's wheels, secrets of this run's own."""
        engine.ensure_engine()
        ensure_packages(["wrk"], why="die Messungen")
        registry.publish(build.ensure_images())
        self.release_next_version()
        bed.up(self.name, [bed.Wish(host, "debian13-docker") for host in self.hosts])
        self.write_inventory()
        self.module("workshop.secrets", str(self.folder / "inventory"))
        self.module("workshop.wheels")
        self._keep_wheels()

    def down(self) -> None:
        """Remove the hosts and this run's names of images; the same images may have other names that others use."""
        bed.down(self.name)
        names = call(engine.docker("images", "--format", "{{.Repository}}:{{.Tag}}", self.image)).split()
        if names:
            call(engine.docker("rmi", *names))

    def release_next_version(self) -> str:
        """Build the app's next version and move the channel to it."""
        version, self.minor = f"1.{self.minor}.0", self.minor + 1
        tag = f"{self.image}:{version}"
        argv = [sys.executable, "app/build.py", "--version", version, "--tag", tag]
        call([*argv, "--base-image", "upkeep-testbed/python"])
        registry.push(tag, [f"{self.name}/lager:{version}", f"{self.name}/lager:stable"])
        return version

    def play(self, name: str, *hosts: str) -> playbook.Play:
        """One timed playbook; `empty` is the cheapest there can be."""
        file = self.folder / "empty.yml" if name == "empty" else ROOT / "playbooks" / f"{name}.yml"
        self.plays += 1
        log = ROOT / "test-results" / self.name / f"{self.plays:02}-{name}-{'-'.join(hosts)}.log"
        done = playbook.run(name, file, self.folder / "inventory", hosts, log)
        say(f"  {name}.yml auf {', '.join(hosts)}: {done.seconds:.1f} s, geändert {sum(done.changed.values())}")
        if name == "site":
            self.ready.update(hosts)
        return done

    def serving(self) -> str:
        """A host on which the app serves with demo data, for topics that need one."""
        host = self.hosts[0]
        if host not in self.ready:
            self.play("site", host)
        if host not in self.with_data:
            command = ("docker", "exec", "-i", SLOT, "lager", "load-demo", "--user", LOGIN, "--json")
            self.on(host, *command, stdin=self.password + "\n")
            self.with_data.add(host)
        return host

    @property
    def folder(self) -> Path:
        """Inventory, secrets and packages of this run."""
        return ROOT / "build" / self.name

    @property
    def image(self) -> str:
        """The app's name on this machine."""
        return f"upkeep-{self.name}/lager"

    def address(self, host: str) -> str:
        return self.bed.hosts[host].address

    @cached_property
    def bed(self) -> Bed:
        return load(self.name)

    def on(self, host: str, *words: str, stdin: str = "") -> str:
        """Standard output of a command on a host."""
        return call(ssh.command_line(self.bed, self.bed.host(host), [shlex.join(words)]), stdin)

    def script(self, host: str, name: str, *arguments: str) -> Any:
        """The JSON that one of this folder's scripts prints on a host."""
        source = (Path(__file__).parent / name).read_text(encoding="utf-8")
        return json.loads(self.on(host, "python3", "-", *arguments, stdin=source))

    def module(self, *words: str) -> None:
        call([sys.executable, "-m", *words])

    def _keep_wheels(self) -> None:
        """A copy of the agent's packages, so that whoever builds others meanwhile does not change what is measured."""
        shutil.rmtree(self.folder / "wheels", ignore_errors=True)
        shutil.copytree(WHEELS, self.folder / "wheels")
        for ending in (".tar", ".hash"):
            shutil.copy(WHEELS.with_suffix(ending), self.folder / f"wheels{ending}")

    def write_inventory(self) -> None:
        found = json.loads(inventory.as_yaml(self.bed))
        found["all"]["children"]["docker_hosts"] = {"children": {"testbed": {}}}
        own = {
            "lager__image": {"channel": "{{ testbed__registry }}" + f"/{self.name}/lager:stable"},
            "upkeep_agent__wheels": str(self.folder / "wheels"),
        }
        variables = self.folder / "inventory" / "group_vars" / "all"
        variables.mkdir(parents=True, exist_ok=True)
        (self.folder / "inventory" / "hosts.yml").write_text(json.dumps(found, indent=2), encoding="utf-8")
        (variables / "main.yml").write_text(json.dumps(VARIABLES | own | self.variables, indent=2), encoding="utf-8")
        (self.folder / "empty.yml").write_text(EMPTY_PLAY, encoding="utf-8")


def call(argv: list[str], stdin: str = "") -> str:
    done = subprocess.run(
        argv, cwd=ROOT, input=stdin, capture_output=True, text=True, check=False, timeout=TIMEOUT_SECONDS
    )
    if done.returncode:
        shown = " ".join(argv[-6:])[-200:]
        raise BenchFailed(f"„{shown}“ endete mit {done.returncode}: {(done.stdout + done.stderr).strip()[-2000:]}")
    return done.stdout.strip()

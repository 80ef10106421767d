"""A testbed host of our own, rolled out with the project's playbooks, and ways to talk to it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from testbed import state
from testbed.bed import renew
from testbed.engine import docker
from testbed.paths import CHECKOUT, machine_wide
from tests.e2e.authority import issue
from tests.e2e.visitor import LOGIN, PASSWORD
from workshop import app_image, demo
from workshop.demo_host import SLOT

ROOT = Path(__file__).parents[2]
KEPT = "UPKEEP_E2E_KEEP" in os.environ  # name of a testbed that is kept for the next time
BED = os.environ.get("UPKEEP_E2E_KEEP", "e2e")
HOST = "web1"
VAULT = "tresor"  # the backup server
EXPORTS = "/srv/export"
STACK = "lager"
REPOSITORY = f"lager-{CHECKOUT}-{BED}"  # the registry is shared by all checkouts
FIRST_VERSION = "1.0.0"
PLAYBOOK = str(Path(sys.executable).parent / "ansible-playbook")
ASK_AGENT = (
    "import json, sys; from upkeep.client import AgentClient; print(json.dumps(AgentClient().report(sys.argv[1])))"
)
Json = dict[str, Any]


@dataclass(frozen=True)
class Played:
    """A finished playbook: what an operator saw (plain output, no -v) and how long it took, in seconds."""

    code: int
    output: str
    seconds: float

    @property
    def changed(self) -> int:
        """The recap's `changed=` of the only host."""
        found = re.search(rf"^{HOST}\s+: .*changed=(\d+)", self.output, re.MULTILINE)
        assert found, self.output
        return int(found[1])

    def good(self) -> Played:
        assert self.code == 0, self.output
        return self


@dataclass
class Site:
    """The stack on its host. `inventory` is a folder like inventories/demo, for our own host."""

    inventory: Path
    address: str
    environment: dict[str, str] = field(repr=False)
    first: str = field(default="", repr=False)  # what the first run of site.yml said

    @property
    def url(self) -> str:
        return f"http://{self.address}"

    def begin(self, name: str, *more: str) -> subprocess.Popen[str]:
        """Start a playbook; its output is collected by `end`."""
        argv = [PLAYBOOK, "-i", str(self.inventory), f"playbooks/{name}.yml", *more]
        return subprocess.Popen(
            argv, cwd=ROOT, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def play(self, name: str, *more: str) -> Played:
        began = time.monotonic()
        return end(self.begin(name, *more), began)

    def stack(self, **settings: object) -> str:
        """`lager__stack` for `-e`: what the inventory says, and this."""
        known = yaml.safe_load((self.inventory / "hosts.yml").read_text())["docker_hosts"]["hosts"][HOST]
        return json.dumps({"lager__stack": known["lager__stack"] | settings})

    def run(self, *argv: str, stdin: str = "", host: str = HOST) -> str:
        """Standard output of a command on the host."""
        words = docker("exec", "--interactive", f"{machine_wide(BED)}-{host}", *argv)
        done = subprocess.run(words, input=stdin, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{argv} → {done.returncode}: {done.stdout}{done.stderr}"
        return done.stdout.strip()

    def status(self) -> Json:
        found: Json = json.loads(self.run("upkeep", "status", STACK, "--json"))
        return found

    def version(self) -> str:
        """The version that serves."""
        return str(self.status()["release"]["version"])

    def last_report(self) -> Json:
        run = self.status()["last_run"]["id"]
        report: Json = json.loads(self.run("/opt/upkeep/current/bin/python", "-c", ASK_AGENT, run))
        return report

    def lager(self, *words: str, stdin: str = "") -> str:
        """The app's own command in its container."""
        return self.run("docker", "exec", "--interactive", self.slot(), "lager", *words, stdin=stdin)

    def slot(self) -> str:
        """The container of the first slot, whatever Compose called it after an exchange."""
        return self.run("docker", "ps", "--quiet", *(word for label in SLOT for word in ("--filter", label))).strip()

    def secrets(self) -> dict[str, str]:
        """What the inventory's vault holds."""
        vault = str(self.inventory / "group_vars/all/vault.yml")
        argv = [str(Path(PLAYBOOK).parent / "ansible-vault"), "view", vault]
        shown = subprocess.run(argv, cwd=ROOT, env=self.environment, check=True, stdout=subprocess.PIPE, text=True)
        found: dict[str, str] = yaml.safe_load(shown.stdout)
        return found

    def offer_next(self, notes: str = "") -> str:
        """Publish a new good version in the channel; returns its number."""
        version = self._next()
        app_image.build(version, REPOSITORY, notes)
        app_image.publish(version, stable=True, repository=REPOSITORY)
        return version

    def _next(self) -> str:
        return demo.next_version(self.status())

    def offer_broken(self) -> str:
        """Publish a version that crashes at its start; returns its number."""
        version = f"{self._next()}-kaputt"
        app_image.build_broken(version, FIRST_VERSION, REPOSITORY)
        app_image.publish(version, stable=True, repository=REPOSITORY)
        return version


def end(play: subprocess.Popen[str], began: float) -> Played:
    output, _ = play.communicate(timeout=1200)
    return Played(play.returncode, output, time.monotonic() - began)


def testbed(*words: str) -> None:
    argv = [sys.executable, "-m", "testbed", *words]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{argv}: {done.stdout}{done.stderr}"


def bring_up() -> Site:
    """Host and files; nothing is rolled out yet. A kept host stays as it is."""
    environment = {
        **os.environ,
        "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
        "ANSIBLE_NOCOLOR": "1",
        "UPKEEP_VAULT_PASSWORD": "e2e-tests-only",
    }
    inventory = state.folder(BED) / "inventory"
    if not (KEPT and inventory.exists()):
        testbed("docker")
        testbed("images")
        app_image.build(FIRST_VERSION, REPOSITORY)
        app_image.publish(FIRST_VERSION, stable=True, repository=REPOSITORY)
        testbed("up", BED, "--hosts", f"{HOST}=debian13-docker,{VAULT}=debian13")
        write_inventory(inventory)
    for module in (["workshop.wheels"], ["workshop.secrets", str(inventory)]):
        subprocess.run([sys.executable, "-m", *module], cwd=ROOT, env=environment, check=True, capture_output=True)
    return Site(inventory, address(), environment)


def roll_out(site: Site) -> None:
    """The first run of site.yml; on a host that was kept, its record."""
    record = state.folder(BED) / "first-run.log"
    if not record.exists():
        site.play("backup_server").good()
        record.write_text(from_nothing(site).output)
    site.first = record.read_text()


def start_over(site: Site) -> None:
    """Another host in the place of the one there is, as it was after `roll_out`."""
    renew(BED, HOST, "debian13-docker")
    from_nothing(site)


def from_nothing(site: Site) -> Played:
    """The app with its example business, on a host that has neither; what site.yml did."""
    site.run("mkdir", "-p", EXPORTS)
    played = site.play("site").good()
    site.lager("load-demo", "--user", LOGIN, stdin=f"{PASSWORD}\n")
    return played


def take_down() -> None:
    if KEPT:
        return
    testbed("down", BED)
    listed = subprocess.run(
        docker("images", "--format", "{{.Repository}}:{{.Tag}}", REPOSITORY), capture_output=True, text=True
    )
    if built := listed.stdout.split():
        subprocess.run(docker("rmi", *built), check=False, capture_output=True)


def address() -> str:
    return state.load(BED).hosts[HOST].address


def write_inventory(inventory: Path) -> None:
    """The demo's variables, but our own hosts, repository and secrets."""
    not_ours = shutil.ignore_patterns("vault.yml")
    shutil.copytree(ROOT / "inventories/demo/group_vars", inventory / "group_vars", ignore=not_ours)
    issued = issue(VAULT)
    own = {
        "testbed_file": str(state.folder(BED) / "inventory.yml"),
        "lager__public_url": f"http://{address()}",
        "lager__image": {"channel": f"registry.upkeep.test:5000/{REPOSITORY}:stable"},
        "lager__stack": {"bake": 3, **_backup(issued.authority)},
        "upkeep_agent__writable": [EXPORTS],
    }
    bed = yaml.safe_load((state.folder(BED) / "inventory.yml").read_text())["all"]["children"]["testbed"]
    server = {
        **bed["vars"],
        **bed["hosts"][VAULT],
        "backup_server__clients": [{"name": HOST, "password": "{{ vault__backup_credential_password }}"}],
        "backup_server__certificate": issued.certificate,
        "backup_server__key": issued.key,
    }
    groups = {"docker_hosts": {"hosts": {HOST: own}}, "backup_servers": {"hosts": {VAULT: server}}}
    (inventory / "hosts.yml").write_text(yaml.safe_dump(groups))


def _backup(authority: str) -> Json:
    """To the backup server, which has its certificate from the business's own authority; at no time by itself."""
    target = {
        "address": f"rest:https://{HOST}:{{{{ vault__backup_credential_password }}}}@{VAULT}:8000/{HOST}",
        "password": "{{ vault__backup_password }}",
        "ca": authority,
        "append_only": True,
    }
    never = {"backup_at": "", "backup_verify_at": "", "backup_export_at": ""}
    return {"backup_target": target, "backup_export": {"directory": EXPORTS, "keep": 2}, **never}

"""Where everything lies, from one root, so that tests (and rescue systems) can use another."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from upkeep.errors import UnknownStack

TICKET_KEY = re.compile(r"ticket-key(\.[0-9a-f]{4})?")
STACK_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")


@dataclass(frozen=True)
class StackPaths:
    """The files of one stack. Ansible owns `home` except release.env, gate and public; `data` is the agent's."""

    name: str
    home: Path
    data: Path
    gate_socket: Path

    @property
    def compose_file(self) -> Path:
        return self.home / "compose.yml"

    @property
    def policy_file(self) -> Path:
        return self.home / "stack.yml"

    @property
    def release_env(self) -> Path:
        return self.home / "release.env"

    @property
    def gate_directory(self) -> Path:
        """What the gate reads (its container mounts it)."""
        return self.home / "gate"

    @property
    def gate_wanted(self) -> Path:
        """What Ansible wants the gate to read."""
        return self.home / "gate-wanted"

    @property
    def maps(self) -> Path:
        return self.home / "gate" / "maps"

    @property
    def secrets(self) -> Path:
        return self.home / "secrets"

    @property
    def ticket_keys(self) -> tuple[Path, ...]:
        """Those that a slot may have been started with; more than one while a new key comes into use."""
        return tuple(sorted(file for file in self.secrets.glob("ticket-key*") if TICKET_KEY.fullmatch(file.name)))

    @property
    def system_file(self) -> Path:
        """What the application may show of itself; its slots mount the directory."""
        return self.home / "public" / "system.json"

    @property
    def drill_report(self) -> Path:
        """Of the newest trial restore, for the application's admins."""
        return self.home / "public" / "uebung.html"

    @property
    def state_file(self) -> Path:
        return self.data / "state.json"

    @property
    def maintenance_file(self) -> Path:
        return self.data / "maintenance.json"

    @property
    def lock_file(self) -> Path:
        return self.data / "lock"

    @property
    def audit_log(self) -> Path:
        return self.data / "audit.log"

    @property
    def audit_head(self) -> Path:
        return self.data / "audit-head.json"

    @property
    def nonces(self) -> Path:
        """Of the tickets that the web door has taken."""
        return self.data / "nonces.json"

    @property
    def reserve(self) -> Path:
        return self.data / "reserve"

    @property
    def runs(self) -> Path:
        return self.data / "runs"

    @property
    def copies(self) -> Path:
        """Data of a database as it was before a step of its version, by run."""
        return self.data / "copies"

    @property
    def backup(self) -> Path:
        """What is remembered of backups, and restic's cache."""
        return self.data / "backup"

    @property
    def reports(self) -> Path:
        """Of trial restores, for people."""
        return self.data / "reports"

    @property
    def restores(self) -> Path:
        """What a restore keeps of the data before, by run."""
        return self.data / "restores"

    @property
    def releases(self) -> Path:
        return self.data / "releases"

    def snapshot(self, run_id: str) -> Snapshot:
        return Snapshot(self.releases / run_id)


@dataclass(frozen=True)
class Snapshot:
    """compose.yml, stack.yml and the gate's files as a run found them: what a release was started with."""

    directory: Path

    @property
    def compose_file(self) -> Path:
        return self.directory / "compose.yml"

    @property
    def policy_file(self) -> Path:
        return self.directory / "stack.yml"

    @property
    def gate_directory(self) -> Path:
        return self.directory / "gate"


@dataclass(frozen=True)
class Layout:
    """All paths of one Docker host below `root`."""

    root: Path = Path("/")

    @property
    def settings_file(self) -> Path:
        return self.root / "etc/upkeep/agent.json"

    @property
    def notify_file(self) -> Path:
        """Who is told when somebody has to come; it holds passwords."""
        return self.root / "etc/upkeep/notify.json"

    @property
    def registry_login(self) -> Path:
        """Placed to be tried, before it takes the place of the one in use."""
        return self.root / "etc/upkeep/docker/next/config.json"

    @property
    def sockets(self) -> Path:
        return self.root / "run/upkeep"

    @property
    def agent_socket(self) -> Path:
        return self.sockets / "agent.sock"

    @property
    def public_socket(self) -> Path:
        return self.sockets / "public.sock"

    @property
    def homes(self) -> Path:
        return self.root / "srv/upkeep"

    @property
    def memory(self) -> Path:
        """What the agent remembers, a directory for each stack."""
        return self.root / "var/lib/upkeep"

    def reserve_of(self, path: Path) -> Path | None:
        """The reserve of the stack that this file belongs to."""
        for base in (self.homes, self.memory):
            if path.is_relative_to(base) and path != base:
                return self.memory / path.relative_to(base).parts[0] / "reserve"
        return None

    def paths(self, name: str) -> StackPaths:
        """The paths of a stack by name, whether it exists or not. The name must be one (no way out of the tree)."""
        if not STACK_NAME.fullmatch(name):
            raise UnknownStack(f"„{name}“ ist kein Stack-Name", limit="Kleinbuchstaben, Ziffern und Bindestriche")
        return StackPaths(
            name=name,
            home=self.homes / name,
            data=self.memory / name,
            gate_socket=self.sockets / "gate" / name / "admin.sock",
        )

    def stacks(self) -> tuple[str, ...]:
        """Names of the stacks Ansible has placed on this host."""
        if not self.homes.is_dir():
            return ()
        names = (entry.name for entry in self.homes.iterdir() if (entry / "stack.yml").exists())
        return tuple(sorted(name for name in names if STACK_NAME.fullmatch(name)))

    def stack(self, name: str) -> StackPaths:
        """The paths of a stack that exists; UnknownStack names those that do."""
        paths = self.paths(name)
        if name not in self.stacks():
            known = ", ".join(self.stacks()) or "noch keine"
            raise UnknownStack(
                f"Den Stack „{name}“ gibt es auf diesem Host nicht",
                next_step=f"Bekannt sind: {known}. Neue Stacks legt `ansible-playbook playbooks/site.yml` an.",
            )
        return paths

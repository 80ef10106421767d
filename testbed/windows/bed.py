"""Simulated Windows hosts for one test: a folder with their state, an inventory, and Ansible against it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from testbed.windows.host import Host

ROOT = Path(__file__).resolve().parents[2]
PLUGINS = Path(__file__).resolve().parent / "connection_plugins"
SECONDS = 280


@dataclass(frozen=True)
class Outcome:
    """A play's end: `told` is everything it said."""

    code: int
    told: str

    def changed(self, host: str) -> int:
        recap = next(
            line for line in reversed(self.told.splitlines()) if line.startswith(f"{host} ") and "changed=" in line
        )
        return int(recap.split("changed=")[1].split()[0])


@dataclass
class WindowsBed:
    """`names` are the hosts, `variables` the group's; `library` are module folders that come before the project's.

    `groups`: further groups of the inventory, such as balancers that are real hosts.
    """

    folder: Path
    names: tuple[str, ...] = ("win1",)
    variables: dict[str, Any] = field(default_factory=dict)
    library: tuple[Path, ...] = ()
    groups: dict[str, Any] = field(default_factory=dict)

    def host(self, name: str = "win1") -> Host:
        """Freshly read from disk."""
        return Host(name, self.folder / name)

    def play(self, playbook: Path, *words: str, **extra: Any) -> Outcome:
        """Runs a playbook; `extra` are extra variables."""
        argv = [
            str(Path(sys.executable).with_name("ansible-playbook")),
            "-i",
            str(self._inventory()),
            str(playbook),
            *words,
        ]
        argv += ["-e", json.dumps(extra)]
        done = subprocess.run(
            argv,
            cwd=ROOT,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        return Outcome(done.returncode, done.stdout)

    def _inventory(self) -> Path:
        self.folder.mkdir(parents=True, exist_ok=True)
        connection = {
            "ansible_connection": "simulated_windows",
            "ansible_shell_type": "powershell",
            "simulated_windows_folder": str(self.folder),
        }
        group = {"hosts": {name: {} for name in self.names}, "vars": connection | self.variables}
        file = self.folder / "inventory.json"
        file.write_text(json.dumps({"windows_hosts": group} | self.groups))
        return file

    def _environment(self) -> dict[str, str]:
        libraries = [*map(str, self.library), str(ROOT / "library")]
        return os.environ | {
            "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
            "ANSIBLE_CONNECTION_PLUGINS": str(PLUGINS),
            "ANSIBLE_LIBRARY": os.pathsep.join(libraries),
            "PYTHONPATH": str(ROOT),
        }

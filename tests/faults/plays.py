"""Playbooks as an operator starts them, and what stands on the screen afterwards."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ansible.parsing.vault import VaultLib, VaultSecret  # type: ignore[import-untyped]

ROOT = Path(__file__).resolve().parents[2]
LIMIT = 200.0
# A dead line is noticed after four seconds instead of thirty.
SSH = (
    "-o ControlMaster=auto -o ControlPersist=60s -o ConnectTimeout=5 -o ServerAliveInterval=2 -o ServerAliveCountMax=2"
)


@dataclass(frozen=True)
class Played:
    """How one ansible-playbook ended."""

    code: int
    output: str

    @property
    def text(self) -> str:
        """The output without line breaks and indentation, which the result format puts anywhere."""
        return re.sub(r"\s+", " ", self.output).replace("''", "'")

    def recap(self, host: str, word: str) -> int:
        """How many tasks of the host ended as `word` (changed, failed, unreachable)."""
        found = re.search(rf"^{host} .*\b{word}=(\d+)", self.output, re.MULTILINE)
        assert found, self.output
        return int(found.group(1))


@dataclass(frozen=True)
class Playing:
    """A play under way, in its own process group."""

    process: subprocess.Popen[bytes]
    record: Path

    def kill(self) -> Played:
        """SIGKILL for all of it, as a cancelled job or a closed laptop would."""
        os.killpg(self.process.pid, signal.SIGKILL)
        return self.ended()

    def ended(self, within: float = LIMIT) -> Played:
        try:
            code = self.process.wait(within)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            raise AssertionError(f"Das Playbook endete nicht in {within:g} s:\n{self.record.read_text()}") from None
        return Played(code, self.record.read_text(encoding="utf-8", errors="replace"))


@dataclass
class Plays:
    """Plays against one inventory. Every output is kept in `records`, where the search for secrets reads it."""

    inventory: Path
    records: Path
    password: str = "tresor-passwort-der-tests"
    ssh: str = SSH
    played: list[Played] = field(default_factory=list)

    def lock(self, vault: dict[str, str]) -> None:
        """Write the inventory's vault."""
        locked = VaultLib([("default", VaultSecret(self.password.encode()))]).encrypt(json.dumps(vault))
        (self.inventory / "group_vars" / "docker_hosts" / "vault.yml").write_bytes(locked)

    def start(self, playbook: str, *words: str, password: str | None = None, **given: Any) -> Playing:
        """`given`: variables as with `-e`. `playbook`: a name in playbooks/."""
        argv = [str(Path(sys.executable).parent / "ansible-playbook"), "-i", str(self.inventory), *words]
        argv += [f"playbooks/{playbook}.yml", *(["-e", json.dumps(given)] if given else [])]
        environment = os.environ | {
            "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_SSH_ARGS": self.ssh,
            "UPKEEP_VAULT_PASSWORD": password or self.password,
        }
        self.records.mkdir(parents=True, exist_ok=True)
        record = self.records / f"{len(list(self.records.iterdir())):03d}-{playbook}.txt"
        with record.open("wb") as output:
            process = subprocess.Popen(
                argv,
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return Playing(process, record)

    def run(self, playbook: str, *words: str, password: str | None = None, **given: Any) -> Played:
        return self.start(playbook, *words, password=password, **given).ended()

    def fine(self, playbook: str, *words: str, **given: Any) -> Played:
        """A play that has to succeed."""
        played = self.run(playbook, *words, **given)
        assert played.code == 0, played.output
        return played


def until(condition: Any, within: float, what: str, every: float = 0.1) -> float:
    """Wait until `condition()` is true; returns how long that took. AssertionError says `what` did not happen."""
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > within:
            raise AssertionError(f"nach {within:g} s noch nicht: {what}")
        time.sleep(every)
    return time.monotonic() - began

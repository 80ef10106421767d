"""Runs a playbook with a stopwatch: how long, what changed on which host, where the time went."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from bench.failure import BenchFailed
from bench.machine import ROOT

LIMIT_SECONDS = 900
RECAP = re.compile(r"^(\S+)\s+: ok=\d+\s+changed=(\d+)\s+unreachable=(\d+)\s+failed=(\d+)", re.MULTILINE)
TASK = re.compile(r"^(\S.*?) -{2,} +(\d+\.\d+)s$", re.MULTILINE)


@dataclass(frozen=True)
class Play:
    """One timed call of ansible-playbook. `changed` counts per host; `tasks` are (title, seconds), longest first."""

    name: str
    seconds: float
    changed: dict[str, int]
    tasks: Sequence[tuple[str, float]]


def run(name: str, playbook: Path, inventory: Path, hosts: Sequence[str], log: Path) -> Play:
    """Run it against `hosts` over ssh connections of its own, so that no earlier play warmed them up."""
    program = str(Path(sys.executable).parent / "ansible-playbook")
    argv = [program, "-i", str(inventory), "--limit", ",".join(hosts), str(playbook)]
    log.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as sockets, log.open("wb") as output:
        began = time.monotonic()
        code = _call(argv, _environment(sockets), output)
        seconds = time.monotonic() - began
    text = log.read_text(encoding="utf-8", errors="replace")
    if code:
        raise BenchFailed(f"{name} endete mit {code}; Ende von {log}:\n{text[-3000:]}")
    return Play(name, seconds, changed_in(text), tasks_in(text))


def _call(argv: list[str], environment: dict[str, str], output: BinaryIO) -> int:
    done = subprocess.run(
        argv,
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        check=False,
        timeout=LIMIT_SECONDS,
    )
    return done.returncode


def changed_in(output: str) -> dict[str, int]:
    return {host: int(changed) for host, changed, *_ in RECAP.findall(output)}


def tasks_in(output: str) -> list[tuple[str, float]]:
    """What the callback `profile_tasks` printed at the end."""
    found = [(title.strip(), float(seconds)) for title, seconds in TASK.findall(output)]
    return sorted(found, key=lambda task: -task[1])


def _environment(sockets: str) -> dict[str, str]:
    return {
        **os.environ,
        "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
        "ANSIBLE_CALLBACKS_ENABLED": "ansible.posix.profile_tasks",
        "ANSIBLE_SSH_CONTROL_PATH_DIR": sockets,
        "ANSIBLE_NOCOLOR": "1",
        "PROFILE_TASKS_TASK_OUTPUT_LIMIT": "60",
    }

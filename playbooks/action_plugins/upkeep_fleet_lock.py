"""Action: fills in who asks for the fleet's lock, and takes over from a play of this controller that is dead."""

from __future__ import annotations

import getpass
import os
import secrets
import socket
from datetime import datetime
from pathlib import Path
from typing import Any

from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    """Runs the module of the same name, twice where the first answer names somebody dead."""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        variables = task_vars or {}
        wish = {"run": new_run(), "starter": starter(variables), "controller": controller(), "process": process()}
        wish |= {key: value for key, value in self._task.args.items() if value not in (None, "")}
        found = self._ask(wish, variables)
        holder = found.get("holder") or {}
        if not (found.get("failed") and is_dead(holder)):
            return found
        return self._ask(wish | {"instead_of": holder["run"]}, variables) | {"took_over": holder["run"]}

    def _ask(self, wish: dict[str, Any], variables: dict[str, Any]) -> dict[str, Any]:
        return self._execute_module(module_name="upkeep_fleet_lock", module_args=wish, task_vars=variables)


def new_run() -> str:
    """Readable, sortable, and no other has it."""
    return f"{datetime.now():%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"


def starter(variables: dict[str, Any]) -> str:
    """user@machine, and in AWX the job's number."""
    job = variables.get("awx_job_id")
    return f"{getpass.getuser()}@{socket.gethostname()}" + (f" (AWX-Job {job})" if job else "")


def controller() -> str:
    """The machine, its boot and its space of process ids: a number of a process means something only there."""
    parts = [socket.gethostname()]
    try:
        parts.append(Path("/proc/sys/kernel/random/boot_id").read_text().strip())
        parts.append(str(Path("/proc/self/ns/pid").readlink()))
    except OSError:
        pass  # no Linux: the name has to do
    return " ".join(parts)


def process() -> str:
    """ansible-playbook itself, of which this worker is a child."""
    return f"{os.getppid()} {born(os.getppid())}"


def born(pid: int) -> str:
    """When a process began (in ticks since boot); empty where that cannot be known, `gone` where there is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except FileNotFoundError:
        return "gone" if Path("/proc/self").exists() else ""


def is_dead(holder: dict[str, Any]) -> bool:
    """Whether a holder of this very controller is certainly no more."""
    if holder.get("controller") != controller():
        return False
    pid, _, began = str(holder.get("process")).partition(" ")
    return bool(began) and pid.isdigit() and born(int(pid)) != began

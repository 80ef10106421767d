"""A simulated Windows host: its state in a folder, each call held against the module's real spec."""

from __future__ import annotations

import copy
import json
import re
import shutil
import time
from pathlib import Path
from typing import Any

from testbed.windows.disk import BadPath, Disk
from testbed.windows.faults import Fault
from testbed.windows.modules import MODELLED, ModuleFailed
from testbed.windows.specs import ModuleSpec, UnknownModule, spec_of

OWN = re.compile(r"ansible_collections\.(\w+\.\w+)\.plugins\.modules\.(\w+)\.ps1$")
# What Ansible itself asks for by its old short name.
LEGACY = re.compile(r"^ansible\.(?:legacy|builtin)\.(\w+?)(?:\.ps1)?$")
MOMENTS = "moments"
FRESH: dict[str, Any] = {
    "calls": 0,
    "gone": 0,
    "faults": [],
    "machine": {"cores": 8, "memory_mb": 16384, "disk_gb": 250, "free_gb": 200, "build": "10.0.20348.0"},
    "features": [],
    "packages": {},
    "services": {},
    "pools": {},
    "sites": {},
    "proxy": {},
    "certificates": {},
    "access": {},
    "inheritance": {},
    "shares": {},
    "listeners": [],
    "postgres": {"roles": {}, "service": ""},
    "firewall": {},
    "profiles": {},
    "tasks": {},
    "environment": {},
    "registry": {},
    "event_sources": {},
    "users": {},
    "database": {"up": True, "migrations": [], "users": 0},
    "outputs": {},
}


class Gone(Exception):
    """Nobody answers."""


class Host:
    """`folder` holds `state.json`, `calls.jsonl` and the file system."""

    def __init__(self, name: str, folder: Path):
        self.name = name
        self.folder = folder
        self.disk = Disk(folder / "fs")
        self.folder.mkdir(parents=True, exist_ok=True)
        self.environment: dict[str, str] = {}  # of the call that is being answered
        self._file = folder / "state.json"
        kept = json.loads(self._file.read_text()) if self._file.exists() else {}
        self.state: dict[str, Any] = copy.deepcopy(FRESH) | kept

    def save(self) -> None:
        part = self._file.with_suffix(".part")
        part.write_text(json.dumps(self.state, indent=1, sort_keys=True, default=str))
        part.replace(self._file)

    def plant(self, *faults: Fault) -> None:
        """Replaces what was planted before."""
        self.state["faults"] = [fault.kept() for fault in faults]
        self.save()

    def calls(self) -> list[dict[str, Any]]:
        """What was asked of the host so far, refused calls included."""
        file = self.folder / "calls.jsonl"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    def port(self, binding: str) -> int:
        """Where a stand-in for IIS answers for a binding such as `http:80` (`iis.py`)."""
        return int(json.loads((self.folder / "ports.json").read_text())["ports"][binding])

    def module(self, script: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """The answer to one call. Raises Gone."""
        name = full_name(script)
        check = bool(arguments.get("_ansible_check_mode"))
        given = {key: value for key, value in arguments.items() if not key.startswith("_ansible_")}
        try:
            spec = spec_of(name)
        except UnknownModule as unknown:
            return self._refuse(name, given, str(unknown))
        parameters, errors = spec.validated(given)
        if errors:
            return self._refuse(name, given, f"nach der echten Schnittstelle von {name}: {'; '.join(errors)}")
        if name not in MODELLED:
            return self._refuse(name, given, f"{name} ist gültig, aber im simulierten Host nicht nachgebildet")
        return self._perform(spec, parameters, given, check)

    def _perform(
        self, spec: ModuleSpec, parameters: dict[str, Any], given: dict[str, Any], check: bool
    ) -> dict[str, Any]:
        if check and not spec.check_mode:
            return {"changed": False, "skipped": True, "msg": f"{spec.name} kennt keinen Prüfmodus"}
        struck = None if check else self._struck(spec.name, parameters)
        if struck and struck.kind == "fail":
            return self._noted(spec.name, given, check, {"failed": True, "msg": struck.message})
        answer = self._model(spec.name, parameters, check)
        if struck and struck.kind == "fail_after":
            answer = {"failed": True, "msg": struck.message}
        return self._noted(spec.name, given, check, answer)

    def _model(self, name: str, parameters: dict[str, Any], check: bool) -> dict[str, Any]:
        before = copy.deepcopy(self.state)
        try:
            answer = MODELLED[name](self, parameters, check)
        except (ModuleFailed, BadPath, OSError) as failure:
            answer = {"failed": True, "msg": str(failure), **getattr(failure, "facts", {})}
        if check:
            self.state = before
        return {"changed": False} | answer

    def _struck(self, name: str, parameters: dict[str, Any]) -> Fault | None:
        self._keep_moment()
        self.state["calls"] += 1
        if self.state["gone"] > 0:
            self.state["gone"] -= 1
            self._noted(name, parameters, False, {"failed": True, "msg": "nicht erreichbar"})
            raise Gone(f"{self.name} antwortet nicht")
        faults = [Fault(**kept) for kept in self.state["faults"]]
        struck = next((fault for fault in faults if fault.strikes(name, parameters, self.state["calls"])), None)
        self.state["faults"] = [fault.kept() for fault in faults]
        if struck and struck.kind in {"unreachable", "reboot"}:
            self._disappear(struck, name, parameters)
        if struck and struck.kind == "slow":
            time.sleep(struck.seconds)
        return struck

    def _keep_moment(self) -> None:
        """The host as it is before this call, where a test has made the folder `moments`: what a cut here leaves."""
        moments = self.folder / MOMENTS
        if moments.is_dir():
            shutil.copytree(self.folder, moments / str(self.state["calls"] + 1), ignore=shutil.ignore_patterns(MOMENTS))

    def _disappear(self, fault: Fault, name: str, parameters: dict[str, Any]) -> None:
        self.state["gone"] = fault.calls - 1
        if fault.kind == "reboot":
            for pool in self.state["pools"].values():
                pool["state"] = "started"  # autoStart
        self._noted(name, parameters, False, {"failed": True, "msg": fault.kind})
        raise Gone(f"{self.name}: {fault.message}")

    def _refuse(self, name: str, given: dict[str, Any], why: str) -> dict[str, Any]:
        return self._noted(
            name, given, False, {"failed": True, "changed": False, "msg": f"simulierter Windows-Host: {why}"}
        )

    def _noted(self, name: str, given: dict[str, Any], check: bool, answer: dict[str, Any]) -> dict[str, Any]:
        entry = {"module": name, "arguments": given, "check": check, "changed": answer.get("changed", False)}
        if answer.get("failed"):
            entry["failed"] = answer["msg"]
        with (self.folder / "calls.jsonl").open("a") as log:
            log.write(json.dumps(entry, default=str) + "\n")
        self.save()
        return answer


def full_name(script: str) -> str:
    """The collection name of a module from the name of its script in the exec manifest."""
    if own := OWN.match(script):
        return f"{own.group(1)}.{own.group(2)}"
    if legacy := LEGACY.match(script):
        return f"ansible.windows.{legacy.group(1)}"
    return script

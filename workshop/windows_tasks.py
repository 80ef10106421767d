"""Holds every Windows task of the repository against the real argument specs of the installed collections.

Ansible's own syntax check and ansible-lint see neither unknown arguments nor impossible values of PowerShell modules.
Values that are templates are taken as they are. Our PowerShell is parsed as well.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from testbed.windows.powershell import syntax_problems
from testbed.windows.specs import UnknownModule, is_windows, spec_of
from workshop.progress import say

ROOT = Path(__file__).resolve().parent.parent
PLACES = ("roles/*/tasks/**/*.yml", "roles/*/handlers/*.yml", "playbooks/**/*.yml", "molecule/**/*.yml")
SCRIPTS = ("roles/*/files/*.ps1", "playbooks/**/*.ps1", "tests/pester/*.ps1", ".github/workflows/*.ps1")
NESTED = ("tasks", "pre_tasks", "post_tasks", "handlers", "block", "rescue", "always")
DEPRECATED = "community.windows.win_iis_"  # gone in community.windows 4.0, for microsoft.iis


@dataclass(frozen=True)
class WindowsTask:
    file: Path
    name: str
    module: str
    arguments: dict[str, Any]


def windows_tasks(root: Path = ROOT) -> list[WindowsTask]:
    files = sorted({file for place in PLACES for file in root.glob(place)})
    return [task for file in files for task in _tasks_in(file, yaml.safe_load(file.read_text()))]


def _tasks_in(file: Path, node: Any) -> Iterator[WindowsTask]:
    for entry in node if isinstance(node, list) else ():
        if not isinstance(entry, dict):
            continue
        for key in NESTED:
            yield from _tasks_in(file, entry.get(key))
        for module in filter(is_windows, map(str, entry)):
            yield WindowsTask(file, str(entry.get("name", module)), module, entry[module] or {})


def problems_of(task: WindowsTask) -> list[str]:
    """German, one sentence each."""
    if task.module.startswith(DEPRECATED):
        return [f"{task.module} ist abgekündigt; stattdessen microsoft.iis."]
    if not isinstance(task.arguments, dict):
        return ["Argumente als eine Zeile lassen sich nicht prüfen; bitte als YAML."]
    script = task.arguments.get("script", "") if task.module.endswith(".win_powershell") else ""
    found = [f"PowerShell-Syntax, Zeile {problem.line}: {problem.text}" for problem in syntax_problems(script)]
    try:
        spec = spec_of(task.module)
    except UnknownModule as unknown:
        return [str(unknown)]
    lenient = replace(spec, options=_relaxed(spec.options, [task.arguments]))
    return found + lenient.validated(task.arguments)[1]


def _relaxed(options: dict[str, Any], given: list[dict[str, Any]]) -> dict[str, Any]:
    """The options, with nothing asked of values that only a run knows."""
    return {name: _relaxed_option(option, [g[name] for g in given if name in g]) for name, option in options.items()}


def _relaxed_option(option: dict[str, Any], values: list[Any]) -> dict[str, Any]:
    flat = [part for value in values for part in (value if isinstance(value, list) else [value])]
    if any(isinstance(part, str) and "{{" in part for part in flat):
        return {"type": "raw"} | {key: option[key] for key in ("required", "aliases") if key in option}
    if "options" in option:
        return option | {"options": _relaxed(option["options"], [part for part in flat if isinstance(part, dict)])}
    return option


def script_problems(root: Path = ROOT) -> list[str]:
    files = sorted({file for place in SCRIPTS for file in root.glob(place)})
    return [
        f"{file.relative_to(root)}:{problem.line}: PowerShell-Syntax: {problem.text}"
        for file in files
        for problem in syntax_problems(file.read_text())
    ]


def main() -> int:
    tasks = windows_tasks()
    found = [f"{t.file.relative_to(ROOT)}: „{t.name}“ ({t.module}): {text}" for t in tasks for text in problems_of(t)]
    found += script_problems()
    for line in found:
        print(line)
    say(f"Windows: {len(tasks)} Aufgaben gegen die echten Schnittstellen geprüft, {len(found)} Fehler")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

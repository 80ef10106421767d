"""The lint that holds Windows tasks against the real specs."""

from __future__ import annotations

from pathlib import Path

import pytest

from testbed.windows.modules import MODELLED
from testbed.windows.powershell import syntax_problems
from testbed.windows.specs import spec_of
from workshop.windows_tasks import problems_of, script_problems, windows_tasks


def found(tmp_path: Path, tasks: str) -> list[str]:
    file = tmp_path / "roles" / "r" / "tasks" / "main.yml"
    file.parent.mkdir(parents=True)
    file.write_text(tasks)
    return [text for task in windows_tasks(tmp_path) for text in problems_of(task)]


@pytest.mark.parametrize(
    ("task", "complaint"),
    [
        ("ansible.windows.win_service: {name: x, stat: running}", "Supported parameters include"),
        ("microsoft.iis.web_app_pool: {name: x, state: runing}", "must be one of"),
        ("ansible.windows.win_service: {name: x, password: y}", "required by 'password'"),
        ("ansible.windows.win_acl: {path: C:\\x}", "missing required arguments"),
        ("ansible.windows.win_magic: {path: C:\\x}", "kein PowerShell-Modul"),
        ("community.windows.win_iis_website: {name: x}", "abgekündigt"),
        ("ansible.windows.win_powershell: {script: 'if ($a { 1 }'}", "PowerShell-Syntax"),
        ("microsoft.iis.website: {name: x, bindings: {set: [{port: '{{ p }}', prot: http}]}}", "prot"),
    ],
)
def test_a_mistake_is_found(tmp_path: Path, task: str, complaint: str) -> None:
    nested = f"- name: Ein Block\n  block:\n    - name: Eine Aufgabe\n      {task}\n"
    assert any(complaint in text for text in found(tmp_path, nested))


def test_values_that_only_a_run_knows_are_taken_as_they_are(tmp_path: Path) -> None:
    task = "- microsoft.iis.website: {name: '{{ n }}', state: '{{ s }}', bindings: {set: '{{ b }}'}}\n"
    assert found(tmp_path, task) == []


def test_every_windows_module_of_the_project_is_modelled() -> None:
    on_hosts = {task.module for task in windows_tasks() if not spec_of(task.module).on_controller}
    assert on_hosts <= set(MODELLED)


def test_the_projects_own_tasks_and_scripts_are_clean() -> None:
    assert [(str(task.file), text) for task in windows_tasks() for text in problems_of(task)] == []
    assert script_problems() == []


def test_a_script_with_a_missing_brace_is_found_with_its_line() -> None:
    problems = syntax_problems("$a = 1\nforeach ($x in $y) {\n  $x\n")
    assert problems
    assert syntax_problems("param([int]$Days = 30)\nGet-ChildItem C:\\x | Where-Object { $_.Length -gt $Days }\n") == []

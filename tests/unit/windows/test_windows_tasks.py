"""The lint that holds Windows tasks against the real specs."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

import pytest
import yaml

from testbed.windows.modules import MODELLED
from testbed.windows.powershell import syntax_problems
from testbed.windows.specs import spec_of
from workshop.windows_tasks import problems_of, script_problems, windows_tasks

ROOT = Path(__file__).resolve().parents[3]


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


def test_the_powershell_of_the_runbooks_and_of_the_workflow_is_powershell() -> None:
    page = (ROOT / "docs" / "windows-aufsetzen.md").read_text()
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "windows.yml").read_text())
    steps = [step["run"] for step in workflow["jobs"]["server"]["steps"] if "run" in step]
    blocks = [block.partition("```")[0] for block in page.split("```powershell\n")[1:]]
    assert blocks
    assert [problem for script in (*blocks, *steps) for problem in syntax_problems(script)] == []


def test_scheduled_tasks_say_when_and_how_long_as_the_task_scheduler_reads_it() -> None:
    """The types of its schema (MS-TSCH): boundaries are xs:dateTime, intervals, limits and delays xs:duration."""
    role = ROOT / "roles" / "win_maintenance"
    text = (role / "vars" / "main.yml").read_text().replace("{{ win_maintenance__every_minutes }}", "5")
    known = yaml.safe_load(text.replace("{{ win_maintenance__daily_at }}", "03:00:00"))
    repeated, works = known["__win_maintenance__repeated"], known["__win_maintenance__works"]
    triggers = [*repeated, *(t for work in works if isinstance(work["triggers"], list) for t in work["triggers"])]
    durations = [work["limit"] for work in works] + [t["delay"] for t in triggers if "delay" in t]
    durations += [value for t in triggers for value in t.get("repetition", {}).values()]
    assert len(durations) >= 6
    assert all(re.fullmatch(r"P(?=.)(\d+D)?(T(\d+H)?(\d+M)?(\d+S)?)?", value) for value in durations), durations
    starts = [t["start_boundary"] for t in triggers if t["type"] == "daily"]
    assert all(datetime.fromisoformat(start) for start in starts)
    assert len(starts) == 2

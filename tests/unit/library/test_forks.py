"""Callback upkeep_forks: with real Ansible, which forks for every task."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.unit.library.conftest import LOCAL_PYTHON, ansible

CALLBACK = Path(__file__).resolve().parents[3] / "playbooks" / "callback_plugins" / "upkeep_forks.py"
FILTER = """\
import os

with open({seen!r}, "a") as seen:
    print(os.getpid(), file=seen)


class FilterModule:
    def filters(self):
        return {{"doubled": lambda number: number * 2}}
"""
TASK = "    - ansible.builtin.assert: {that: 2 | doubled == 4}\n"


def test_filters_of_a_role_are_loaded_in_the_process_that_forks_and_no_task_does_it_again(tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    filters = tmp_path / "roles" / "late" / "filter_plugins" / "doubled.py"
    filters.parent.mkdir(parents=True)
    filters.write_text(FILTER.format(seen=str(seen)))
    for folder, text in (("tasks", "[]\n"), ("meta", "{}\n")):
        (tmp_path / "roles" / "late" / folder).mkdir()
        (tmp_path / "roles" / "late" / folder / "main.yml").write_text(text)
    (tmp_path / "callback_plugins").mkdir()
    shutil.copy(CALLBACK, tmp_path / "callback_plugins")
    late = "    - ansible.builtin.include_role: {name: late}\n"
    play = tmp_path / "play.yml"
    play.write_text(f"- hosts: localhost\n  gather_facts: false\n  tasks:\n{late}{TASK * 3}")
    ended = ansible("ansible-playbook", "-i", "localhost,", "-c", "local", *LOCAL_PYTHON, str(play))
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert len(set(seen.read_text().split())) == 1

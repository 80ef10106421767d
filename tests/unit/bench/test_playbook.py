"""What the stopwatch reads from Ansible's output."""

from __future__ import annotations

from bench.playbook import changed_in, tasks_in

OUTPUT = """\
PLAY RECAP *********************************************************************
one                        : ok=12   changed=2    unreachable=0    failed=0    skipped=3    rescued=0    ignored=0
middle                     : ok=12   changed=0    unreachable=0    failed=0    skipped=3    rescued=0    ignored=0

TASKS RECAP ********************************************************************
Saturday 21 November 2026  08:54:25 +0000 (0:00:00.177)       0:00:14.940 *****
===============================================================================
stack : Angaben prüfen: lager ------------------------------------------- 0.77s
stack : Validating arguments against arg spec 'main' - Eine Anwendung mit Gate auf einem Docker-Host --- 4.02s
"""


def test_changes_are_counted_per_host() -> None:
    assert changed_in(OUTPUT) == {"one": 2, "middle": 0}


def test_tasks_come_longest_first() -> None:
    described = "stack : Validating arguments against arg spec 'main' - Eine Anwendung mit Gate auf einem Docker-Host"
    assert tasks_in(OUTPUT) == [(described, 4.02), ("stack : Angaben prüfen: lager", 0.77)]

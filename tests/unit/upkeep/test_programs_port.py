"""Real programs of this machine: deadline, output, and that nothing of them is left."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from upkeep.errors import ProgramFailed
from upkeep.ports.programs import LIMIT, Ended, HostPrograms

ENVIRONMENT = {"PATH": "/usr/bin:/bin", "UPKEEP_STACK": "lager"}


def shell(text: str, timeout: float = 30.0) -> Ended:
    return HostPrograms().run(("/bin/sh", "-c", text), ENVIRONMENT, timeout)


def gone(file: Path) -> bool:
    """Whether the process whose number lies in `file` ends, and not only when its time is up (a zombie has)."""
    status = Path(f"/proc/{file.read_text().strip()}/stat")
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if not status.exists() or status.read_text().rpartition(")")[2].split()[0] == "Z":
            return True
        time.sleep(0.01)
    return False


def test_exit_code_and_both_streams() -> None:
    ended = shell("echo eins; echo zwei >&2; exit 3")
    assert (ended.exit_code, ended.output) == (3, "eins\nzwei\n")


def test_environment_is_the_given_one_alone() -> None:
    lines = set(shell("env").output.splitlines())
    assert "UPKEEP_STACK=lager" in lines
    assert {line.partition("=")[0] for line in lines} <= {"PATH", "UPKEEP_STACK", "PWD", "SHLVL", "_", "OLDPWD"}


def test_program_that_hangs_is_killed_with_all_it_started(tmp_path: Path) -> None:
    child = tmp_path / "child"
    began = time.monotonic()
    ended = shell(f"trap '' TERM; sleep 60 & echo $! >{child}; echo wartet; wait", 1.0)
    assert (ended.exit_code, ended.output) == (None, "wartet\n")
    assert time.monotonic() - began < 30
    assert gone(child)


def test_background_child_that_keeps_the_output_open_does_not_hold_up_the_run(tmp_path: Path) -> None:
    child = tmp_path / "child"
    began = time.monotonic()
    ended = shell(f"sleep 60 & echo $! >{child}; echo fertig")
    assert (ended.exit_code, ended.output) == (0, "fertig\n")
    assert time.monotonic() - began < 30
    assert gone(child)


def test_endless_output_keeps_its_end_and_whole_lines_only() -> None:
    ended = shell("seq -f 'geheim-%08.0f' 1 20000; echo Ende")
    lines = ended.output.splitlines()
    assert lines[-1] == "Ende"
    assert len(ended.output) <= LIMIT
    assert all(line.startswith("geheim-") for line in lines[:-1])


def test_program_that_closes_its_output_is_waited_for() -> None:
    ended = shell("exec >&- 2>&-; sleep 0.2; exit 4")
    assert (ended.exit_code, ended.output) == (4, "")


def test_program_that_is_not_there() -> None:
    with pytest.raises(ProgramFailed, match="/nirgends/programm ist nicht ausführbar"):
        HostPrograms().run(("/nirgends/programm",), ENVIRONMENT, 5)

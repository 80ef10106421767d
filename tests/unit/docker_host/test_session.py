"""Who logged in, and over which connection, however many times they became somebody else since."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible.module_utils.upkeep_session import login_user, ssh_connection

CONNECTION = "192.0.2.7 50001 192.0.2.1 22"


@pytest.fixture
def processes(tmp_path: Path) -> Path:
    """A /proc: sshd's shell (41), sudo (42), the module (43)."""
    shell, sudo, module = (tmp_path / pid for pid in ("41", "42", "43"))
    for process, parent, variables in (
        (shell, 40, f"USER=anna\0SSH_CONNECTION={CONNECTION}\0"),
        (sudo, 41, "USER=root\0SUDO_USER=anna\0"),
        (module, 42, "USER=root\0"),
    ):
        process.mkdir()
        (process / "environ").write_text(variables)
        (process / "status").write_text(f"Name:\tx\nPPid:\t{parent}\n")
    return tmp_path


def test_connection_and_user_are_found_above_sudo(processes: Path) -> None:
    assert ssh_connection(processes, 43) == CONNECTION
    assert login_user(processes, 43) == "anna"


def test_without_ssh_there_is_neither(tmp_path: Path) -> None:
    assert ssh_connection(tmp_path, 43) is None
    assert login_user(tmp_path, 43) == ""

"""Which SSH session a module runs in. sudo drops these variables, so they are looked up in the parent processes.

Standard library only, and no syntax newer than Python 3.8 (the preflight of role docker_host runs on old hosts too).
"""

from __future__ import annotations

import os
from pathlib import Path


def session_environment(proc: Path = Path("/proc"), pid: int | None = None) -> dict[str, str]:
    """Return the variables of the shell that sshd started above process `pid`; empty where it was not sshd."""
    pid = os.getpid() if pid is None else pid
    while pid > 1:
        try:
            variables = (proc / str(pid) / "environ").read_bytes().decode(errors="replace").split("\0")
            status = (proc / str(pid) / "status").read_text()
        except OSError:
            return {}
        if any(variable.startswith("SSH_CONNECTION=") for variable in variables):
            return dict(variable.split("=", 1) for variable in variables if "=" in variable)
        pid = int(status.partition("PPid:")[2].split()[0])
    return {}


def ssh_connection(proc: Path = Path("/proc"), pid: int | None = None) -> str | None:
    """Return `client port server port` of the session, None where it is not SSH."""
    return session_environment(proc, pid).get("SSH_CONNECTION")


def login_user(proc: Path = Path("/proc"), pid: int | None = None) -> str:
    """Return who logged in over SSH, whoever they became since; empty where nobody did."""
    return session_environment(proc, pid).get("USER", "")

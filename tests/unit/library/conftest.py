"""Runs modules as Ansible does on a host: an own process, arguments on the way in, one line of JSON out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.unit.fake_agent import FakeAgent

ROOT = Path(__file__).resolve().parents[3]
LOCAL_PYTHON = ("-e", f"ansible_python_interpreter={sys.executable}")
# What AnsiballZ does: the collection of module_utils in place, arguments and profile set; and the host's log in a file.
HARNESS = """
import json, runpy, sys, syslog
import ansible.module_utils
from ansible.module_utils import basic
module, room, log = sys.argv[1:]
ansible.module_utils.__path__.append(room)
syslog.syslog = lambda *words: print(*words, file=open(log, "a"))
basic.has_journal = False
basic._ANSIBLE_ARGS, basic._ANSIBLE_PROFILE = sys.stdin.buffer.read(), "legacy"
runpy.run_path(module, run_name="__main__")
"""


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str
    log: str

    @property
    def result(self) -> dict[str, Any]:
        assert self.out.strip(), self.err
        return json.loads(self.out.strip().splitlines()[-1])

    @property
    def everything(self) -> str:
        return self.out + self.err + self.log


Module = Callable[..., Ended]


@pytest.fixture
def run_module(tmp_path: Path) -> Module:
    log = tmp_path / "host.log"

    def run(
        name: str, *, check: bool = False, diff: bool = False, env: dict[str, str] | None = None, **args: Any
    ) -> Ended:
        arguments = {"ANSIBLE_MODULE_ARGS": args | {"_ansible_check_mode": check, "_ansible_diff": diff}}
        argv = [sys.executable, "-W", "ignore::ResourceWarning", "-c", HARNESS]
        argv += [str(ROOT / "library" / f"{name}.py"), str(ROOT / "module_utils"), str(log)]
        ended = subprocess.run(
            argv,
            input=json.dumps(arguments),
            capture_output=True,
            text=True,
            check=False,
            env=os.environ | {"PYTHONUTF8": "1"} | (env or {}),
        )
        return Ended(ended.returncode, ended.stdout, ended.stderr, log.read_text() if log.exists() else "")

    return run


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[FakeAgent]:
    fake = FakeAgent(tmp_path / "agent.sock").start()
    yield fake
    if fake._server:
        fake.stop()


def ansible(*words: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """The real thing, with the project's configuration."""
    environ = os.environ | {"ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1"} | (env or {})
    program = str(Path(sys.executable).parent / words[0])
    return subprocess.run([program, *words[1:]], cwd=ROOT, env=environ, capture_output=True, text=True, check=False)

"""A simulated Windows host that is asked directly, without Ansible."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from testbed.windows.host import Host

Ask = Callable[..., dict[str, Any]]


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host("win1", tmp_path / "win1")


@pytest.fixture
def ask(host: Host) -> Ask:
    """`ask("ansible.windows.win_file", path=…)`; `check=True` in check mode."""

    def asked(module: str, *, check: bool = False, **arguments: Any) -> dict[str, Any]:
        collection, _, name = module.rpartition(".")
        script = f"ansible_collections.{collection}.plugins.modules.{name}.ps1"
        return host.module(script, arguments | {"_ansible_check_mode": check})

    return asked

"""The modules as Ansible runs them: check, real, and what they say when it goes wrong."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.integration.postgres.server import PASSWORD, Server

ROOT = Path(__file__).resolve().parents[3]
BIN = Path(sys.executable).parent
Result = dict[str, Any]


@pytest.fixture
def given(server: Server, folder: Path) -> Result:
    return {
        "host": "127.0.0.1",
        "user": "postgres",
        "password": PASSWORD,
        "database": "etikett",
        "folder": str(folder),
        "programs": str(server.folder / "bin"),
    }


def ansible(module: str, arguments: Result, *options: str, python: str = sys.executable) -> tuple[Result, str]:
    """Its result and everything that was printed, at the highest verbosity."""
    argv = [str(BIN / "ansible"), "localhost", "-i", "localhost,", "-c", "local", "-m", module, "-a"]
    environment = os.environ | {"ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_LOAD_CALLBACK_PLUGINS": "1"}
    environment |= {"ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json"}
    argv += [json.dumps(arguments), "-e", f"ansible_python_interpreter={python}", *options]
    ended = subprocess.run(argv, cwd=ROOT, env=environment, check=False, capture_output=True, text=True)
    assert "{" in ended.stdout, ended.stderr
    told = json.loads(ended.stdout[ended.stdout.index("{") :])
    return told["plays"][0]["tasks"][0]["hosts"]["localhost"], ended.stdout + ended.stderr


def test_check_backup_drill_restore_undo(server: Server, folder: Path, given: Result) -> None:
    planned, _ = ansible("upkeep_postgres_backup", given, "--check")
    assert planned["changed"]
    assert "würde gesichert" in planned["message"]
    assert not list(folder.iterdir())
    made, printed = ansible("upkeep_postgres_backup", given | {"drill": True}, "-vvv")
    assert made["backup"]["counts"]["public.label"] == 5000
    assert "Probe bestanden" in made["drill"]
    done, more = ansible("upkeep_postgres_restore", given | {"state": "restored"}, "-vvv")
    assert done["changed"]
    undone, _ = ansible("upkeep_postgres_restore", given | {"state": "undone"})
    assert server.sql("SELECT count(*) FROM label", undone["aside"]) == "5000"
    assert PASSWORD not in printed + more
    assert json.dumps(PASSWORD)[1:-1] not in printed + more


def test_failures_are_german_sentences(given: Result) -> None:
    refused, _ = ansible("upkeep_postgres_restore", given | {"state": "restored"})
    assert "keine vollständige Sicherung" in refused["msg"]
    shut_out, printed = ansible("upkeep_postgres_backup", given | {"password": "falsch-genug"})
    assert shut_out["code"] == "login"
    assert "falsch-genug" not in printed
    assert "Traceback" not in printed


def test_a_python_without_the_package_says_so(given: Result) -> None:
    told, _ = ansible("upkeep_postgres_backup", given, python="/usr/bin/python3")
    assert "braucht das Paket upkeep" in told["msg"]

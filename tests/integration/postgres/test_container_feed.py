"""`upkeep.backup.postgres_feed` against real servers: what it writes can be restored, what cannot is not kept."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from testbed.engine import docker
from tests.integration.postgres.server import Server, call, trust


def fed(server: Server, outcome: Path, database: str = "etikett", seconds: str = "60") -> tuple[int, bytes, Any]:
    """Exit code, what came to stdout, what was said of it."""
    words = (server.container, "postgres", database, str(outcome), seconds)
    ended = subprocess.run(
        [sys.executable, "-m", "upkeep.backup.postgres_feed", *words], capture_output=True, check=False, timeout=120
    )
    assert b"Traceback" not in ended.stderr, ended.stderr
    return ended.returncode, ended.stdout, json.loads(outcome.read_text())


def test_the_dump_is_whole_and_restores(entered: Server, tmp_path: Path) -> None:
    code, dump, said = fed(entered, tmp_path / "outcome")
    assert (code, said["report"]["bytes"], said["report"]["sha256"]) == (0, len(dump), hashlib.sha256(dump).hexdigest())
    assert f"(PostgreSQL) {entered.major}" in said["report"]["server"]
    entered.sql("CREATE DATABASE etikett_again")
    restore = ("pg_restore", "-w", "-U", "postgres", "--exit-on-error", "-d", "etikett_again")
    subprocess.run(docker("exec", "-i", entered.container, *restore), input=dump, check=True)
    assert entered.sql("SELECT count(*) FROM label", "etikett_again") == "5000"


def test_a_database_that_is_not_there_ends_with_its_name_and_no_success(entered: Server, tmp_path: Path) -> None:
    code, dump, said = fed(entered, tmp_path / "outcome", "fehlt")
    assert (code, dump, said["code"]) == (1, b"", "postgres_dump")
    assert "„fehlt“ lässt sich nicht sichern" in said["error"]
    assert "does not exist" in said["error"]


def test_a_dump_that_is_cut_off_is_no_success(server: Server, tmp_path: Path) -> None:
    """The container's program ends early with exit code 0, as one behind a broken pipe may."""
    cut = "#!/bin/sh\nexec 2>&1\n/opt/postgresql/bin/pg_dump.real $* | head -c 5000\n"
    trust(server)
    as_root = docker("exec", "-i", "-u", "0", server.container, "sh", "-c")
    call(*as_root, "cd /opt/postgresql/bin; mv pg_dump pg_dump.real; cat >pg_dump; chmod 755 pg_dump", text=cut)
    try:
        code, _, said = fed(server, tmp_path / "outcome")
    finally:
        call(*as_root, "cd /opt/postgresql/bin; mv pg_dump.real pg_dump")
    assert (code, said["code"]) == (1, "postgres_dump")
    assert "lässt sich nicht zurücklesen" in said["error"]


def test_time_that_is_up_ends_it(entered: Server, tmp_path: Path) -> None:
    code, _, said = fed(entered, tmp_path / "outcome", seconds="0.01")
    assert code == 1
    assert "nicht rechtzeitig" in said["error"]

"""What the Windows server's daily task saves where there is no Linux host, against a real PostgreSQL."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from testbed.engine import docker
from tests.integration.postgres.server import PASSWORD, Server

PROGRAM = Path(__file__).resolve().parents[3] / "roles" / "win_maintenance" / "files" / "backup.mjs"
CALL = "const given = JSON.parse(process.argv[1]); await (await import(process.argv[2])).save(...given)"
OLD, FOREIGN = "etikett-20200101T020000Z", "lager-20200101T020000Z.dump"
TEAR = "import sys; open(sys.argv[sys.argv.index('-f') + 1], 'wb').write(open(sys.argv[1], 'rb').read()[:-300])"


@pytest.fixture
def full(folder: Path) -> Path:
    """With a backup that is too old, and a file of somebody else."""
    for name in (f"{OLD}.dump", f"{OLD}.dump.sha256", f"{OLD}.globals.sql", FOREIGN):
        (folder / name).touch()
    return folder


def saved(
    server: Server, folder: Path, password: str = PASSWORD, **programs: list[str]
) -> subprocess.CompletedProcess[str]:
    def own(name: str) -> list[str]:
        return docker("exec", "-i", "-u", "0", "-e", "PGPASSWORD", server.container, f"/opt/postgresql/bin/{name}")

    database = {"host": "127.0.0.1", "port": 5432, "user": "postgres", "name": "etikett", "password": password}
    backup: dict[str, Any] = {"folder": str(folder), "days": 30}
    backup |= {name: [*own(name)] for name in ("pg_dump", "pg_restore", "pg_dumpall")} | programs
    argv = [
        str(Path(sys.executable).with_name("node")),
        "--input-type=module",
        "-e",
        CALL,
        json.dumps([database, backup]),
    ]
    return subprocess.run([*argv, str(PROGRAM)], capture_output=True, text=True, timeout=120, check=False)


def test_a_dump_is_whole_and_summed_up_and_old_ones_go(each_server: Server, full: Path) -> None:
    done = saved(each_server, full)
    assert done.returncode == 0, done.stderr
    assert not list(full.glob(f"{OLD}*"))
    assert (full / FOREIGN).exists()
    dump = next(full.glob("etikett-*.dump"))
    assert dump.with_name(f"{dump.name}.sha256").read_text().split() == [
        hashlib.sha256(dump.read_bytes()).hexdigest(),
        dump.name,
    ]
    roles = dump.with_name(dump.name.replace(".dump", ".globals.sql")).read_text()
    assert "CREATE ROLE lager" in roles
    assert "PASSWORD" not in roles
    restore = ["sh", "-c", f"createdb -h 127.0.0.1 etikett_neu && pg_restore -h 127.0.0.1 -d etikett_neu {dump}"]
    path = ["-e", f"PGPASSWORD={PASSWORD}", "-e", "PGUSER=postgres", "-e", "PATH=/opt/postgresql/bin:/usr/bin:/bin"]
    subprocess.run(docker("exec", "-u", "0", *path, each_server.container, *restore), check=True)
    assert each_server.sql("SELECT count(*) FROM label", "etikett_neu") == "5000"


def test_what_fails_leaves_nothing_and_takes_nothing(each_server: Server, full: Path) -> None:
    before = sorted(full.iterdir())
    refused = saved(each_server, full, password="falsch")
    assert refused.returncode != 0
    assert "password authentication failed" in refused.stderr
    assert sorted(full.iterdir()) == before


def test_a_torn_dump_is_refused(each_server: Server, folder: Path, tmp_path: Path) -> None:
    assert saved(each_server, folder).returncode == 0
    whole = next(folder.glob("etikett-*.dump")).rename(folder / "whole")
    for file in folder.glob("etikett-*"):
        file.unlink()
    torn = saved(each_server, folder, pg_dump=[sys.executable, "-c", TEAR, str(whole)])
    assert torn.returncode != 0
    assert "pg_restore" in torn.stderr
    assert list(folder.iterdir()) == [whole]

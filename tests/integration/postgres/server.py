"""A real PostgreSQL in a container, and its own programs as the ones the code under test runs."""

from __future__ import annotations

import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from testbed.engine import docker
from upkeep.ports.postgres import Connection, PostgresPrograms

PASSWORD = "geheim:mit\\Zeichen"
LABEL = "upkeep.tests.postgres"
PROGRAMS = ("pg_isready", "psql", "pg_dump", "pg_dumpall", "pg_restore")
READY = "/opt/postgresql/bin/pg_isready -q -h 127.0.0.1 -t 30"
TRUST = "sed -i '1i local all all trust' $PGDATA/pg_hba.conf && pg_ctl reload -s -D $PGDATA"
# Runs in the server's container, where the folder lies at the same path; notes what it was called with.
WRAPPER = """#!/bin/sh
{ echo "$0 $*"; env; } >> {folder}/calls
exec docker exec -i -u 0 -e PGPASSFILE -e PGHOST -e PGPORT -e PGUSER -e PGDATABASE -e PGSSLMODE -e PGCONNECT_TIMEOUT \\
  -e PGAPPNAME -e LC_ALL {container} /opt/postgresql/bin/{name} "$@"
"""


def call(*argv: str, text: str = "") -> str:
    ended = subprocess.run(argv, input=text, check=False, capture_output=True, text=True)
    assert ended.returncode == 0, f"{argv}: {ended.stderr}"
    return ended.stdout


@dataclass(frozen=True)
class Server:
    """`folder` is seen by the server's container, too."""

    major: int
    container: str
    folder: Path

    @property
    def programs(self) -> PostgresPrograms:
        return self.as_user("postgres", PASSWORD)

    def as_user(self, user: str, password: str, port: int = 5432) -> PostgresPrograms:
        return PostgresPrograms(Connection("127.0.0.1", user, password, port), self.folder / "bin")

    def sql(self, text: str, database: str = "postgres") -> str:
        own = ("/opt/postgresql/bin/psql", "-X", "-q", "-t", "-A", "-v", "ON_ERROR_STOP=1", "-d", database)
        secret = ("-e", f"PGPASSWORD={PASSWORD}", "-e", "PGHOST=127.0.0.1")
        return call(*docker("exec", "-i", *secret, self.container, *own), text=text).strip()

    def log(self) -> str:
        ended = subprocess.run(docker("logs", self.container), check=True, capture_output=True, text=True)
        return ended.stdout + ended.stderr

    def calls(self) -> str:
        return (self.folder / "calls").read_text()


@contextmanager
def running(major: int, folder: Path, network: str = "bridge") -> Iterator[Server]:
    server = Server(major, f"upkeep-tests-postgres-{uuid.uuid4().hex[:8]}", folder)
    options = ("--label", LABEL, "-e", f"POSTGRES_PASSWORD={PASSWORD}", "-v", f"{folder}:{folder}", "--tmpfs", "/tmp")
    options += ("--network", network)
    durable = ("postgres", "-c", "fsync=off", "-c", "log_connections=off")
    call(*docker("run", "-d", "--name", server.container, *options, f"upkeep-testbed/postgres{major}", *durable))
    try:
        install(server, folder / "bin")
        wait(server)
        yield server
    finally:
        call(*docker("rm", "-f", "-v", server.container))


def install(server: Server, folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    for name in PROGRAMS:
        text = WRAPPER.replace("{folder}", str(server.folder)).replace("{container}", server.container)
        (folder / name).write_text(text.replace("{name}", name))
        (folder / name).chmod(0o755)


def trust(server: Server) -> None:
    """Its socket asks for no password, as in the official image."""
    call(*docker("exec", server.container, "sh", "-c", TRUST))


def wait(server: Server) -> None:
    ends = time.monotonic() + 120
    while subprocess.run(docker("exec", server.container, *READY.split()), check=False).returncode != 0:
        assert time.monotonic() < ends, server.log()
        time.sleep(0.2)

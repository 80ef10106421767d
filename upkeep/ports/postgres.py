"""PostgreSQL through its own programs over TCP: psql, pg_dump, pg_dumpall, pg_restore.

Standard library only: the nightly backup runs this on any Linux host. The password travels in a PGPASSFILE of mode 0600
and nowhere else: not on a command line, not in an environment, not in a message.
"""

from __future__ import annotations

import csv
import io
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from upkeep.errors import DatabaseFailed, Refused

TAIL = 2000  # characters of a program's complaint that are shown
WAIT = 10  # seconds for a connection
DEBIAN_PROGRAMS = Path("/usr/lib/postgresql")
Rows = list[list[str]]
ASKING = ("-X", "-w", "-q", "-t", "--csv", "-v", "ON_ERROR_STOP=1")  # psql, for a program that reads the answer


class DatabaseDown(DatabaseFailed):
    """Nothing answers there, or it is still starting."""

    code = "database_down"


class LoginRefused(DatabaseFailed):
    """The server answers and does not let this user in. Asked once, so that no account gets locked."""

    code = "login"


class StatementFailed(DatabaseFailed):
    """The server refused a statement, or a dump could not be written or loaded."""

    code = "statement"


@dataclass(frozen=True)
class Connection:
    """Where the server is and who we are there. `sslmode` as libpq knows it, `wait` in seconds for an answer."""

    host: str
    user: str
    password: str = field(default="", repr=False)
    port: int = 5432
    sslmode: str = "prefer"
    wait: int = WAIT

    @property
    def place(self) -> str:
        return f"{self.host}:{self.port}"


class Answering(Protocol):
    """A server that takes statements, however one gets in. `place`: where it is, for an operator."""

    @property
    def place(self) -> str: ...

    def query(self, sql: str, database: str = "postgres", values: Mapping[str, str] | None = None) -> Rows:
        """Rows as texts. `:'name'` and `:"name"` in `sql` stand for `values`, quoted by psql. One statement after the
        other, the first that fails ends it: raises StatementFailed."""


class PostgresPrograms:
    """`folder` holds the programs; without it the newest of Debian's versions, or those on PATH."""

    def __init__(self, connection: Connection, folder: Path | None = None) -> None:
        self.connection = connection
        self._folder = folder or _newest_debian_programs()

    @property
    def place(self) -> str:
        return self.connection.place

    def knock(self) -> None:
        """Ask once whether the server takes connections and lets us in. Raises DatabaseDown or LoginRefused."""
        with self._environment("postgres") as environment:
            nobody = environment | {"PGPASSFILE": os.devnull}  # with the password it would log in, too
            asked = self._run([self._program("pg_isready"), "-t", str(self.connection.wait)], nobody)
        if asked.returncode != 0:
            raise DatabaseDown(
                f"Die Datenbank auf {self.connection.place} antwortet nicht",
                observed="sie startet gerade" if asked.returncode == 1 else "keine Antwort",
                next_step="Dienst und Firewall prüfen, dann noch einmal.",
            )
        with self._environment("postgres") as environment:
            entered = self._run([self._program("psql"), "-X", "-w", "-c", "SELECT 1"], environment)
        if entered.returncode != 0:
            raise LoginRefused(
                f"{self.connection.place} lässt „{self.connection.user}“ nicht hinein",
                observed=_complaint(entered),
                next_step="Benutzer, Kennwort und pg_hba.conf prüfen. Es wurde nur einmal versucht.",
            )

    def client_version(self) -> int:
        """The major version of pg_dump."""
        words = self._run([self._program("pg_dump"), "--version"], _bare()).stdout.split()
        return int(next(word for word in words if word[0].isdigit()).split(".")[0])

    def query(self, sql: str, database: str = "postgres", values: Mapping[str, str] | None = None) -> Rows:
        argv = [self._program("psql"), *ASKING, *given(values)]
        with self._environment(database) as environment:
            ended = self._run([*argv, "-f", "-"], environment, sql)
        succeed(ended, f"Die Datenbank „{database}“ auf {self.connection.place} hat abgelehnt")
        return rows(ended.stdout)

    def dump(self, database: str, target: Path, snapshot: str) -> None:
        argv = [self._program("pg_dump"), "-w", "-Fc", f"--snapshot={snapshot}", f"--file={target}"]
        with self._environment(database) as environment:
            ended = self._run(argv, environment)
        succeed(ended, f"Die Sicherung von „{database}“ brach ab")

    def globals(self, *, passwords: bool) -> str:
        """Roles and their settings as SQL; password hashes only a superuser may read."""
        argv = [self._program("pg_dumpall"), "-w", "--globals-only", "-l", "postgres"]
        with self._environment("postgres") as environment:
            ended = self._run([*argv, *([] if passwords else ["--no-role-passwords"])], environment)
        succeed(ended, "Die Rollen ließen sich nicht sichern")
        return ended.stdout

    def contents(self, dump: Path) -> str:
        """The dump's head and table of contents, as pg_restore lists it."""
        ended = self._run([self._program("pg_restore"), "--list", str(dump)], _bare())
        succeed(ended, f"{dump.name} ist keine lesbare Sicherung")
        return ended.stdout

    def read_through(self, dump: Path) -> None:
        """Read every byte of data in it; a cut or flipped dump ends in StatementFailed."""
        ended = self._run([self._program("pg_restore"), "-f", "/dev/null", str(dump)], _bare())
        succeed(ended, f"{dump.name} lässt sich nicht ganz lesen")

    def load(self, dump: Path, database: str) -> None:
        """Into an existing empty database, all or nothing."""
        argv = [self._program("pg_restore"), "-w", "--exit-on-error", "--single-transaction", "-d", database, str(dump)]
        with self._environment(database) as environment:
            ended = self._run(argv, environment)
        succeed(ended, f"{dump.name} ließ sich nicht in „{database}“ laden")

    @contextmanager
    def session(self, database: str) -> Iterator[subprocess.Popen[str]]:
        """A psql that stays open, for what one session has to see; it ends with the block."""
        argv = [self._program("psql"), *ASKING]
        with self._environment(database) as environment:
            pipe = subprocess.PIPE
            with subprocess.Popen(argv, stdin=pipe, stdout=pipe, stderr=pipe, env=environment, text=True) as child:
                try:
                    yield child
                finally:
                    child.kill()

    @contextmanager
    def _environment(self, database: str) -> Iterator[dict[str, str]]:
        """What libpq reads, and nothing that the caller's environment says about databases."""
        with tempfile.NamedTemporaryFile("w", prefix="upkeep-pg-", encoding="utf-8") as passwords:
            passwords.write(f"*:*:*:*:{_escaped(self.connection.password)}\n")
            passwords.flush()
            yield _bare() | {
                "PGPASSFILE": passwords.name,
                "PGHOST": self.connection.host,
                "PGPORT": str(self.connection.port),
                "PGUSER": self.connection.user,
                "PGDATABASE": database,
                "PGSSLMODE": self.connection.sslmode,
                "PGCONNECT_TIMEOUT": str(self.connection.wait),
                "PGAPPNAME": "upkeep",
            }

    def _program(self, name: str) -> str:
        found = shutil.which(name, path=str(self._folder) if self._folder else None)
        if found is None:
            raise Refused(
                f"{name} fehlt auf dieser Maschine",
                observed=f"nicht in {self._folder or 'PATH'}",
                next_step="Das Paket postgresql-client in der Version des Servers (oder neuer) installieren.",
            )
        return found

    def _run(self, argv: list[str], environment: dict[str, str], text: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            argv, env=environment, input=text, capture_output=True, text=True, check=False, errors="replace"
        )


def _newest_debian_programs() -> Path | None:
    found = [place for place in DEBIAN_PROGRAMS.glob("*/bin") if place.parent.name.isdigit()]
    return max(found, key=lambda place: int(place.parent.name), default=None)


def _bare() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return kept | {"LC_ALL": "C.UTF-8"}


def _escaped(password: str) -> str:
    return password.replace("\\", "\\\\").replace(":", "\\:")


def _complaint(ended: subprocess.CompletedProcess[str]) -> str:
    return " ".join(ended.stderr.split())[-TAIL:] or f"Ende mit Code {ended.returncode}"


def given(values: Mapping[str, str] | None) -> list[str]:
    """psql's variables, as words of its command line."""
    return [word for name, value in (values or {}).items() for word in ("-v", f"{name}={value}")]


def rows(output: str) -> Rows:
    return list(csv.reader(io.StringIO(output)))


def succeed(ended: subprocess.CompletedProcess[str], what: str) -> None:
    if ended.returncode != 0:
        raise StatementFailed(what, observed=_complaint(ended))

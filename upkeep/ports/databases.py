"""Databases of a PostgreSQL in a container of the stack, as a restore moves them: loaded beside the live one, exchanged
with it by a rename, back again, away at last. Programs are the container's own, so they fit its server.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import tempfile
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, Protocol

from upkeep.errors import DatabaseFailed, Refused
from upkeep.ports.postgres import ASKING, TAIL, DatabaseDown, Rows, StatementFailed, given, rows, succeed
from upkeep.ports.streamed import Readable

PATIENCE = 60.0
CHUNK = 1024 * 1024
LONGEST_NAME = 63
STAGED, OLD = "neu", "vorher"
OWN = ("postgres", "template0", "template1")
_MAJOR = re.compile(r"\(PostgreSQL\) (\d+)")
_READY = "SELECT pg_is_in_recovery();"
_SERVER = """SELECT current_setting('server_version'), rolsuper OR rolcreatedb, pg_is_in_recovery()
FROM pg_roles WHERE rolname = current_user;"""
_CREATE = """CREATE DATABASE :"name" OWNER :"owner" TEMPLATE template0 ENCODING :'encoding' LC_COLLATE :'collation'
LC_CTYPE :'type';"""
_EMPTY = r"""SELECT format('DELETE FROM %s', to_regclass(:'table')) WHERE to_regclass(:'table') IS NOT NULL \gexec"""
_DROP = """DROP DATABASE IF EXISTS :"name" WITH (FORCE);"""


@dataclass(frozen=True)
class Place:
    """`user` enters by the container's own socket; a password is asked for there by nobody in the usual images."""

    container: str
    user: str

    def inside(self, *argv: str, reads: bool = False) -> list[str]:
        return ["docker", "exec", *(["-i"] if reads else []), self.container, *argv]


@dataclass(frozen=True)
class Exchange:
    """Names of databases: `coming` takes the place of `live`, and what was live is `aside` from then on."""

    coming: str
    live: str
    aside: str


class Databases(Protocol):
    """Every method raises DatabaseFailed; those that begin something also Refused."""

    def answers(self, place: Place) -> bool:
        """Whether the server takes statements."""

    def refuse_unfit(self, place: Place, database: str, saved_by: str) -> None:
        """A standby, older than what was saved, a user without the right, a database that is not there. `saved_by`:
        what pg_dump said of itself."""

    def load(self, place: Place, live: str, staged: str, source: Readable, seconds: float) -> int:
        """Beside the live database, with its owner, settings and rights; bytes of what came. What is not loaded whole
        is dropped again; a kill leaves it there (see `drop`)."""

    def empty(self, place: Place, database: str, table: str) -> None:
        """A table that is not there is empty, too."""

    def take(self, place: Place, exchange: Exchange) -> None:
        """Both names in one transaction; open connections are closed. Again is fine."""

    def take_back(self, place: Place, exchange: Exchange) -> None:
        """Again is fine, also when nothing was taken."""

    def drop(self, place: Place, run: str) -> int:
        """Every database that bears this run's mark; how many there were."""


def name_beside(database: str, what: str, run: str) -> str:
    """A name next to the live one that tells the run. Where PostgreSQL's length does not do, a hash tells long names
    apart."""
    tail = f"_{what}{mark(run)}"
    if len(f"{database}{tail}".encode()) <= LONGEST_NAME:
        return f"{database}{tail}"
    tail = f"_{hashlib.sha256(database.encode()).hexdigest()[:6]}{tail}"
    return database.encode()[: LONGEST_NAME - len(tail)].decode(errors="ignore") + tail


def mark(run: str) -> str:
    return f"_{run.replace('-', '_')}"


class ContainerDatabases:
    def answers(self, place: Place) -> bool:
        try:
            return bool(_Programs(place).query(_READY))
        except DatabaseFailed:
            return False

    def refuse_unfit(self, place: Place, database: str, saved_by: str) -> None:
        from upkeep.postgres.server import find

        programs = _Programs(place)
        version, may_create, standby = programs.query(_SERVER)[0]
        _refuse_server(place, version, saved_by, may_create == "t", standby == "t")
        what = f"Die Datenbank „{database}“ lässt sich in {place.container} nicht austauschen"
        if database in OWN:
            raise Refused(what, observed="PostgreSQLs eigene", limit="eine Datenbank der Anwendung")
        if find(programs, database) is None:
            step = f"Anlegen: `docker exec {place.container} createdb -U {place.user} {database}`."
            raise Refused(what, observed="es gibt sie dort nicht", next_step=step)

    def load(self, place: Place, live: str, staged: str, source: Readable, seconds: float) -> int:
        from upkeep.postgres.server import existing
        from upkeep.postgres.switch import take_over_settings

        programs = _Programs(place, seconds)
        known = existing(programs, live)
        about = {"owner": known.owner, "encoding": known.encoding, "collation": known.collation}
        programs.query(_CREATE, values={"name": staged, "type": known.character_type, **about})
        try:
            size = _pour(place, staged, source, seconds)
            take_over_settings(programs, live, staged)
            programs.query("ANALYZE;", staged)
        except BaseException:
            programs.query(_DROP, values={"name": staged})
            raise
        return size

    def empty(self, place: Place, database: str, table: str) -> None:
        _Programs(place).query(_EMPTY, database, {"table": table})

    def take(self, place: Place, exchange: Exchange) -> None:
        from upkeep.postgres import switch

        programs = _Programs(place)
        if exchange.coming in switch.names(programs):
            switch.exchange(programs, exchange.live, exchange.coming, exchange.aside)
        switch.reopen(programs, exchange.live, exchange.aside)

    def take_back(self, place: Place, exchange: Exchange) -> None:
        from upkeep.postgres import switch

        programs = _Programs(place)
        if exchange.coming not in switch.names(programs):
            switch.exchange(programs, exchange.live, exchange.aside, exchange.coming)
        switch.reopen(programs, exchange.live, exchange.coming)

    def drop(self, place: Place, run: str) -> int:
        from upkeep.postgres.switch import names

        programs = _Programs(place)
        found = [name for name in names(programs) if name.endswith(mark(run))]
        for name in found:
            programs.query(_DROP, values={"name": name})
        return len(found)


class _Programs:
    """psql in the container, as `Answering`."""

    def __init__(self, place: Place, patience: float = PATIENCE) -> None:
        self._place, self._patience = place, patience

    @property
    def place(self) -> str:
        return self._place.container

    def query(self, sql: str, database: str = "postgres", values: Mapping[str, str] | None = None) -> Rows:
        words = ("-U", self._place.user, "-d", database, *given(values), "-f", "-")
        argv = self._place.inside("psql", *ASKING, *words, reads=True)
        try:
            ended = subprocess.run(
                argv, input=sql, capture_output=True, text=True, errors="replace", timeout=self._patience, check=False
            )
        except subprocess.TimeoutExpired as exc:
            what = f"PostgreSQL in {self._place.container} antwortet nicht"
            raise DatabaseDown(what, limit=f"{self._patience:g} s") from exc
        succeed(ended, f"Die Datenbank „{database}“ in {self._place.container} hat abgelehnt")
        return rows(ended.stdout)


def _refuse_server(place: Place, version: str, saved_by: str, may_create: bool, standby: bool) -> None:
    if standby or not may_create:
        raise Refused(
            f"In das PostgreSQL in {place.container} lässt sich nicht zurückspielen",
            observed="es ist eine Replik" if standby else f"„{place.user}“ darf keine Datenbank anlegen",
            limit="ein Primärserver und ein Benutzer mit CREATEDB",
            next_step="stack__backup_postgres im Inventar prüfen.",
        )
    newer = _MAJOR.search(saved_by)
    if newer and int(newer[1]) > int(version.partition(".")[0]):
        raise Refused(
            "Die Sicherung kommt von einem neueren PostgreSQL",
            observed=newer[1],
            limit=f"höchstens {version}",
            next_step="Zuerst PostgreSQL aktualisieren.",
        )


def _pour(place: Place, database: str, source: Readable, seconds: float) -> int:
    """All or nothing. Raises StatementFailed, and what reading raises: its end is where a backup proves itself."""
    words = ("--exit-on-error", "--single-transaction", "-U", place.user, "-d", database)
    argv = place.inside("pg_restore", "-w", *words, reads=True)
    with tempfile.TemporaryFile() as said:
        loader = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=said)
        alarm = threading.Timer(seconds, loader.kill)
        alarm.start()
        try:
            size = _feed(source, loader)
            code = loader.wait()
        finally:
            alarm.cancel()
            loader.kill()
            loader.wait()
        _judge(database, code, _words(said), seconds)
    return size


def _feed(source: Readable, loader: subprocess.Popen[bytes]) -> int:
    """A loader that gave up is not fed any more; its exit code tells."""
    assert loader.stdin is not None  # noqa: S101 - it was asked for
    size = 0
    with suppress(BrokenPipeError), loader.stdin:
        while piece := source.read(CHUNK):
            loader.stdin.write(piece)
            size += len(piece)
    return size


def _judge(database: str, code: int, said: str, seconds: float) -> None:
    if code < 0:
        raise StatementFailed(f"Die Sicherung war nicht rechtzeitig in „{database}“ geladen", limit=f"{seconds:g} s")
    if code:
        raise StatementFailed(f"Die Sicherung ließ sich nicht in „{database}“ laden", observed=said)


def _words(file: IO[bytes]) -> str:
    file.seek(0)
    return " ".join(file.read().decode("utf-8", "replace").split())[-TAIL:]

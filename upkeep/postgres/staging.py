"""A backup loaded into a new database beside the live one, its rows counted; whatever fails here leaves no trace."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from upkeep.errors import DatabaseFailed, Refused
from upkeep.ports.postgres import PostgresPrograms
from upkeep.postgres import counting
from upkeep.postgres.server import Server
from upkeep.postgres.verification import Proof

LONGEST_NAME = 63
_CREATE = (
    """CREATE DATABASE :"name" TEMPLATE template0 ENCODING :'encoding' LC_COLLATE :'collation' LC_CTYPE :'type';"""
)
_OWN = """ALTER DATABASE :"name" OWNER TO :"owner";"""
_ROLES = "SELECT rolname FROM pg_roles WHERE rolname = :'name';"
_DROP = """DROP DATABASE IF EXISTS :"name";"""


def demand_rights(server: Server, programs: PostgresPrograms, proof: Proof) -> None:
    """Refused when the load could only fail."""
    if server.standby:
        raise Refused(
            f"{programs.connection.place} ist eine Replik und nimmt keine Änderungen an",
            next_step="Auf dem Primärserver wiederherstellen.",
        )
    if not server.may_create:
        raise Refused(
            f"„{programs.connection.user}“ darf keine Datenbank anlegen",
            limit="CREATEDB",
            next_step=f"`ALTER ROLE {programs.connection.user} CREATEDB` oder einen anderen Benutzer nehmen.",
        )
    if not programs.query(_ROLES, values={"name": proof.backup.owner}):
        raise Refused(
            f"Die Rolle „{proof.backup.owner}“, der die Datenbank gehörte, gibt es hier nicht",
            next_step=f"Zuerst die Rollen einspielen: `psql -f {proof.dump.stem}.globals.sql`.",
        )


@contextmanager
def staged(programs: PostgresPrograms, proof: Proof, name: str) -> Iterator[str]:
    """The new database, loaded and counted. It is dropped when the block ends in an error."""
    backup = proof.backup
    described = {"encoding": backup.encoding, "collation": backup.collation, "type": backup.character_type}
    programs.query(_CREATE, values={"name": name, **described})
    try:
        programs.query(_OWN, values={"name": name, "owner": backup.owner})
        programs.load(proof.dump, name)
        wrong = counting.differences(backup.counts, counting.count(programs, name))
        if wrong:
            raise DatabaseFailed(
                f"{proof.dump.name} ergab geladen nicht dieselben Zeilen",
                observed="; ".join(wrong[:5]),
                next_step="Die laufende Datenbank ist unverändert. Eine andere Sicherung nehmen.",
            )
        yield name
    except BaseException:
        drop(programs, name)
        raise


def drop(programs: PostgresPrograms, name: str) -> None:
    programs.query(_DROP, values={"name": name})


def beside(database: str, what: str, stamp: str) -> str:
    """A name next to the live one: `<database>_<what>_<stamp>`, cut to what PostgreSQL takes."""
    tail = f"_{what}_{stamp}"
    return database.encode()[: LONGEST_NAME - len(tail)].decode(errors="ignore") + tail

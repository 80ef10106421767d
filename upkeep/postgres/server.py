"""What is there before anything is done: versions, databases, their sizes and the rights of the user."""

from __future__ import annotations

from dataclasses import dataclass

from upkeep.errors import Refused
from upkeep.ports.postgres import Answering, PostgresPrograms, Rows

_ABOUT = """SELECT current_setting('server_version'), current_setting('server_version_num')::int / 10000,
       rolsuper, rolcreatedb, pg_is_in_recovery() FROM pg_roles WHERE rolname = current_user;"""
_DATABASE = """SELECT d.datname, pg_database_size(d.oid), r.rolname, pg_encoding_to_char(d.encoding), d.datcollate,
       d.datctype, d.datallowconn FROM pg_database d JOIN pg_roles r ON r.oid = d.datdba WHERE d.datname = :'name';"""


@dataclass(frozen=True)
class Server:
    """`major` is the server's, `client` that of pg_dump here."""

    version: str
    major: int
    client: int
    superuser: bool
    may_create: bool
    standby: bool


@dataclass(frozen=True)
class Database:
    name: str
    size: int
    owner: str
    encoding: str
    collation: str
    character_type: str
    open: bool


def look(programs: PostgresPrograms) -> Server:
    """Knock once, then compare versions. An old pg_dump cannot read a newer server: Refused."""
    programs.knock()
    version, major, superuser, may_create, standby = programs.query(_ABOUT)[0]
    client = programs.client_version()
    if client < int(major):
        raise Refused(
            "pg_dump ist älter als der Server",
            observed=f"pg_dump {client}, Server {version}",
            limit=f"pg_dump ab {major}",
            next_step=f"Das Paket postgresql-client-{major} installieren.",
        )
    return Server(version, int(major), client, _yes(superuser), _yes(superuser) or _yes(may_create), _yes(standby))


def find(programs: Answering, name: str) -> Database | None:
    rows: Rows = programs.query(_DATABASE, values={"name": name})
    if not rows:
        return None
    found, size, owner, encoding, collation, character_type, is_open = rows[0]
    return Database(found, int(size), owner, encoding, collation, character_type, _yes(is_open))


def existing(programs: Answering, name: str) -> Database:
    database = find(programs, name)
    if database is None:
        raise Refused(
            f"Auf {programs.place} gibt es keine Datenbank „{name}“",
            next_step="Den Namen prüfen (`psql -l`).",
        )
    return database


def _yes(text: str) -> bool:
    return text == "t"

"""One database takes another's name. Both renames are one transaction: there is never none, and never a half."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from upkeep.errors import DatabaseFailed, Refused
from upkeep.ports.postgres import Answering
from upkeep.postgres.server import find
from upkeep.postgres.staging import beside

_SHUT = """ALTER DATABASE :"name" ALLOW_CONNECTIONS false;"""
_OPEN = """ALTER DATABASE :"name" ALLOW_CONNECTIONS true;"""
_CLOSE = "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity WHERE datname = :'name';"
_RENAME = """BEGIN;
ALTER DATABASE :"live" RENAME TO :"aside";
ALTER DATABASE :"coming" RENAME TO :"live";
COMMIT;"""
# What pg_dump leaves out because it belongs to the database and not into it: settings, limit, rights.
_SETTINGS = r"""SELECT format('ALTER %s SET %I TO %s',
    CASE WHEN s.setrole = 0 THEN format('DATABASE %I', :'to')
         ELSE format('ROLE %I IN DATABASE %I', r.rolname, :'to') END,
    split_part(line, '=', 1),
    CASE WHEN split_part(line, '=', 1) IN ('search_path', 'temp_tablespaces', 'session_preload_libraries',
                                           'local_preload_libraries')
         THEN substr(line, strpos(line, '=') + 1) ELSE quote_literal(substr(line, strpos(line, '=') + 1)) END)
FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase
     LEFT JOIN pg_roles r ON r.oid = s.setrole, unnest(s.setconfig) line
WHERE d.datname = :'from' \gexec
SELECT format('ALTER DATABASE %I CONNECTION LIMIT %s', :'to', datconnlimit) FROM pg_database
WHERE datname = :'from' \gexec
SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', :'to') FROM pg_database
WHERE datname = :'from' AND datacl IS NOT NULL \gexec
SELECT format('GRANT %s ON DATABASE %I TO %s%s', a.privilege_type, :'to',
    CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(r.rolname) END,
    CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
FROM pg_database d, aclexplode(d.datacl) a LEFT JOIN pg_roles r ON r.oid = a.grantee WHERE d.datname = :'from' \gexec
"""
_NAMES = "SELECT datname FROM pg_database;"
_STAMPED = re.compile(r"_(vorher|zurueck)_(\d{8}t\d{6}z)$")
STAMP_LENGTH = 16


def take_over_settings(programs: Answering, live: str, coming: str) -> None:
    """The settings, connection limit and rights of the live database, for the one that will take its name."""
    programs.query(_SETTINGS, values={"from": live, "to": coming})


def exchange(programs: Answering, live: str, coming: str, aside: str) -> None:
    """`live` becomes `aside`, `coming` becomes `live`; open connections are closed. On failure all is as before."""
    with _shut(programs, live), _shut(programs, coming):
        programs.query(_RENAME, values={"live": live, "coming": coming, "aside": aside})
    reopen(programs, live, aside)


def reopen(programs: Answering, *wanted: str) -> None:
    """Those of them that are there, whoever shut them."""
    for name in set(names(programs)).intersection(wanted):
        programs.query(_OPEN, values={"name": name})


def give_name(programs: Answering, coming: str, live: str) -> None:
    """Where no database of that name was."""
    programs.query("""ALTER DATABASE :"coming" RENAME TO :"live";""", values={"coming": coming, "live": live})


def heal(programs: Answering, live: str) -> bool:
    """Open a database that an interrupted exchange left shut. True when it was."""
    database = find(programs, live)
    if database is None or database.open:
        return False
    programs.query(_OPEN, values={"name": live})
    return True


def names(programs: Answering) -> list[str]:
    """Every database of the server."""
    return [row[0] for row in programs.query(_NAMES)]


def kept_aside(programs: Answering, live: str) -> list[str]:
    """What earlier switches put aside, the newest first."""
    stamped = {name: _STAMPED.search(name) for name in names(programs)}
    found = [name for name, mark in stamped.items() if mark and name == beside(live, mark[1], mark[2])]
    return sorted(found, key=lambda name: name[-STAMP_LENGTH:], reverse=True)


def newest_aside(programs: Answering, live: str) -> str:
    found = kept_aside(programs, live)
    if not found:
        raise Refused(
            f"Zu „{live}“ gibt es keine beiseitegelegte Datenbank",
            next_step="Sie entsteht bei einer Wiederherstellung und ist nach ihrem Löschen fort.",
        )
    return found[0]


@contextmanager
def _shut(programs: Answering, name: str) -> Iterator[None]:
    """No connections from now on; open again if the block fails."""
    programs.query(_SHUT, values={"name": name})
    try:
        programs.query(_CLOSE, values={"name": name})
        yield
    except DatabaseFailed:
        programs.query(_OPEN, values={"name": name})
        raise

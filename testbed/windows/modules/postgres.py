"""PostgreSQL on a simulated host, as far as role win_postgres asks for it: its installer, psql, pg_basebackup.

What the SQL does a real PostgreSQL shows (tests/integration/postgres/test_windows_role.py); here it only leaves roles.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from testbed.windows.modules.registry import Answer, ModuleFailed

if TYPE_CHECKING:
    from testbed.windows.host import Host

SERVICE = "postgresql-x64-"
ROLE = re.compile(r"""ALTER ROLE "(\w+)" LOGIN.* PASSWORD '([^']*)';""")


def install(host: Host, service: str, arguments: list[str]) -> None:
    """What EnterpriseDB's installer leaves: programs, a data folder, the administrator."""
    given = dict(zip(arguments[::2], arguments[1::2], strict=True))
    programs = rf"C:\Program Files\PostgreSQL\{service.removeprefix(SERVICE)}\bin"
    for name in ("psql.exe", "pg_basebackup.exe"):
        host.disk.write(rf"{programs}\{name}", "")
    for name in ("PG_VERSION", "postgresql.conf", "pg_hba.conf"):
        host.disk.write(rf"{given['--datadir']}\{name}", "# as it comes\n")
    host.state["postgres"] = {"roles": {"postgres": given["--superpassword"]}, "service": service}


def psql(host: Host, argv: list[str], stdin: str, environment: dict[str, str]) -> Answer:
    roles = host.state["postgres"]["roles"]
    user = argv[argv.index("-U") + 1]
    if host.state["services"][host.state["postgres"]["service"]]["state"] != "running":
        raise _ended(f'connection to server at "127.0.0.1" failed: Connection refused ({user})')
    if roles.get(user) is None or roles[user] != environment.get("PGPASSWORD"):
        raise _ended(f'FATAL: password authentication failed for user "{user}"')
    roles |= dict(ROLE.findall(stdin))
    return {"changed": True, "rc": 0, "stdout": "", "stderr": ""}


def basebackup(host: Host, argv: list[str], environment: dict[str, str]) -> Answer:
    folder = next(word.partition("=")[2] for word in argv if word.startswith("--pgdata="))
    if host.disk.exists(folder):
        raise _ended(f'directory "{folder}" exists but is not empty')
    if not environment.get("PGPASSWORD"):
        raise _ended("fe_sendauth: no password supplied")
    for name in ("PG_VERSION", "postgresql.conf", "pg_hba.conf", "standby.signal"):
        host.disk.write(rf"{folder}\{name}", "# from the primary\n")
    return {"changed": True, "rc": 0, "stdout": "", "stderr": ""}


def _ended(message: str) -> ModuleFailed:
    facts: dict[str, Any] = {"rc": 2, "stdout": "", "stderr": message}
    return ModuleFailed("non-zero return code", **facts)

"""What role win_postgres writes, understood by a real PostgreSQL: settings, pg_hba.conf, roles and databases."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import jinja2

from testbed.engine import docker
from tests.integration.postgres.server import PASSWORD, Server, call

TEMPLATES = Path(__file__).resolve().parents[3] / "roles" / "win_postgres" / "templates"
GIVEN: dict[str, Any] = {
    "ansible_managed": "Ansible",
    "win_postgres__port": 5432,
    "win_postgres__max_connections": 100,
    "win_postgres__memory_mb": 4096,
    "win_postgres__databases": [{"name": "etikettwin", "user": "winbesitzer", "password": "besitzer-kennwort"}],
    "win_postgres__roles": [
        {"name": "replikation", "password": "folgen-kennwort", "replication": True},
        {"name": "sicherung", "password": "lesen-kennwort", "member_of": ["pg_read_all_data"]},
    ],
    "win_postgres__access": [{"database": "replication", "user": "replikation", "address": "192.0.2.42/32"}],
    "win_postgres__slots": ["zweiter"],
    "win_postgres__certificate": "",
}
BAD_LINES = "SELECT line_number, error FROM pg_hba_file_rules WHERE error IS NOT NULL"
SETTINGS = "SELECT name || '=' || coalesce(error, 'ok') FROM pg_file_settings WHERE sourcefile LIKE '%upkeep.conf'"


def rendered(name: str, **given: Any) -> str:
    loader = jinja2.FileSystemLoader(TEMPLATES)
    environment = jinja2.Environment(loader=loader, undefined=jinja2.StrictUndefined, trim_blocks=True)  # noqa: S701
    return environment.get_template(f"{name}.j2").render(GIVEN | given)


def put(server: Server, name: str, folder: str, **given: Any) -> None:
    """As an own line of the server would: through its file functions, by the administrator."""
    text = rendered(name, **given).replace("'", "''")
    server.sql(f"COPY (SELECT unnest(string_to_array('{text}', E'\\n'))) TO '{folder}/{name}' (DELIMITER E'\\b')")


def test_settings_and_access_rules_are_understood(either: Server) -> None:
    folder = either.sql("SHOW data_directory")
    before = either.sql("SELECT pg_read_file('pg_hba.conf')")
    put(either, "upkeep.conf", folder)
    put(either, "pg_hba.conf", folder)
    try:
        either.sql("ALTER SYSTEM RESET ALL")
        conf = f"{either.sql('SHOW config_file')}"
        either.sql(f"COPY (SELECT 1 WHERE false) TO PROGRAM 'echo \"include ''{folder}/upkeep.conf''\" >> {conf}'")
        either.sql("SELECT pg_reload_conf()")
        assert either.sql(BAD_LINES) == ""
        assert int(either.sql("SELECT count(*) FROM pg_hba_file_rules")) == 4
        read = dict(line.split("=", 1) for line in either.sql(SETTINGS).splitlines())
        assert len(read) >= 20
        # „setting could not be applied“ are those that only a restart changes: understood, not yet in force
        wrong = {name: said for name, said in read.items() if said not in ("ok", "setting could not be applied")}
        assert wrong == {}
    finally:
        text = before.replace("'", "''")
        either.sql(
            f"COPY (SELECT unnest(string_to_array('{text}', E'\\n'))) TO '{folder}/pg_hba.conf' (DELIMITER E'\\b')"
        )
        either.sql(f"COPY (SELECT 1 WHERE false) TO PROGRAM 'sed -i /upkeep.conf/d {conf}'")
        either.sql("SELECT pg_reload_conf()")


def test_with_a_certificate_only_who_speaks_tls_comes_in(newest: Server) -> None:
    folder = newest.sql("SHOW data_directory")
    before = newest.sql("SELECT pg_read_file('pg_hba.conf')")
    request = (
        f"openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=db1 -keyout {folder}/upkeep.key -out {folder}/upkeep.crt"
    )
    newest.sql(f"COPY (SELECT 1 WHERE false) TO PROGRAM '{request} && chmod 600 {folder}/upkeep.key'")
    address = newest.sql("SELECT host(inet_server_addr())")
    access = [{"database": "all", "user": "all", "address": "0.0.0.0/0"}]
    put(newest, "pg_hba.conf", folder, win_postgres__certificate="db1.crt", win_postgres__access=access)
    lines = [
        line for line in rendered("upkeep.conf", win_postgres__certificate="db1.crt").splitlines() if "ssl" in line
    ]
    try:
        for name, value in (line.split(" = ") for line in lines):
            newest.sql(f"ALTER SYSTEM SET {name} = {value}")
        newest.sql("SELECT pg_reload_conf()")
        assert address == "127.0.0.1"
        here = call(*docker("exec", newest.container, "hostname", "-i")).strip()
        assert spoken(newest, here, "disable") == "no pg_hba.conf entry"
        assert spoken(newest, here, "require") == "t"
    finally:
        text = before.replace("'", "''")
        newest.sql("ALTER SYSTEM RESET ALL")
        newest.sql(
            f"COPY (SELECT unnest(string_to_array('{text}', E'\\n'))) TO '{folder}/pg_hba.conf' (DELIMITER E'\\b')"
        )
        newest.sql("SELECT pg_reload_conf()")


def spoken(server: Server, address: str, sslmode: str) -> str:
    """Whether the connection is encrypted, or why there is none."""
    own = (
        "/opt/postgresql/bin/psql",
        "-X",
        "-q",
        "-t",
        "-A",
        "-c",
        "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()",
    )
    given = (
        "-e",
        f"PGPASSWORD={PASSWORD}",
        "-e",
        f"PGHOST={address}",
        "-e",
        "PGUSER=postgres",
        "-e",
        f"PGSSLMODE={sslmode}",
    )
    done = subprocess.run(docker("exec", *given, server.container, *own), capture_output=True, text=True, check=False)
    return "no pg_hba.conf entry" if "no encryption" in done.stderr else (done.stdout or done.stderr).strip()


def test_roles_and_databases_are_made_once_and_can_log_in(either: Server) -> None:
    for _ in range(2):
        either.sql(rendered("databases.sql"))
    assert either.sql("SELECT 1", database="etikettwin") == "1"
    rights = "SELECT rolname, rolreplication FROM pg_roles WHERE rolname IN ('replikation', 'winbesitzer') ORDER BY 1"
    assert either.sql(rights).splitlines() == ["replikation|t", "winbesitzer|f"]
    assert either.sql("SELECT slot_name FROM pg_replication_slots WHERE slot_name = 'zweiter'") == "zweiter"
    kinds = "SELECT DISTINCT left(rolpassword, 13) FROM pg_authid WHERE rolname IN ('replikation', 'winbesitzer')"
    assert either.sql(kinds) == "SCRAM-SHA-256"
    public = "SELECT has_database_privilege('leser', 'etikettwin', 'CONNECT')"
    assert either.sql(public) == "f"
    either.sql("SELECT pg_drop_replication_slot('zweiter'); DROP DATABASE etikettwin")
    either.sql("DROP ROLE winbesitzer; DROP ROLE replikation; DROP ROLE sicherung")

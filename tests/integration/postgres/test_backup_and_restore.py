"""Backups against real servers: what is written can be restored, what is damaged is refused, what is live stays."""

from __future__ import annotations

import json
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.integration.postgres.server import PASSWORD, Server
from upkeep.errors import Busy, Refused, UpkeepError
from upkeep.ports.clock import SystemClock
from upkeep.ports.files import DiskFiles
from upkeep.ports.postgres import DatabaseDown, LoginRefused, PostgresPrograms, StatementFailed
from upkeep.postgres.backup import Report, Wish, back_up
from upkeep.postgres.catalogue import STAMP, Folder
from upkeep.postgres.door import restore_as_asked
from upkeep.postgres.switch import kept_aside

CLOCK = SystemClock()
ROWS = "SELECT count(*) FROM label"
DATABASES = "SELECT string_agg(datname, ' ' ORDER BY datname) FROM pg_database WHERE datname LIKE 'etikett%'"


def save(server: Server, folder: Path, **wish: Any) -> Report:
    return back_up(server.programs, Wish("etikett", folder, **wish), CLOCK, DiskFiles())


def do(server: Server, state: str, folder: Path, dump: str = "newest", *, only_plan: bool = False) -> dict[str, Any]:
    asked = (state, "etikett", folder, dump)
    return restore_as_asked(server.programs, *asked, clock=CLOCK, only_plan=only_plan)


def databases(server: Server) -> str:
    return server.sql(DATABASES)


def test_saved_proven_restored_and_taken_back(each_server: Server, folder: Path) -> None:
    server, made = each_server, save(each_server, folder)
    assert made.backup.counts == {"public.Drucker Süd": 0, "public.label": 5000}
    assert made.backup.server.startswith(str(server.major))
    assert "CREATE ROLE lager" in Folder(folder, "etikett").globals_of(made.backup.taken_at).read_text()
    assert (
        subprocess.run(["sha256sum", "-c", f"{made.dump.name}.sha256"], cwd=made.dump.parent, check=False).returncode
        == 0
    )
    assert "5000 Zeilen stimmen" in do(server, "drilled", folder)["message"]
    assert databases(server) == "etikett"
    server.sql("DELETE FROM label WHERE id > 10", "etikett")
    done = do(server, "restored", folder)
    assert server.sql(ROWS, "etikett") == "5000"
    assert server.sql(ROWS, done["aside"]) == "10"
    assert Path(done["safety"]).exists()
    undone = do(server, "undone", folder)
    assert server.sql(ROWS, "etikett") == "10"
    assert server.sql(ROWS, undone["aside"]) == "5000"
    assert kept_aside(server.programs, "etikett") == [undone["aside"]]


def test_what_belongs_to_the_database_itself_comes_along(each_server: Server, folder: Path) -> None:
    asked = """SELECT datconnlimit, setconfig, has_database_privilege('leser', d.oid, 'CONNECT'),
                      pg_get_userbyid(datdba)
               FROM pg_database d JOIN pg_db_role_setting ON setdatabase = d.oid WHERE datname = 'etikett'"""
    before = each_server.sql(asked)
    save(each_server, folder)
    do(each_server, "restored", folder)
    assert each_server.sql(asked) == before == '20|{"search_path=public, pg_catalog",statement_timeout=33s}|t|lager'


def test_check_mode_says_what_would_happen_and_does_nothing(server: Server, folder: Path) -> None:
    save(server, folder)
    before = sorted(path.name for path in (folder / "etikett").iterdir())
    assert "beiseitegelegt und durch" in do(server, "restored", folder, only_plan=True)["message"]
    assert "würde zur Probe" in do(server, "drilled", folder, only_plan=True)["message"]
    assert databases(server) == "etikett"
    assert sorted(path.name for path in (folder / "etikett").iterdir()) == before


def test_open_connections_are_closed_and_nobody_gets_in_between(server: Server, folder: Path) -> None:
    save(server, folder)
    with server.programs.session("etikett") as child:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write("SELECT 1;\n")
        child.stdin.flush()
        assert child.stdout.readline() == "1\n"
        do(server, "restored", folder)
        child.stdin.write("SELECT 2;\n")
        child.stdin.flush()
        assert child.stdout.readline() == ""
    assert server.sql("SELECT bool_and(datallowconn) FROM pg_database WHERE datname LIKE 'etikett%'") == "t"


def test_a_database_left_shut_by_an_interrupted_switch_is_opened(server: Server, folder: Path) -> None:
    save(server, folder)
    server.sql("ALTER DATABASE etikett ALLOW_CONNECTIONS false")
    do(server, "restored", folder)
    assert server.sql(ROWS, "etikett") == "5000"


def test_a_lost_database_is_made_anew(server: Server, folder: Path) -> None:
    save(server, folder)
    server.sql("DROP DATABASE etikett")
    done = do(server, "restored", folder)
    assert done["aside"] is None
    assert server.sql(ROWS, "etikett") == "5000"


def test_a_cut_dump_passes_the_listing_and_is_refused(server: Server, folder: Path) -> None:
    made = save(server, folder)
    cut(made.dump, made.dump.stat().st_size * 9 // 10)
    assert "dbname: etikett" in server.programs.contents(made.dump)
    with pytest.raises(StatementFailed):
        server.programs.read_through(made.dump)
    with pytest.raises(Refused, match="ist unvollständig"):
        do(server, "restored", folder)
    forge(made.dump, size=made.dump.stat().st_size)
    with pytest.raises(Refused, match="ist verändert"):
        do(server, "restored", folder)
    assert databases(server) == "etikett"


def test_a_flipped_bit_is_refused(server: Server, folder: Path) -> None:
    made = save(server, folder)
    data = bytearray(made.dump.read_bytes())
    data[len(data) // 2] ^= 1
    made.dump.write_bytes(data)
    with pytest.raises(Refused, match="ist verändert"):
        do(server, "verified", folder)


def test_the_dump_of_another_database_is_refused(server: Server, folder: Path) -> None:
    made = save(server, folder)
    server.sql("CREATE DATABASE etikett_zwei")
    other = back_up(server.programs, Wish("etikett_zwei", folder), CLOCK, DiskFiles())
    with pytest.raises(Refused, match="Sicherung einer anderen Datenbank"):
        do(server, "restored", folder, str(other.dump))
    shutil.copy(other.dump, made.dump)
    forge(made.dump, size=other.backup.size, sha256=other.backup.sha256)
    with pytest.raises(Refused, match="Sicherung einer anderen Datenbank"):
        do(server, "restored", folder)


def test_a_dump_without_its_record_is_refused(server: Server, folder: Path) -> None:
    made = save(server, folder)
    made.dump.with_suffix(".json").unlink()
    with pytest.raises(Refused, match="fehlt die Beschreibung"):
        do(server, "restored", folder, made.dump.name)
    with pytest.raises(Refused, match="keine vollständige Sicherung"):
        do(server, "restored", folder)


def test_a_load_that_fails_leaves_no_trace(server: Server, folder: Path) -> None:
    made = save(server, folder)
    forge(made.dump, counts={"public.label": 4999})
    with pytest.raises(UpkeepError, match="nicht dieselben Zeilen"):
        do(server, "restored", folder)
    assert databases(server) == "etikett"
    assert server.sql(ROWS, "etikett") == "5000"


def test_roles_that_are_missing_are_named_before_anything_happens(server: Server, folder: Path) -> None:
    made = save(server, folder)
    forge(made.dump, owner="niemand")
    with pytest.raises(Refused, match=r"„niemand“.*globals\.sql"):
        do(server, "restored", folder)


def test_nothing_answers(server: Server, folder: Path) -> None:
    with pytest.raises(DatabaseDown, match="antwortet nicht"):
        back_up(server.as_user("postgres", PASSWORD, port=1), Wish("etikett", folder), CLOCK, DiskFiles())
    assert not list(folder.iterdir())


def test_a_wrong_password_is_tried_once(server: Server, folder: Path) -> None:
    before = server.log().count("password authentication failed")
    with pytest.raises(LoginRefused, match="nur einmal versucht"):
        back_up(server.as_user("lager", "falsch"), Wish("etikett", folder), CLOCK, DiskFiles())
    assert server.log().count("password authentication failed") == before + 1


def test_an_older_client_is_refused(server: Server, folder: Path, tmp_path: Path) -> None:
    shutil.copytree(server.folder / "bin", tmp_path / "bin")
    (tmp_path / "bin" / "pg_dump").write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)'\n")
    programs = PostgresPrograms(server.programs.connection, tmp_path / "bin")
    with pytest.raises(Refused, match=r"pg_dump ist älter als der Server .*15.*pg_dump ab 17"):
        back_up(programs, Wish("etikett", folder), CLOCK, DiskFiles())


def test_no_such_database(server: Server, folder: Path) -> None:
    with pytest.raises(Refused, match="keine Datenbank „nix“"):
        back_up(server.programs, Wish("nix", folder), CLOCK, DiskFiles())


class FullDisk(DiskFiles):
    def free_bytes(self, path: Path) -> int:
        return 3 * 1024 * 1024


def test_no_room_is_said_before_anything_is_written(server: Server, folder: Path) -> None:
    with pytest.raises(Refused, match=r"Zu wenig Platz.*3 MB frei"):
        back_up(server.programs, Wish("etikett", folder), CLOCK, FullDisk())
    assert not list(folder.iterdir())


def test_old_ones_go_and_the_newest_stays(server: Server, folder: Path) -> None:
    first, place = save(server, folder), Folder(folder, "etikett")
    age(place, first, days=31)
    second = save(server, folder)
    assert len(second.removed) == 1
    assert [one.taken_at for one in place.backups()] == [second.backup.taken_at]
    age(place, second, days=400)
    with pytest.raises(UpkeepError):
        back_up(server.as_user("lager", "falsch"), Wish("etikett", folder), CLOCK, DiskFiles())
    assert len(place.backups()) == 1


def test_what_was_cut_off_is_cleared_and_two_at_once_are_refused(server: Server, folder: Path) -> None:
    place = Folder(folder, "etikett")
    with place.locked():
        (place.path / "etikett-20260101T000000Z.dump.part").write_text("halb")
        with pytest.raises(Busy, match="läuft schon eine Sicherung"):
            save(server, folder)
    save(server, folder)
    assert not list(place.path.glob("*.part"))


def test_roles_without_passwords_where_nobody_may_read_them(server: Server, folder: Path) -> None:
    made = back_up(server.as_user("leser", "leser"), Wish("etikett", folder), CLOCK, DiskFiles())
    text = Folder(folder, "etikett").globals_of(made.backup.taken_at).read_text()
    assert made.backup.with_passwords is False
    assert "CREATE ROLE lager" in text
    assert "SCRAM" not in text


def test_the_password_is_in_no_command_line_and_no_environment(server: Server, folder: Path) -> None:
    save(server, folder)
    do(server, "drilled", folder)
    assert "pg_dump" in server.calls()
    assert PASSWORD not in server.calls()
    assert PASSWORD not in repr(server.programs.connection)


def cut(path: Path, size: int) -> None:
    with path.open("r+b") as stream:
        stream.truncate(size)


def forge(dump: Path, **changes: Any) -> None:
    """A record that lies."""
    record = dump.with_suffix(".json")
    record.write_text(json.dumps(json.loads(record.read_text()) | changes))


def age(place: Folder, made: Report, *, days: int) -> None:
    """The same backup, made that long ago."""
    earlier = (made.backup.moment - timedelta(days=days)).strftime(STAMP)
    for path in list(place.path.glob(f"etikett-{made.backup.taken_at}*")):
        path.rename(path.with_name(path.name.replace(made.backup.taken_at, earlier)))
    forge(place.dump_of(earlier), taken_at=earlier)

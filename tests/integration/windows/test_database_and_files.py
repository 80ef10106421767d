"""Roles win_postgres and win_files on simulated servers: bare, twice, in check mode, with input that cannot work."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
import yaml

from testbed.windows.bed import Outcome, WindowsBed
from tests.integration.windows.conftest import ROOT
from tests.integration.windows.conftest import variables as application

pytestmark = pytest.mark.timeout(600)
ADMIN, OWNER = "verwalter-kennwort", "besitzer-kennwort"
DATA = r"C:\Program Files\PostgreSQL\17\data"
SHARE = {"name": "etikettendruck", "path": r"D:\freigaben\etikettendruck", "change": ["BETRIEB\\APP1$"]}


def variables(folder: Path) -> dict[str, Any]:
    file = folder / "postgresql.exe"
    file.write_text("installer")
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    return {
        "win_base__installer_folder": str(folder),
        "win_postgres__installer": {"name": "postgresql", "file": file.name, "sha256": digest},
        "win_postgres__admin_password": ADMIN,
        "win_postgres__databases": [{"name": "etikettendruck", "user": "etikettendruck", "password": OWNER}],
        "win_postgres__roles": [{"name": "replikation", "password": "noch-eines-davon", "replication": True}],
        "win_postgres__access": [{"database": "etikettendruck", "user": "etikettendruck", "address": "192.0.2.32/29"}],
        "win_postgres__slots": ["db2"],
        "win_files__shares": [SHARE],
        "win_files__networks": ["192.0.2.32/29"],
    }


def played(bed: WindowsBed, role: str, *words: str, **extra: Any) -> Outcome:
    story = {"hosts": "windows_hosts", "gather_facts": False, "roles": [role]}
    file = bed.folder / f"{role}.yml"
    bed.folder.mkdir(parents=True, exist_ok=True)
    file.write_text(yaml.safe_dump([story]))
    return bed.play(file, *words, **extra)


@pytest.fixture
def bed(tmp_path: Path) -> WindowsBed:
    bed = WindowsBed(tmp_path / "bed", variables=variables(tmp_path))
    host = bed.host()
    host.disk.write(r"C:\upkeep\installed\none.txt", "")
    host.save()
    return bed


def test_postgres_from_bare_and_a_second_time(bed: WindowsBed) -> None:
    checked = played(bed, "win_postgres", "--check")
    assert checked.code == 0, checked.told
    assert bed.host().state["services"] == {}
    first = played(bed, "win_postgres")
    assert first.code == 0, first.told
    host = bed.host()
    assert host.state["postgres"]["roles"]["etikettendruck"] == OWNER
    assert "max_connections = 100" in host.disk.read(rf"{DATA}\upkeep.conf")
    assert "include_if_exists = 'upkeep.conf'" in host.disk.read(rf"{DATA}\postgresql.conf")
    assert host.state["firewall"]["Upkeep PostgreSQL"]["remoteip"] == "192.0.2.32/29"
    assert not any(secret in first.told for secret in (ADMIN, OWNER))
    calls = " ".join(str(call["arguments"].get("argv")) for call in host.calls())
    assert not any(secret in calls for secret in (ADMIN, OWNER))
    again = played(bed, "win_postgres")
    assert (again.code, again.changed("win1")) == (0, 0), again.told
    another = [{"name": "etikettendruck", "user": "etikettendruck", "password": "ein-neues-kennwort"}]
    changed = played(bed, "win_postgres", win_postgres__databases=another)
    assert changed.code == 0, changed.told
    assert bed.host().state["postgres"]["roles"]["etikettendruck"] == "ein-neues-kennwort"


def test_connections_that_would_not_suffice_are_refused_first(bed: WindowsBed) -> None:
    outcome = played(bed, "win_postgres", win_postgres__app_servers=5)
    assert outcome.code == 2
    assert "verlangt sind mindestens 115 (5 Server × 20 + 15 Reserve)" in " ".join(outcome.told.split())
    assert bed.host().calls() == []


def test_a_second_server_follows_and_data_of_others_is_never_replaced(bed: WindowsBed) -> None:
    primary = {"host": "db1", "user": "replikation", "password": "noch-eines-davon", "slot": "db2"}
    first = played(bed, "win_postgres", win_postgres__replica_of=primary)
    assert first.code == 0, first.told
    assert bed.host().disk.exists(rf"{DATA}\standby.signal")
    again = played(bed, "win_postgres", win_postgres__replica_of=primary)
    assert (again.code, again.changed("win1")) == (0, 0), again.told
    host = bed.host()
    host.disk.remove(rf"{DATA}\standby.signal")
    refused = played(bed, "win_postgres", win_postgres__replica_of=primary)
    assert refused.code == 2
    assert "darin können Daten liegen" in " ".join(refused.told.split())
    assert host.disk.exists(rf"{DATA}\PG_VERSION")


def test_a_share_lets_in_only_who_is_named(bed: WindowsBed) -> None:
    checked = played(bed, "win_files", "--check")
    assert checked.code == 0, checked.told
    assert bed.host().state["shares"] == {}
    first = played(bed, "win_files")
    assert first.code == 0, first.told
    state = bed.host().state
    assert state["shares"]["etikettendruck"]["change"] == "BETRIEB\\APP1$"
    assert state["inheritance"][SHARE["path"].lower()] is False  # type: ignore[attr-defined]
    rights = {rule.split("|")[1]: entry["rights"] for rule, entry in state["access"].items()}
    assert rights == {"s-1-5-32-544": "FullControl", "s-1-5-18": "FullControl", "betrieb\\app1$": "Modify"}
    again = played(bed, "win_files")
    assert (again.code, again.changed("win1")) == (0, 0), again.told
    open_to_all = played(bed, "win_files", win_files__shares=[SHARE | {"read": ["Jeder"]}])
    assert open_to_all.code == 2
    assert "aber nicht alle („Jeder“)" in " ".join(open_to_all.told.split())


def whole(folder: Path) -> WindowsBed:
    """One bare server for everything: database, share, application."""
    everywhere = {"hosts": {"win1": {}}}
    given = application(folder, "win1") | variables(folder / "installer")
    return WindowsBed(
        folder / "bed", variables=given, groups={"windows_database": everywhere, "windows_files": everywhere}
    )


@pytest.mark.faults
def test_the_whole_site_on_a_bare_server_checked_made_and_made_again(tmp_path: Path) -> None:
    bed = whole(tmp_path)
    site = ROOT / "playbooks" / "windows" / "site.yml"
    before = bed.host().state
    checked = bed.play(site, "--check")
    assert checked.code == 0, checked.told
    assert bed.host().state == before
    assert not [path for path in bed.host().disk.root.rglob("*") if path.is_file()]
    first = bed.play(site)
    assert first.code == 0, first.told
    again = bed.play(site)
    assert (again.code, again.changed("win1")) == (0, 0), again.told
    checked = bed.play(site, "--check")
    assert (checked.code, checked.changed("win1")) == (0, 0), checked.told

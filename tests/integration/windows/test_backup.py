"""Backups of a Windows server: database, uploads and, apart from them, the key; and the way back."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from testbed.build import ensure_images
from testbed.windows.faults import Fault
from tests.integration.postgres import server as postgres
from tests.integration.windows.conftest import SECRETS, Server

pytestmark = pytest.mark.timeout(900)
UPLOADS = r"C:\inetpub\etikettendruck\shared\uploads"
LABELS = """CREATE DATABASE etikettendruck;
\\c etikettendruck
CREATE TABLE label AS SELECT i AS id, md5(i::text) AS text FROM generate_series(1, 500) i;
"""


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[postgres.Server]:
    ensure_images(["postgres17"])
    with postgres.running(17, tmp_path_factory.mktemp("pg")) as server:
        yield server


@pytest.fixture
def stored(template: Path, tmp_path: Path, database: postgres.Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    """A server on which 1.0.0 runs, its data in a real PostgreSQL with 500 labels."""
    shutil.copytree(template, tmp_path, dirs_exist_ok=True)
    monkeypatch.setattr(tempfile, "tempdir", str(database.folder))
    monkeypatch.setenv("TMPDIR", str(database.folder))
    database.sql(LABELS)
    place = {"host": "127.0.0.1", "user": "postgres", "password": postgres.PASSWORD, "database": "etikettendruck"}
    place |= {"folder": str(database.folder / "dumps"), "programs": str(database.folder / "bin")}
    return Server(tmp_path, database=place)


def archive_of(folder: Path) -> Path:
    (archive,) = (folder / "backup" / "win1").glob("uploads-*.zip")
    return archive


def is_open(server: Server) -> bool:
    served = (server.site(), server.journal["maintenance"], server.state["pools"]["etikettendruck"]["state"])
    return served == ("1.0.0", None, "started")


@pytest.mark.docker
def test_saved_apart_and_brought_back(stored: Server, database: postgres.Server, tmp_path: Path) -> None:
    host = stored.bed.host()
    host.disk.write(rf"{UPLOADS}\2026\etikett.png", "alt")
    saved = stored.play("backup")
    assert saved.code == 0, saved.told
    archive, key = archive_of(tmp_path), tmp_path / "key" / "etikettendruck.encryption-key"
    assert (key.read_text().strip(), key.stat().st_mode & 0o777) == (SECRETS["ENCRYPTION_KEY"], 0o600)
    assert SECRETS["ENCRYPTION_KEY"] not in saved.told
    assert SECRETS["ENCRYPTION_KEY"].encode() not in archive.read_bytes()
    assert not host.disk.exists(r"C:\inetpub\etikettendruck\packages\uploads.zip")

    database.sql("DELETE FROM label WHERE id > 100", "etikettendruck")
    back = stored.play("restore", what="database")
    assert back.code == 0, back.told
    assert database.sql("SELECT count(*) FROM label", "etikettendruck") == "500"
    assert is_open(stored)

    host.disk.write(rf"{UPLOADS}\2026\etikett.png", "kaputt")
    host.disk.write(rf"{UPLOADS}\2027\neuer.png", "neu")
    files = stored.play("restore", what="files", archive=archive.name)
    assert files.code == 0, files.told
    assert host.disk.read(rf"{UPLOADS}\2026\etikett.png") == "alt"
    assert host.disk.read(rf"{UPLOADS}\2027\neuer.png") == "neu"
    assert is_open(stored)


@pytest.mark.faults
def test_what_cannot_be_brought_back_leaves_everything_as_it_was(running: Server, tmp_path: Path) -> None:
    host = running.bed.host()
    host.disk.write(rf"{UPLOADS}\etikett.png", "alt")
    assert running.play("backup").code == 0
    archive = archive_of(tmp_path)
    archive.write_bytes(archive.read_bytes()[:-1])
    calls = len(running.modules_called())
    broken = running.play("restore", what="files", archive=archive.name)
    assert broken.code == 2
    assert "passt nicht zu seiner Prüfsumme" in " ".join(broken.told.split())
    assert running.modules_called()[calls:] == ["slurp"]

    other = running.play("backup", win_node_app__secrets=SECRETS | {"ENCRYPTION_KEY": "f" * 64})
    assert other.code == 2
    assert "ENCRYPTION_KEY im Tresor ist ein anderer" in " ".join(other.told.split())

    (host.folder / "refuses-backup").touch()
    refused = running.play("restore", what="database")
    assert refused.code == 2
    assert "Datenbank nicht zu erreichen. Der Stand von vorher läuft weiter." in " ".join(refused.told.split())
    assert is_open(running)


@pytest.mark.faults
def test_a_restore_that_broke_off_holds_deployments_back_and_is_repeated(running: Server) -> None:
    assert running.play("backup").code == 0
    running.bed.host().plant(Fault("unreachable", "web_app_pool", match={"state": "stopped"}))
    assert running.play("restore", what="database").code != 0
    assert running.site() == "maintenance"
    running.bed.host().plant()
    refused = running.deploy("1.1.0")
    assert refused.code == 2
    assert "wird seit" in refused.told
    assert running.play("restore", what="database").code == 0
    assert is_open(running)


@pytest.mark.faults
@pytest.mark.parametrize("refuses", [False, True])
def test_two_servers_are_closed_and_opened_together(tmp_path: Path, refuses: bool) -> None:
    servers = Server(tmp_path, names=("win1", "win2"))
    for outcome in (servers.play("site"), servers.deploy("1.0.0"), servers.play("backup")):
        assert outcome.code == 0, outcome.told
    if refuses:
        (servers.bed.host().folder / "refuses-backup").touch()
    outcome = servers.play("restore", what="database")
    assert outcome.code == (2 if refuses else 0), outcome.told
    assert [servers.site(on=name) for name in ("win1", "win2")] == ["1.0.0", "1.0.0"], outcome.told
    pools = [servers.bed.host(name).state["pools"]["etikettendruck"]["state"] for name in ("win1", "win2")]
    assert pools == ["started", "started"]

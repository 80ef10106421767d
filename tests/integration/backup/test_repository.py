"""What restic really does, through the port: what is kept, what is refused, and how it is told."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.crowding import crowding
from tests.integration.backup.conftest import Server, Shelf
from upkeep.errors import RepositoryFailed
from upkeep.ports.restic import ResticProgram, Saved, Stream

pytestmark = pytest.mark.docker


def quiet(read: int) -> None:
    pass


def save(repository: ResticProgram, text: str = "Inhalt", *tags: str) -> Saved:
    return repository.save_stream(Stream("daten", ("echo", text)), tags or ("run=eins",), 60, quiet)


def refused(code: str) -> pytest.RaisesExc[RepositoryFailed]:
    return pytest.raises(RepositoryFailed, check=lambda exc: exc.code == code)


def test_what_was_saved_comes_back_and_is_listed_with_its_facts(shelf: Shelf, tmp_path: Path) -> None:
    repository = shelf.repository()
    identity = repository.create()
    (tmp_path / "ordner").mkdir()
    (tmp_path / "ordner" / "datei").write_text("aus einer Datei")
    stream = save(repository, "aus einem Befehl", "run=eins", "kind=data")
    files = repository.save_files([tmp_path / "ordner"], ("run=eins",), 60, quiet)
    assert repository.identity() == identity
    assert repository.text(stream.id, "/daten") == "aus einem Befehl"
    assert repository.text(files.id, str(tmp_path / "ordner" / "datei")) == "aus einer Datei"
    listed = repository.snapshots()
    assert [Saved(item.id, item.read, item.added) for item in listed] == [stream, files]
    assert listed[0].tags == ("run=eins", "kind=data")
    assert (listed[0].host, listed[0].paths, stream.read) == ("web1", ("/daten",), 17)


def test_a_producer_that_fails_half_way_leaves_no_snapshot(shelf: Shelf) -> None:
    repository = shelf.repository()
    repository.create()
    with pytest.raises(RepositoryFailed, match="exit status 3"):
        repository.save_stream(Stream("daten", ("sh", "-c", "echo halb; exit 3")), ("run=eins",), 60, quiet)
    assert repository.snapshots() == ()


def test_missing_repository_wrong_password_and_unknown_address_are_told_apart(shelf: Shelf) -> None:
    with refused("repository_missing"):
        shelf.repository().identity()
    shelf.repository().create()
    with refused("repository_password"):
        shelf.repository(password="falsch").identity()
    with refused("repository_address"):
        shelf.repository("ftp://benutzer:geheim@host/x").identity()


def test_a_second_repository_is_not_made_over_the_first(shelf: Shelf) -> None:
    repository = shelf.repository()
    repository.create()
    with pytest.raises(RepositoryFailed):
        repository.create()


def test_neither_password_nor_credentials_show_in_the_process_list_or_in_an_error(shelf: Shelf) -> None:
    repository = shelf.repository("rest:http://web1:streng-geheim@127.0.0.1:9/web1")
    with refused("repository_unreachable") as caught:
        repository.identity()
    assert "streng-geheim" not in str(caught.value)
    here = shelf.repository()
    here.create()
    spy = ("sh", "-c", "cat /proc/$PPID/cmdline /proc/$PPID/environ")
    told = here.text(here.save_stream(Stream("spion", spy), ("run=eins",), 60, quiet).id, "/spion")
    assert "--password-file" in told
    assert "geheim" not in told


def test_a_producer_that_hangs_ends_at_its_deadline_with_everything_it_started(shelf: Shelf) -> None:
    repository = shelf.repository()
    repository.create()
    hangs = ("sh", "-c", "echo $$ > %s; exec sleep 600" % (shelf.folder / "pid"))
    with refused("repository_slow"):
        repository.save_stream(Stream("daten", hangs), ("run=eins",), 3, quiet)
    pid = int((shelf.folder / "pid").read_text())
    _await_gone(pid)
    assert repository.snapshots() == ()


def test_a_killed_restic_leaves_a_lock_that_is_removed_without_anybody_s_help(shelf: Shelf) -> None:
    repository = shelf.repository()
    repository.create()
    argv = [shelf.program, "-r", str(shelf.folder / "repository"), "--no-cache", "backup", "--stdin-from-command"]
    restic = subprocess.Popen(
        [*argv, "--", "sleep", "600"], env={"RESTIC_PASSWORD": "geheim", "PATH": "/bin"}, start_new_session=True
    )
    locks = shelf.folder / "repository" / "locks"
    _await(lambda: any(locks.iterdir()))
    os.killpg(restic.pid, signal.SIGKILL)
    restic.wait()
    with refused("repository_locked"):
        repository.prune(60)
    repository.unlock()
    repository.prune(60)
    assert save(repository).id


def test_one_flipped_byte_is_found_by_reading_everything_and_not_by_the_structure(shelf: Shelf) -> None:
    repository = shelf.repository()
    repository.create()
    repository.save_stream(Stream("daten", ("head", "-c", "300000", "/dev/urandom")), ("run=eins",), 60, quiet)
    repository.check("100%", 60)
    pack = max((shelf.folder / "repository" / "data").glob("*/*"), key=lambda file: file.stat().st_size)
    pack.chmod(0o600)
    content = bytearray(pack.read_bytes())
    content[10] ^= 1
    pack.write_bytes(content)
    repository.check("", 60)
    with refused("repository"):
        repository.check("100%", 60)


def test_a_server_that_is_down_is_reported_in_seconds(shelf: Shelf, server: Server) -> None:
    repository = shelf.repository(server.address)
    repository.create()
    assert save(repository).id
    server.stop()
    began = time.monotonic()
    with refused("repository_unreachable"):
        repository.identity()
    assert time.monotonic() - began < 20 * crowding()


def test_an_append_only_server_keeps_what_the_host_wants_to_remove(shelf: Shelf, server: Server) -> None:
    repository = shelf.repository(server.address)
    repository.create()
    saved = save(repository)
    with refused("repository_append_only"):
        repository.forget([saved.id])
    assert [item.id for item in repository.snapshots()] == [saved.id]
    repository.unlock()
    repository.check("100%", 60)


def _await_gone(pid: int) -> None:
    _await(lambda: not Path(f"/proc/{pid}").exists() or "Z" in Path(f"/proc/{pid}/stat").read_text().split()[2])


def _await(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.05)

from __future__ import annotations

import fcntl
import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.unit.upkeep.drive import Driver
from upkeep.errors import Busy, DiskFailed, JournalCorrupt, JournalTooNew, UnknownRun
from upkeep.memory import journal, pruning
from upkeep.ports.files import DiskFiles
from upkeep.runs.lock import StackLock

HOLDER = {"id": "20261121-093012-update-7f3a", "operation": "update", "starter": "cli:root", "started_at": "09:30"}


def test_flipped_bit_is_noticed(deployed: Driver) -> None:
    path = journal.path_of(deployed.world.paths, deployed.last.id)  # type: ignore[union-attr]
    text = path.read_text()
    path.write_text(text.replace("1.0.0", "1.0.1", 1))
    with pytest.raises(JournalCorrupt, match="Prüfsumme"):
        journal.read(path)


def test_journal_of_a_newer_agent_is_not_guessed_at(deployed: Driver) -> None:
    import hashlib

    path = journal.path_of(deployed.world.paths, deployed.last.id)  # type: ignore[union-attr]
    body = json.loads(json.loads(path.read_text())["body"]) | {"schema": 99}
    text = json.dumps(body)
    path.write_text(json.dumps({"body": text, "checksum": hashlib.sha256(text.encode()).hexdigest()}))
    with pytest.raises(JournalTooNew, match=r"gefunden: Schema 99; erwartet: Schema 1 oder 2"):
        journal.read(path)
    with pytest.raises(JournalTooNew):
        deployed.resume()
    assert path.exists()


def test_unknown_run(deployed: Driver) -> None:
    with pytest.raises(UnknownRun):
        journal.read(journal.path_of(deployed.world.paths, "20260101-000000-update-0000"))


def test_every_phase_says_when_it_was_meant_and_when_it_was_done(deployed: Driver) -> None:
    phases = deployed.last.report()["phases"]  # type: ignore[union-attr]
    assert [phase["name"] for phase in phases][:3] == ["plan", "preflight", "pull"]
    assert all(phase["intent_at"] <= phase["done_at"] for phase in phases)


def test_old_journals_go_but_never_the_newest_and_checks_by_themselves(deployed: Driver) -> None:
    for number in range(60):
        (deployed.world.paths.runs / f"20250101-0000{number:02d}-check-0000.json").write_text("{}")
        (deployed.world.paths.runs / f"20250102-0000{number:02d}-update-0000.json").write_text("{}")
    deployed.world.release("1.1.0")
    record = deployed.must("update", "updated")
    kept = journal.run_ids(deployed.world.paths)
    assert len([run for run in kept if "-check-" in run]) == pruning.KEPT_QUIET
    assert len([run for run in kept if "-check-" not in run]) == pruning.KEPT_RUNS
    assert record.id in kept


def test_write_leaves_the_old_content_when_it_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files, path = DiskFiles(), tmp_path / "state.json"
    files.write(path, "alt")

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DiskFailed, match="No space left on device"):
        files.write(path, "neu")
    assert path.read_text() == "alt"
    assert list(tmp_path.iterdir()) == [path]


def test_file_gets_its_mode_before_its_name(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "secret"
    DiskFiles().write(path, "x", mode=0o600)
    assert path.stat().st_mode & 0o777 == 0o600


def test_free_bytes_of_a_directory_that_is_not_there_yet(tmp_path: Path) -> None:
    assert DiskFiles().free_bytes(tmp_path / "not" / "yet") > 0


def test_second_run_is_told_who_holds_the_lock(tmp_path: Path) -> None:
    path = tmp_path / "lager" / "lock"
    first, second = StackLock(path), StackLock(path)
    first.take(HOLDER)
    with pytest.raises(Busy) as caught:
        second.take({})
    assert caught.value.running == HOLDER
    assert "Für „lager“ läuft schon: Update 20261121-093012-update-7f3a, gestartet von cli:root" in str(caught.value)
    first.release()
    second.take(HOLDER)


def test_children_do_not_inherit_the_lock(tmp_path: Path) -> None:
    lock = StackLock(tmp_path / "lock")
    lock.take(HOLDER)
    assert lock._handle is not None
    assert fcntl.fcntl(lock._handle, fcntl.F_GETFD) & fcntl.FD_CLOEXEC


def test_torn_write_of_a_killed_agent_is_removed_and_nothing_else(tmp_path: Path) -> None:
    files, place = DiskFiles(), tmp_path / "runs"
    files.write(place / "a.json", "{}")
    torn, hidden = place / ".a.json.x1y2z3.unfinished", tmp_path / ".vault.json"
    torn.write_text("{")
    hidden.write_text("{}")
    files.drop_torn(tmp_path)
    assert not torn.exists()
    assert (place / "a.json").exists()
    assert hidden.exists()


@pytest.mark.parametrize(
    ("newest", "begins"),
    [
        ("", "20261121-093000-"),
        ("20261121-092959-check-0000", "20261121-093000-"),
        ("20261121-103000-check-0000", "20261121-103001-"),
        ("fremd", "20261121-093000-"),
    ],
)
def test_ids_go_on_when_the_clock_was_put_back(newest: str, begins: str) -> None:
    now = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
    assert journal.new_id(journal.Operation.UPDATE, now, newest).startswith(begins)

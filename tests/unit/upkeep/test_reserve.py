"""A full disk: the reserve goes first, and what had to be written is written."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.upkeep.drive import Driver
from upkeep import status
from upkeep.errors import DiskFailed
from upkeep.layout import Layout
from upkeep.memory import reserve
from upkeep.ports.files import DiskFiles


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[], None]:
    """Call it: from then on nothing fits on the disk while a reserve lies there."""
    real = os.fsync

    def fsync(handle: int) -> None:
        if list(tmp_path.glob("var/lib/upkeep/*/reserve")):
            raise OSError(errno.ENOSPC, "No space left on device")
        real(handle)

    return lambda: monkeypatch.setattr(os, "fsync", fsync)


def placed(root: Path) -> tuple[DiskFiles, Path]:
    layout = Layout(root)
    files, path = DiskFiles(layout.reserve_of), layout.paths("lager").reserve
    path.parent.mkdir(parents=True)
    files.preallocate(path, 1024)
    return files, path


def test_reserve_really_holds_its_bytes(tmp_path: Path) -> None:
    files, path = placed(tmp_path)
    assert path.stat().st_blocks * 512 >= 1024
    with pytest.raises(DiskFailed):
        files.preallocate(path, 1024)


@pytest.mark.parametrize("place", ["var/lib/upkeep/lager/runs/x.json", "srv/upkeep/lager/release.env"])
def test_write_on_a_full_disk_gives_the_reserve_up(tmp_path: Path, full: Callable[[], None], place: str) -> None:
    files, path = placed(tmp_path)
    full()
    files.write(tmp_path / place, "wichtig")
    assert (tmp_path / place).read_text() == "wichtig"
    assert not path.exists()


def test_line_is_added_on_a_full_disk(tmp_path: Path, full: Callable[[], None]) -> None:
    files, path = placed(tmp_path)
    full()
    files.append(path.parent / "audit.log", "eins\n")
    assert (path.parent / "audit.log").read_text() == "eins\n"
    assert not path.exists()


def test_other_stacks_reserve_is_left_alone(tmp_path: Path, full: Callable[[], None]) -> None:
    files, path = placed(tmp_path)
    full()
    with pytest.raises(DiskFailed, match="No space left on device"):
        files.write(tmp_path / "var/lib/upkeep/portal/state.json", "x")
    assert path.exists()


def test_torn_line_goes_when_the_next_one_is_written(tmp_path: Path) -> None:
    path = tmp_path / "audit.log"
    path.write_text('{"n": 1}\n{"n": 2, "st')
    DiskFiles().append(path, '{"n": 2}\n')
    assert path.read_text() == '{"n": 1}\n{"n": 2}\n'


def test_failed_line_leaves_nothing_behind(tmp_path: Path, full: Callable[[], None]) -> None:
    files, path = placed(tmp_path)
    target = tmp_path / "var/lib/upkeep/portal/audit.log"
    files.append(target, "eins\n")
    full()
    with pytest.raises(DiskFailed):
        files.append(target, "zwei\n")
    assert target.read_text() == "eins\n"
    assert path.exists()


def test_reserve_is_made_again_when_there_is_room(deployed: Driver) -> None:
    paths, ports, files = deployed.world.paths, deployed.world.ports(), deployed.world.files
    paths.reserve.unlink()
    files.free_mb = 40
    assert not reserve.ensure(paths, ports)
    assert "Die Platte war voll: die Reserve" in " ".join(status.status(paths, ports, None)["drift"])
    files.free_mb = 50
    assert reserve.ensure(paths, ports)
    assert status.status(paths, ports, None)["drift"] == []


@pytest.mark.parametrize(
    ("moment", "result"),
    [("prepare", "failed"), ("close", "rolled_back"), ("ready", "rolled_back"), ("commit", "rolled_back")],
)
def test_run_that_needed_the_reserve_begins_nothing_new(
    deployed: Driver, monkeypatch: pytest.MonkeyPatch, moment: str, result: str
) -> None:
    deployed.world.release("1.1.0")
    used_up_at(deployed, monkeypatch, moment)
    record = deployed.must("update", result)
    assert "Die Platte ist voll, die Reserve ist aufgebraucht" in record.message
    assert "1.0.0 läuft" in record.message
    assert deployed.state.release is not None
    assert deployed.state.release.version == "1.0.0"
    assert deployed.world.gate.closed_by is None


@pytest.mark.parametrize(("moment", "alarms"), [("prune", 1), ("end", 0)])
def test_full_disk_after_the_commit_is_said_and_somebody_is_called(
    deployed: Driver, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, moment: str, alarms: int
) -> None:
    """At the very last write nobody can be called any more; the message and the status say it."""
    deployed.world.release("1.1.0")
    used_up_at(deployed, monkeypatch, moment)
    record = deployed.must("update", "updated")
    assert record.message.count("Warnung: Die Platte ist voll, die Reserve ist aufgebraucht") == 1
    assert sum(line.startswith("ALARM lager: 1.0.0 → 1.1.0") for line in caplog.messages) == alarms
    drift = status.status(deployed.world.paths, deployed.world.ports(), None)["drift"]
    assert any("Die Platte war voll" in text for text in drift) or deployed.world.paths.reserve.exists()


def used_up_at(driver: Driver, monkeypatch: pytest.MonkeyPatch, moment: str) -> None:
    """The write of this phase's intent only succeeds because the reserve is given up."""
    real = driver.world.files.write

    def write(path: Path, text: str, mode: int = 0o600) -> None:
        body = json.loads(json.loads(text)["body"]) if path.parent.name == "runs" else {}
        phases = body.get("phases")
        if phases and moment == ("end" if body["finished_at"] else phases[-1]["name"]):
            driver.world.paths.reserve.unlink(missing_ok=True)
        real(path, text, mode)

    monkeypatch.setattr(driver.world.files, "write", write)

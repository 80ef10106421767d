"""A room's few failed tests get a second turn, and are named."""

from __future__ import annotations

from pathlib import Path

import pytest

from workshop import rooms

UNSTEADY = """
from pathlib import Path
def test_steady(): pass
def test_unsteady():
    seen = Path(__file__).with_suffix(".seen")
    first, _ = not seen.exists(), seen.touch()
    assert not first
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(rooms, "ROOT", tmp_path)
    monkeypatch.setattr(rooms, "RESULTS", tmp_path)
    return tmp_path


def room(place: Path, source: str) -> rooms.Room:
    (place / "test_some.py").write_text(source, encoding="utf-8")
    return rooms.pytest_room("some", f"--rootdir={place}", str(place / "test_some.py"))


def test_what_passes_alone_passes_and_is_named(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    outcome = rooms.second_turn(rooms.run_room(room(place, UNSTEADY)))
    assert rooms.summary([outcome]) == 0
    printed = capsys.readouterr().out
    assert "⚠ brauchte einen zweiten Anlauf: test_some::test_unsteady" in printed
    assert "2 passed, 0 failed, 0 skipped" in printed


def test_what_fails_twice_fails(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    outcome = rooms.second_turn(
        rooms.run_room(room(place, "def test_broken():\n    assert 0\ndef test_fine(): pass\n"))
    )
    assert rooms.summary([outcome]) == 1
    assert "1 passed, 1 failed, 0 skipped" in capsys.readouterr().out


def test_many_failures_are_no_accident(place: Path) -> None:
    source = "import pytest\n@pytest.mark.parametrize('n', range(4))\ndef test_broken(n):\n    assert 0\n"
    first = rooms.run_room(room(place, source))
    assert rooms.second_turn(first) is first


def test_a_room_that_cannot_be_read_gets_no_second_turn(place: Path) -> None:
    first = rooms.run_room(room(place, "import nothing_like_this\n"))
    assert first.returncode not in (0, rooms.TESTS_FAILED)
    assert rooms.second_turn(first) is first

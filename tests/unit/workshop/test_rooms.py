"""Rooms begin when what they stand on is there; a room's few failed tests get a second turn, and are named."""

from __future__ import annotations

import sys
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
    monkeypatch.setattr(rooms, "WORKERS", 3)
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


def test_a_scenario_is_one_test_and_has_its_second_turn(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    unsteady = "import os, sys\ntry: os.mkdir('seen')\nexcept FileExistsError: sys.exit(0)\nsys.exit(2)"
    scenario = rooms.Room("molecule-some", (sys.executable, "-c", unsteady), one_test=True)
    assert rooms.summary([rooms.second_turn(rooms.run_room(scenario))]) == 0
    assert "⚠ brauchte einen zweiten Anlauf: molecule-some" in capsys.readouterr().out


@pytest.mark.parametrize("code", [0, rooms.TIMED_OUT])
def test_a_scenario_that_went_well_or_took_too_long_runs_once(place: Path, code: int) -> None:
    first = rooms.run_room(rooms.Room("molecule-some", (sys.executable, "-c", f"exit({code})"), one_test=True))
    assert rooms.second_turn(first) is first


def test_temporary_files_lie_in_memory_where_there_is_room(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms, "MEMORY", place)
    monkeypatch.setattr(rooms, "ENOUGH", 0)
    assert rooms.pytest_room("some", in_memory=True).argv[:2] == ("env", f"TMPDIR={place}")
    assert "env" not in rooms.pytest_room("some").argv
    monkeypatch.setattr(rooms, "ENOUGH", 1 << 62)
    assert "env" not in rooms.pytest_room("some", in_memory=True).argv
    monkeypatch.setattr(rooms, "MEMORY", place / "nowhere")
    assert "env" not in rooms.pytest_room("some", in_memory=True).argv


def step(name: str, code: str = "", *after: str) -> rooms.Room:
    return rooms.Room(name, (sys.executable, "-c", code), after=after)


def test_a_room_waits_for_what_it_stands_on_and_the_others_do_not(place: Path) -> None:
    slow = "import pathlib, time\nwhile not pathlib.Path('quick.log').exists(): time.sleep(0.01)"
    made = [step("ground", slow), step("house", "", "ground"), step("quick")]
    ended = rooms.run_side_by_side(made)
    assert sorted(outcome.room.name for outcome in ended) == ["ground", "house", "quick"]
    assert ended[-1].room.name == "house"
    assert {outcome.returncode for outcome in ended} == {0}


def test_what_stands_on_a_failure_is_not_begun(place: Path) -> None:
    ended = rooms.run_side_by_side([step("ground", "raise SystemExit(3)"), step("house", "", "ground")])
    assert [(outcome.room.name, outcome.returncode) for outcome in ended] == [("ground", 3)]


def test_a_room_named_alone_stands_on_what_is_there_already(place: Path) -> None:
    assert [outcome.returncode for outcome in rooms.run_side_by_side([step("house", "", "ground")])] == [0]


def test_everything_is_prepared_before_the_rooms_that_need_hosts() -> None:
    known = [room.name for room in rooms.TESTS]
    assert len(set(known)) == len(known)
    assert all(set(room.after) <= set(known[:place]) for place, room in enumerate(rooms.TESTS))
    assert {room.name for room in rooms.TESTS if room.junit and not room.after} == {"unit"}

"""The file that Upkeep replaces; whatever is in it, the app has an answer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from lager.system.published import LARGEST, read_published, read_report

GOOD = {
    "stack": "lager",
    "version": "1.4.0",
    "release": {"version": "1.4.0", "digest": "sha256:1", "since": "2026-11-20T09:00:00+01:00", "notes": None},
    "available": {"version": "1.5.0", "notes": "Neu: <b>Echtzeit</b>", "checked_at": None, "held": False},
    "checked": None,
    "actions": ["start-update"],
    "history": [
        {"run": "r1", "operation": "update", "result": "rolled_back", "from": "1.4.0", "to": "1.5.0",
         "started_at": "2026-11-21T09:00:00+01:00", "seconds": 12.5, "message": "app-1 startet nicht"}
    ],
    "running": None,
    "something_newer": {"x": 1},
}  # fmt: skip


def written(directory: Path, content: bytes) -> Path:
    (directory / "system.json").write_bytes(content)
    return directory


def test_a_good_file_is_shown(tmp_path: Path) -> None:
    shown = read_published(written(tmp_path, json.dumps(GOOD).encode())).view()
    assert (shown["problem"], shown["version"], shown["available"]["version"]) == (None, "1.4.0", "1.5.0")
    assert (shown["history"][0]["from"], shown["history"][0]["to"]) == ("1.4.0", "1.5.0")
    assert "something_newer" not in shown


def test_a_missing_file_says_what_that_means(tmp_path: Path) -> None:
    found = read_published(tmp_path)
    assert found.problem is not None
    assert str(tmp_path / "system.json") in found.problem
    assert "site.yml" in found.problem
    assert found.view()["history"] == []


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "kein gültiges JSON"),
        (b'{"version": "1.', "kein gültiges JSON"),
        (b"\xff\xfe", "kein gültiges JSON"),
        (b"[]", "kein gültiges JSON"),
        (b"null", "kein gültiges JSON"),
        (b"[" * 100_000, "kein gültiges JSON"),
        (b'{"history": 7}', "„history“"),
        (b'{"history": [{"run": 7}]}', "„history.0.run“"),
        (b'{"available": "1.5.0"}', "„available“"),
        (b" " * (LARGEST + 1), "größer als 512 KB"),
    ],
    ids=lambda value: repr(value)[:24],
)
def test_a_damaged_file_is_told_and_nothing_of_it_shown(tmp_path: Path, content: bytes, said: str) -> None:
    found = read_published(written(tmp_path, content))
    assert found.problem is not None
    assert said in found.problem
    assert found.content.version is None


def test_a_directory_in_its_place_is_told(tmp_path: Path) -> None:
    (tmp_path / "system.json").mkdir()
    found = read_published(tmp_path)
    assert found.problem is not None
    assert "nicht lesbar" in found.problem


def test_backups_are_shown_and_their_report_can_be_had(tmp_path: Path) -> None:
    run = {"at": "2026-11-21T02:31:07.120Z", "seconds": 4.2, "size": 5_000_000, "neu": 1}
    told = {"last": run, "drilled": None, "runs": [run], "problems": ["Überfällig."], "report": True}
    shown = read_published(written(tmp_path, json.dumps(GOOD | {"backup": told}).encode())).view()["backup"]
    assert shown["runs"] == [{"at": run["at"], "seconds": 4.2, "size": 5_000_000}]
    assert (shown["problems"], shown["drilled"]) == (["Überfällig."], None)
    assert read_report(tmp_path) is None
    (tmp_path / "uebung.html").write_text("<h1>Bestanden</h1>")
    assert read_report(tmp_path) == b"<h1>Bestanden</h1>"

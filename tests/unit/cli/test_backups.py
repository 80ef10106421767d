"""The verbs for backups against a fake agent."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from tests.unit.fake_agent import FakeAgent
from upkeep.cli.main import main
from upkeep.cli.pages import backups_page, size

NOW = datetime.fromisoformat("2026-11-21T12:00:00+01:00")
WHOLE = {"complete": True, "proven": True, "sources": ["files"], "read": 3 << 30, "added": 1_500_000}


def call(agent: FakeAgent, *words: str) -> int:
    return main([words[0], "--socket", str(agent.path), *words[1:]])


def test_list_names_what_counts_and_what_somebody_has_to_look_at(agent: FakeAgent) -> None:
    answer = {
        "stack": "lager",
        "repository": "rest:http://sicherung:8000/web1",
        "backups": [
            {"run": "20261121-020000-backup-aaaa", "at": "2026-11-21T02:00:00Z"}
            | WHOLE
            | {"complete": False, "proven": False},
            {"run": "20261120-020000-backup-bbbb", "at": "2026-11-20T02:00:00Z"} | WHOLE,
        ],
        "strange": ["Schnappschuss 1234: liegt in der Zukunft"],
        "overdue": "Die letzte Sicherung ist 30 Stunden her.",
        "problem": None,
    }
    lines = backups_page(answer, NOW)
    assert lines[0] == "lager: rest:http://sicherung:8000/web1"
    assert lines[2].endswith("3,0 GB  1,4 MB           unvollständig, zählt nicht")
    assert lines[3].endswith("bewiesen")
    assert lines[4:] == [
        "Achtung: Schnappschuss 1234: liegt in der Zukunft",
        "Achtung: Die letzte Sicherung ist 30 Stunden her.",
    ]


def test_an_empty_repository_says_how_to_begin(agent: FakeAgent, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(agent, "list", "lager") == 0
    assert "`upkeep backup`" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "options"),
    [
        (("backup", "lager"), {"force": False}),
        (("verify", "lager"), {"force": False}),
        (("drill", "lager"), {"force": False}),
        (("verify", "lager", "--deep", "--tidy"), {"force": False, "deep": True, "tidy": True}),
        (("verify", "lager", "--all"), {"force": False, "all": True}),
        (("restore", "lager", "--yes"), {"force": False}),
        (
            ("restore", "lager", "--backup", "x", "--only", "mongodb", "--only", "volume:y", "--force", "--yes"),
            {"force": True, "backup": "x", "only": ["mongodb", "volume:y"]},
        ),
        (("restore", "lager", "--file", "/mnt/x/../y", "--yes"), {"force": False, "file": "/mnt/y"}),
        (("undo", "lager", "--yes"), {"force": False}),
    ],
)
def test_what_is_asked_of_the_agent(agent: FakeAgent, words: tuple[str, ...], options: dict[str, bool]) -> None:
    assert call(agent, *words) == 0
    method, path, body = next(item for item in agent.asked if item[0] == "POST")
    assert (method, path) == ("POST", "/v1/stacks/lager/runs")
    assert (body["operation"], body["options"]) == (words[0], options)


@pytest.mark.parametrize("verb", ["restore", "undo"])
def test_without_yes_it_is_only_shown(agent: FakeAgent, verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    agent.plans = agent.plans | {"changed": True, "steps": ["Die Daten von jetzt sichern"], "message": "Sicherung x"}
    assert call(agent, verb, "lager") == 0
    assert capsys.readouterr().out.splitlines()[1:] == [
        "  1. Die Daten von jetzt sichern",
        "Ausführen: denselben Befehl mit --yes",
    ]
    assert agent.bodies("/v1/stacks/lager/runs") == []


def test_sizes_are_told_as_people_say_them() -> None:
    assert [size(count) for count in (0, 1, 2048, 1_500_000, 3 << 30)] == ["0 KB", "1 KB", "2 KB", "1,4 MB", "3,0 GB"]


def test_the_recovery_sheet_goes_into_a_file_of_its_owner_and_over_none(
    agent: FakeAgent, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "blatt.html"
    assert call(agent, "recovery-sheet", "lager", "--into", str(place)) == 0
    assert (place.read_text(), place.stat().st_mode & 0o777) == ("<p>streng-geheim</p>", 0o600)
    said = capsys.readouterr().out
    assert "drucken, dann löschen" in said
    assert "geheim<" not in said
    assert call(agent, "recovery-sheet", "lager", "--into", str(place)) == 2
    assert "nichts überschrieben" in capsys.readouterr().err
    assert call(agent, "recovery-sheet", "lager", "--into", "-") == 0
    assert capsys.readouterr().out == "<p>streng-geheim</p>"


def test_the_recovery_sheet_is_not_shown_on_a_terminal(agent: FakeAgent, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert call(agent, "recovery-sheet", "lager", "--into", "-") == 2


def test_an_export_asks_for_the_backup_that_was_named(agent: FakeAgent) -> None:
    call(agent, "export", "lager", "--backup", "20261121-020000-backup-aaaa", "--plan")
    (order,) = agent.bodies("/v1/stacks/lager/plan")
    assert order
    assert (order["operation"], order["options"]["backup"]) == ("export", "20261121-020000-backup-aaaa")

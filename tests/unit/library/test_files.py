"""Module upkeep_files: real processes, real files."""

from __future__ import annotations

import base64
import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from tests.unit.library.conftest import LOCAL_PYTHON, Ended, Module, ansible

ME, MINE = str(os.getuid()), str(os.getgid())
SECRET = "Zwiebelkuchen-4711\nzweite Zeile 'mit' \"Zeichen\"\n"


def file(path: Path, content: str | None = None, **more: Any) -> dict[str, Any]:
    return (
        {"path": str(path), "owner": ME, "group": MINE} | ({"content": content} if content is not None else {}) | more
    )


def directory(path: Path, **more: Any) -> dict[str, Any]:
    return {"path": str(path), "owner": ME, "group": MINE} | more


def snapshot(room: Path) -> dict[str, Any]:
    """Everything that a write would change, times and inode numbers too; not when it was last read."""
    contents = {str(p): (*written(p), p.is_file() and p.read_bytes()) for p in sorted(room.rglob("*"))}
    return contents | {".": written(room)}


def written(path: Path) -> tuple[int, ...]:
    kept = path.lstat()
    return (kept.st_ino, kept.st_mode, kept.st_uid, kept.st_gid, kept.st_size, kept.st_mtime_ns, kept.st_ctime_ns)


@pytest.fixture
def room(tmp_path: Path) -> Path:
    made = tmp_path / "srv"
    made.mkdir()
    return made


def test_four_ways_check_real_check_real(run_module: Module, room: Path) -> None:
    (room / "old").write_text("weg damit")
    (room / "link").symlink_to("nowhere")
    wish = {
        "directories": [directory(room / "a" / "b", mode="0700"), directory(room / "a")],
        "files": [
            file(room / "a" / "b" / "text", "Grüße\n"),
            file(room / "a" / "bytes", src_b64=base64.b64encode(b"\0\xff").decode(), mode="0600"),
            file(room / "a" / "secret", SECRET, mode="0440", secret=True),
        ],
        "absent": [str(room / "old"), str(room / "link"), str(room / "never")],
    }
    paths = [str(room / p) for p in ("a", "a/b", "a/b/text", "a/bytes", "a/secret", "old", "link")]
    before = snapshot(room)
    check = run_module("upkeep_files", check=True, **wish).result
    assert (check["changed"], check["changed_paths"]) == (True, paths)
    assert check["message"] == "7 von 8 Pfaden zu ändern."
    assert snapshot(room) == before

    real = run_module("upkeep_files", **wish).result
    assert (real["changed"], real["changed_paths"]) == (True, paths)
    assert (room / "a/b/text").read_text() == "Grüße\n"
    assert (room / "a/bytes").read_bytes() == b"\0\xff"
    assert stat.S_IMODE((room / "a/secret").stat().st_mode) == 0o440
    assert stat.S_IMODE((room / "a/b").stat().st_mode) == 0o700
    assert sorted(p.name for p in room.rglob("*")) == ["a", "b", "bytes", "secret", "text"]

    after = snapshot(room)
    for again in (run_module("upkeep_files", check=True, **wish), run_module("upkeep_files", **wish)):
        assert (again.result["changed"], again.result["changed_paths"]) == (False, [])
        assert snapshot(room) == after


def test_only_what_differs_is_written(run_module: Module, room: Path) -> None:
    wish = {"files": [file(room / "same", "1"), file(room / "mode", "2"), file(room / "content", "3")]}
    run_module("upkeep_files", **wish)
    (room / "mode").chmod(0o600)
    (room / "content").write_text("von Hand geändert")
    inodes = {p.name: p.stat().st_ino for p in room.iterdir()}
    result = run_module("upkeep_files", **wish).result
    assert result["changed_paths"] == [str(room / "mode"), str(room / "content")]
    assert stat.S_IMODE((room / "mode").stat().st_mode) == 0o644
    assert (room / "mode").stat().st_ino == inodes["mode"], "attributes are set in place"
    assert (room / "content").stat().st_ino != inodes["content"], "contents are replaced by rename"


def test_diff_is_like_templates_and_covers_attributes(run_module: Module, room: Path) -> None:
    (room / "text").write_text("alt\n")
    (room / "text").chmod(0o600)
    diff = run_module("upkeep_files", diff=True, check=True, files=[file(room / "text", "neu\n")]).result["diff"]
    header = {"before_header": str(room / "text"), "after_header": str(room / "text")}
    assert diff[0] == header | {"before": "alt\n", "after": "neu\n"}
    assert diff[1]["before"].startswith("Rechte 0600, ")
    assert diff[1]["after"].startswith("Rechte 0644, ")
    assert "diff" not in run_module("upkeep_files", check=True, files=[file(room / "text", "neu\n")]).result


def test_binary_and_huge_files_are_not_poured_into_the_diff(run_module: Module, room: Path) -> None:
    files = [file(room / "bytes", src_b64=base64.b64encode(b"\0" * 10).decode()), file(room / "huge", "x" * 200_000)]
    diff = run_module("upkeep_files", diff=True, check=True, files=files).result["diff"]
    assert [entry["after"] for entry in diff] == [
        "(10 Bytes, hier nicht gezeigt)\n",
        "(200000 Bytes, hier nicht gezeigt)\n",
    ]


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize("key", ["content", "src_b64"])
def test_secrets_old_and_new_are_nowhere_in_what_leaves_the_module(
    run_module: Module, room: Path, check: bool, key: str
) -> None:
    old = "Kartoffelsalat-0815"
    (room / "secret").write_text(old)
    value = SECRET if key == "content" else base64.b64encode(SECRET.encode()).decode()
    wish = {"files": [file(room / "secret", secret=True, **{key: value}), file(room / "plain", "offen\n")]}
    ended = run_module("upkeep_files", check=check, diff=True, **wish)
    assert ended.result["changed"] is True
    assert_hidden(ended, SECRET, value, old)
    assert ended.result["diff"][0]["after"] == "(neuer geheimer Inhalt)\n"
    assert ended.result["diff"][1]["after"] == "offen\n"
    assert ended.result["invocation"]["module_args"]["files"][0] == file(room / "secret", secret=True)
    assert "files=NOT_LOGGING_PARAMETER" in ended.log
    assert "offen" not in ended.log


@pytest.mark.parametrize(
    "broken",
    [
        {"mode": 420},
        {"owner": "nobody-of-that-name"},
        {"colour": "red"},
        {"path": "relative"},
        {"src_b64": "e"},
        {"secret": "yes"},
    ],
)
def test_secrets_do_not_leak_through_a_wish_that_is_refused(
    run_module: Module, room: Path, broken: dict[str, Any]
) -> None:
    ended = run_module("upkeep_files", files=[file(room / "secret", SECRET, secret=True) | broken])
    assert ended.result["failed"] is True
    assert_hidden(ended, SECRET)


@pytest.mark.parametrize(
    "files", [[SECRET], SECRET, [[SECRET]], [{"content": {"x": SECRET}, "path": "/x", "secret": True}]]
)
def test_secrets_do_not_leak_through_arguments_of_a_wrong_type(run_module: Module, files: Any) -> None:
    ended = run_module("upkeep_files", files=files)
    assert ended.code == 1
    assert_hidden(ended, SECRET)


def assert_hidden(ended: Ended, *secrets: str) -> None:
    for secret in secrets:
        for form in (*secret.splitlines(), json.dumps(secret)[1:-1], repr(secret)[1:-1]):
            assert form not in ended.everything


PROBLEMS: list[tuple[dict[str, Any], str]] = [
    ({"files": [{"path": "relative", "content": ""}]}, "path 'relative'; nötig ist ein vollständiger Pfad"),
    ({"files": [{"path": "/srv/../etc/passwd", "content": ""}]}, "ohne „..“"),
    ({"files": [{"path": "/x", "content": "", "mode": 420}]}, "mode 420; nötig sind vier Oktalziffern als Text"),
    ({"files": [{"path": "/x", "content": "", "mode": "644"}]}, "mode '644'"),
    ({"files": [{"path": "/x"}]}, "genau eins von content und src_b64"),
    ({"files": [{"path": "/x", "content": "", "src_b64": ""}]}, "genau eins von content und src_b64"),
    ({"files": [{"path": "/x", "content": 5}]}, "als Text"),
    ({"files": [{"path": "/x", "src_b64": "kein Base64!"}]}, "/x: src_b64 ist kein Base64."),
    ({"files": [{"path": "/x", "content": " \n", "secret": True}]}, "das Geheimnis ist leer. Fehlt es im Tresor?"),
    ({"files": [{"path": "/x", "content": "", "modus": "0644"}]}, "unbekannt: modus. Erlaubt: content, group,"),
    ({"files": [{"path": "/x", "content": ""}], "absent": ["/x"]}, "/x: mehrfach genannt."),
    ({"files": [{"path": "/x", "content": "", "owner": "niemand-so"}]}, "Benutzer „niemand-so“ gibt es"),
    ({"directories": [{"path": "/x", "group": "keine-so"}]}, "Gruppe „keine-so“ gibt es"),
    ({"files": [{"path": "/nicht/da/x", "content": ""}]}, "das Verzeichnis /nicht/da fehlt."),
    ({"files": [{"path": "/etc", "content": ""}]}, "ist aber ein Verzeichnis"),
    ({"directories": [{"path": "/etc/passwd"}]}, "soll ein Verzeichnis werden, ist aber keins"),
    ({"absent": ["/etc"]}, "in dem noch etwas liegt"),
    ({"absent": ["/"]}, "path '/'"),
]


@pytest.mark.parametrize(("wish", "message"), PROBLEMS)
def test_an_invalid_wish_is_refused_whole(run_module: Module, room: Path, wish: dict[str, Any], message: str) -> None:
    good = file(room / "good", "gut")
    ended = run_module("upkeep_files", **(wish | {"files": [good, *wish.get("files", [])]}))
    assert ended.code == 1
    assert ended.result["msg"].startswith("Nichts wurde geschrieben. ")
    assert message in ended.result["msg"]
    assert list(room.iterdir()) == []


def test_all_problems_are_named_at_once(run_module: Module) -> None:
    files = [{"path": "/x", "content": "", "mode": "9"}, {"path": "y", "content": ""}]
    assert len(run_module("upkeep_files", files=files).result["msg"].splitlines()) == 2


def test_check_mode_forgives_what_an_earlier_task_would_have_made(run_module: Module, room: Path) -> None:
    wish = {"files": [file(room / "not" / "yet", "x", owner="upkeep-soon")]}
    result = run_module("upkeep_files", check=True, diff=True, **wish).result
    assert result["changed"] is True
    assert len(result["warnings"]) == 2
    assert run_module("upkeep_files", **wish).result["failed"] is True


def test_a_link_in_the_place_of_a_file_is_replaced_and_not_followed(run_module: Module, room: Path) -> None:
    (room / "target").write_text("bleibt")
    (room / "file").symlink_to("target")
    assert run_module("upkeep_files", files=[file(room / "file", "neu")]).result["changed"] is True
    assert (room / "target").read_text() == "bleibt"
    assert not (room / "file").is_symlink()
    assert (room / "file").read_text() == "neu"


def test_a_disk_that_says_no_leaves_every_file_as_it_was(run_module: Module, room: Path) -> None:
    (room / "first").write_text("alt")
    name_too_long_to_stage = "n" * 250
    files = [file(room / "first", "neu"), file(room / name_too_long_to_stage, "x")]
    result = run_module("upkeep_files", files=files).result
    assert result["msg"].startswith("Keine Datei wurde geändert: ")
    assert {p.name: p.read_text() for p in room.iterdir()} == {"first": "alt"}


def test_what_a_killed_run_left_staged_is_cleared_away(run_module: Module, room: Path) -> None:
    (room / ".secret.upkeep-new").write_text("halb")
    assert run_module("upkeep_files", files=[file(room / "secret", SECRET, secret=True)]).result["changed"] is True
    assert [p.name for p in room.iterdir()] == ["secret"]


def test_a_directory_goes_together_with_what_is_in_it(run_module: Module, room: Path) -> None:
    (room / "d").mkdir()
    (room / "d" / "f").touch()
    assert run_module("upkeep_files", absent=[str(room / "d"), str(room / "d" / "f")]).result["changed"] is True
    assert list(room.iterdir()) == []


@pytest.mark.parametrize("mode", [["--check"], []])
def test_real_ansible_shows_the_diff_and_no_secret_however_verbose(room: Path, mode: list[str], tmp_path: Path) -> None:
    (room / "secret").write_text("Kartoffelsalat-0815")
    wish = {"files": [file(room / "secret", SECRET, secret=True), file(room / "plain", "offen\n")]}
    arguments = tmp_path / "wish.json"
    arguments.write_text(json.dumps({"wish": wish}))
    play = tmp_path / "play.yml"
    play.write_text("- hosts: localhost\n  gather_facts: false\n  tasks: [{upkeep_files: '{{ wish }}'}]\n")
    words = [
        "-i",
        "localhost,",
        "-c",
        "local",
        *LOCAL_PYTHON,
        "-e",
        f"@{arguments}",
        "--diff",
        "-vvvv",
        *mode,
        str(play),
    ]
    ended = ansible("ansible-playbook", *words)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "+offen" in ended.stdout
    assert "+(neuer geheimer Inhalt)" in ended.stdout
    for line in (*SECRET.splitlines(), "Kartoffelsalat"):
        assert line not in ended.stdout + ended.stderr
    assert (room / "plain").exists() is not bool(mode)

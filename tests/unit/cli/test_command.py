"""The command `upkeep` against a fake agent: what it prints, what it returns."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.unit.fake_agent import NEW, UPDATE_EVENTS, FakeAgent, FakeRun, event, status, summary, wait_until
from upkeep.cli.arguments import default_starter
from upkeep.cli.main import main

RUN = summary()["id"]
Upkeep = Callable[..., "Ended"]


class Ended:
    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def upkeep(agent: FakeAgent, capsys: pytest.CaptureFixture[str]) -> Upkeep:
    def call(*words: str) -> Ended:
        try:
            code = main([words[0], "--socket", str(agent.path), *words[1:]])
        except SystemExit as leaving:
            code = int(str(leaving.code))
        captured = capsys.readouterr()
        return Ended(code, captured.out, captured.err)

    return call


def test_status_of_several_stacks_is_a_table(agent: FakeAgent, upkeep: Upkeep) -> None:
    agent.stacks["rechnung"] = status("rechnung", release=None, slots=[])
    agent.stacks["wiki"] = status("wiki", maintenance={"on": True, "owner": "operator"}, last_run=summary())
    ended = upkeep("status")
    lines = ended.out.splitlines()
    assert ended.code == 0
    assert lines[0].split() == ["STACK", "ZUSTAND", "VERSION", "SEIT", "NEU", "LETZTER", "LAUF"]
    assert re.match(r"lager +in Betrieb +1\.0\.0 ", lines[1])
    assert re.match(r"rechnung +nicht ausgerollt +– ", lines[2])
    assert re.match(r"wiki +in Wartung .*Update: erledigt$", lines[3])


def test_status_of_one_stack_is_a_page(agent: FakeAgent, upkeep: Upkeep) -> None:
    agent.stacks["lager"] = status(
        available=NEW,
        held=["sha256:" + "c" * 64, "sha256:" + "d" * 64],
        held_versions={"sha256:" + "d" * 64: "1.2.0"},
        drift=["release.env wurde von Hand geändert."],
        last_run=summary(result="rolled_back"),
        maintenance={"on": True, "owner": "operator", "until": "2099-01-01T18:30:00+01:00", "reason": "Inventur"},
    )
    out = upkeep("status", "lager").out
    assert out.startswith("lager: in Wartung\n")
    for text in (
        "1.0.0 (seit 20.11.2026",
        "1.1.0, einspielen mit `upkeep update lager`",
        "sha256:cccccccccccc (wurde zurückgerollt; nur mit --force)",
        "1.2.0, sha256:dddddddddddd (wurde zurückgerollt; nur mit --force)",
        "läuft, bereit, 1.0.0",
        "an (von Hand, bis 01.01.2099, 18:30, Grund: Inventur)",
        "gescheitert, alte Version läuft wieder (1.0.0 → 1.1.0)",
        "release.env wurde von Hand geändert.",
    ):
        assert text in out


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"running": summary(result=None, percent=40)}, "Update läuft"),
        ({"slots": []}, "gestört"),
        ({"slots": [{"name": "app-1", "state": "exited", "health": "not_running"}]}, "gestört"),
        ({"slots": [{"name": "app-1", "state": "running", "health": "HTTP 503"}]}, "gestört"),
        ({"gate": {"state": "silent"}}, "gestört"),
        ({"maintenance": {"on": True, "owner": f"run:{RUN}"}}, "gestört, geschlossen"),
    ],
)
def test_the_first_word_of_a_status_is_the_worst_news(
    agent: FakeAgent, upkeep: Upkeep, changes: dict[str, Any], word: str
) -> None:
    agent.stacks["lager"] = status(**changes)
    assert upkeep("status", "lager").out.startswith(f"lager: {word}\n")


def test_history_is_a_table_with_what_is_held(agent: FakeAgent, upkeep: Upkeep) -> None:
    held = [{"digest": "sha256:" + "c" * 64, "version": "1.1.0", "reason": "nur mit --force"}]
    agent.history |= {"runs": [summary(result="rolled_back")], "held": held, "damaged": ["20260101-000000-update-0000"]}
    lines = upkeep("history", "lager").out.splitlines()
    assert lines[0].split() == ["WANN", "VORGANG", "VERSION", "ERGEBNIS", "VON", "DAUER"]
    assert re.search(r"Update +1\.0\.0 → 1\.1\.0 +gescheitert, alte Version läuft wieder +cli:anna +0:28$", lines[1])
    assert lines[2:] == ["Unlesbar: 20260101-000000-update-0000", "Zurückgehalten: 1.1.0 (nur mit --force)"]
    assert upkeep("history", "lager", "--json").json == agent.history


def test_repair_only_tells_until_yes_is_said(agent: FakeAgent, upkeep: Upkeep) -> None:
    agent.plans = agent.plans | {"changed": True, "steps": ["state.json schreiben"], "message": "Das Journal …."}
    ended = upkeep("repair", "lager")
    assert ended.out.splitlines()[1:] == ["  1. state.json schreiben", "Ausführen: `upkeep repair lager --yes`"]
    assert agent.bodies("/v1/stacks/lager/runs") == []
    agent.next_run = FakeRun(summary(operation="repair", message="Repariert: 1.1.0."), UPDATE_EVENTS)
    assert upkeep("repair", "lager", "--yes").code == 0
    (body,) = agent.bodies("/v1/stacks/lager/runs")
    assert body
    assert body["operation"] == "repair"


def test_status_of_a_stack_that_needs_repair_says_so_first(agent: FakeAgent, upkeep: Upkeep) -> None:
    agent.stacks["lager"] = status(release=None, attention="state.json ist nicht lesbar.")
    assert upkeep("status", "lager").out.startswith("lager: Reparatur nötig\n")


def test_terminal_control_characters_of_foreign_texts_are_dropped(agent: FakeAgent, upkeep: Upkeep) -> None:
    agent.lines = ["\x1b[31mrot\x1b[0m \x1b]0;Titel\x07Ende", "a\tb"]
    assert upkeep("logs", "lager").out == "rot ]0;TitelEnde\na\tb\n"


def test_update_prints_a_line_per_phase_and_the_verdict(agent: FakeAgent, upkeep: Upkeep) -> None:
    agent.next_run = FakeRun(summary(), UPDATE_EVENTS)
    ended = upkeep("update", "lager", "--starter", "timer")
    assert ended.code == 0
    assert ended.out.splitlines() == [
        "  0:00    5 %  Prüfe Voraussetzungen",
        "  0:00   20 %  Hole 1.1.0",
        "  0:06   70 %  Starte 1.1.0",
        "  0:09  100 %  Fertig",
        "lager: Update erledigt. 1.1.0 läuft.",
    ]
    assert agent.bodies("/v1/stacks/lager/runs") == [
        {"operation": "update", "starter": "timer", "options": {"force": False}}
    ]


def test_update_of_the_database_names_the_service_and_wants_a_version(agent: FakeAgent, upkeep: Upkeep) -> None:
    assert upkeep("update", "lager", "--service", "mongodb").code == 2
    agent.next_run = FakeRun(summary(), UPDATE_EVENTS)
    upkeep("update", "lager", "--service", "mongodb", "--to", "mongo:8.0", "--starter", "timer")
    (asked,) = agent.bodies("/v1/stacks/lager/runs")
    assert asked["options"] == {"force": False, "service": "mongodb", "to": "mongo:8.0"}


@pytest.mark.parametrize(
    ("result", "code"),
    [("updated", 0), ("unchanged", 0), ("failed", 1), ("refused", 3), ("rolled_back", 4), ("neu erfunden", 1)],
)
@pytest.mark.parametrize("verb", ["update", "rollback", "deploy", "check"])
def test_exit_codes_of_results(agent: FakeAgent, upkeep: Upkeep, verb: str, result: str, code: int) -> None:
    agent.next_run = FakeRun(summary(operation=verb, result=result), UPDATE_EVENTS)
    assert upkeep(verb, "lager", "--json").code == code


def test_a_bad_end_says_why_and_shows_the_applications_last_lines(agent: FakeAgent, upkeep: Upkeep) -> None:
    message = "app-1 nach 120 s nicht bereit (zuletzt HTTP 503); 1.0.0 läuft weiter; Protokoll: `upkeep logs lager`"
    report = summary(result="rolled_back", message=message, reason="Migration 7 fehlt", last_logs=["boot", "Traceback"])
    agent.next_run = FakeRun(report, UPDATE_EVENTS)
    out = upkeep("update", "lager").out
    assert message in out
    assert "Grund: Migration 7 fehlt" in out
    assert out.endswith("    boot\n    Traceback\n")


def test_busy_names_the_run_and_how_to_watch_it(agent: FakeAgent, upkeep: Upkeep) -> None:
    running = {"id": RUN, "operation": "update", "starter": "ansible:bernd@laptop", "started_at": "…"}
    answer = {"error": f"{RUN} von ansible:bernd@laptop läuft noch.", "code": "busy", "running": running}
    agent.refuse("/v1/stacks/lager/runs", 409, answer)
    ended = upkeep("update", "lager")
    assert ended.code == 5
    assert ended.err == f"{answer['error']} Zusehen: `upkeep status lager --follow`.\n"
    assert upkeep("update", "lager", "--json").json["running"] == running


def test_unknown_stack_is_refused_with_the_known_ones(agent: FakeAgent, upkeep: Upkeep) -> None:
    for words in (["status"], ["update"], ["health"], ["logs"], ["maintenance"]):
        ended = upkeep(words[0], "lagre", *(["on"] if words == ["maintenance"] else []))
        assert ended.code == 3, words
        assert "Bekannt: lager." in ended.err


def test_without_an_agent_the_code_is_6_and_the_next_step_is_named(agent: FakeAgent, upkeep: Upkeep) -> None:
    agent.stop()
    ended = upkeep("status", "--json")
    assert ended.code == 6
    assert "systemctl status upkeep-agent" in ended.err
    assert ended.json["code"] == "unreachable"


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["fliegen"],
        ["maintenance", "lager"],
        ["maintenance", "lager", "an"],
        ["maintenance", "lager", "off", "--text", "x"],
        ["maintenance", "lager", "on", "--until", "halb sieben"],
        ["logs", "lager", "--lines", "0"],
        ["logs", "lager", "--lines", "viele"],
        ["update", "lager", "--to"],
        ["update", "lager", "--schnell"],
    ],
)
def test_usage_errors_are_2_and_german(agent: FakeAgent, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    try:
        code = main([*words, "--socket", str(agent.path)] if len(words) > 1 else words)
    except SystemExit as leaving:
        code = int(str(leaving.code))
    assert code == 2
    err = capsys.readouterr().err
    assert not re.search(r"usage:|error:|required|unrecognized|invalid|expected", err), err
    assert agent.asked == []


def test_one_stack_need_not_be_named_several_must(agent: FakeAgent, upkeep: Upkeep) -> None:
    assert upkeep("update").code == 0
    agent.stacks["wiki"] = status("wiki")
    ended = upkeep("update")
    assert ended.code == 2
    assert ended.err == "Welcher Stack? Auf diesem Host gibt es: lager, wiki.\n"


def test_maintenance_on_sends_the_page_and_off_only_off(agent: FakeAgent, upkeep: Upkeep) -> None:
    words = ("--title", "Inventur", "--text", "Ab 18:30 weiter", "--until", "2099-01-01T18:30+01:00", "--reason", "r")
    agent.maintenance["maintenance"] = {"on": True, "owner": "operator", "until": None, "reason": "r"}
    assert upkeep("maintenance", "lager", "on", *words).out == "lager: Wartung an (von Hand, Grund: r)\n"
    agent.maintenance = {"changed": False, "maintenance": {"on": False}}
    assert upkeep("maintenance", "lager", "off").out == "lager: Wartung aus (war schon so)\n"
    on, off = agent.bodies("/v1/stacks/lager/maintenance")
    assert on
    assert on.pop("until").startswith("2099-01-01T")
    assert off
    assert on.pop("starter") == off.pop("starter") == default_starter()
    assert on == {
        "on": True,
        "owner": "operator",
        "check": False,
        "reason": "r",
        "title": "Inventur",
        "text": "Ab 18:30 weiter",
    }
    assert off == {"on": False, "owner": "operator", "check": False}


def test_health_shows_every_check_and_fails_when_one_does(agent: FakeAgent, upkeep: Upkeep) -> None:
    checks = [
        {"name": "app-1", "ok": True, "observed": "HTTP 200", "limit": "HTTP 200"},
        {"name": "gate", "ok": False, "observed": "keine Antwort", "limit": "HTTP 200"},
    ]
    agent.health = {"healthy": False, "checks": checks}
    ended = upkeep("health", "lager")
    assert ended.code == 1
    assert ended.out.startswith("lager: nicht gesund\n")
    assert re.search(r"FEHLER +gate +keine Antwort +HTTP 200", ended.out)


def test_a_plan_writes_nothing(agent: FakeAgent, upkeep: Upkeep) -> None:
    agent.plans |= {"steps": ["Hole 1.1.0", "Wartungsseite an"], "message": "1.0.0 → 1.1.0"}
    out = upkeep("update", "lager", "--plan").out
    assert out == "lager: würde sich ändern. 1.0.0 → 1.1.0\n  1. Hole 1.1.0\n  2. Wartungsseite an\n"
    assert [path for method, path, _ in agent.asked if method == "POST"] == ["/v1/stacks/lager/plan"]


@pytest.mark.parametrize(
    ("words", "keys"),
    [
        (["status", "lager"], set(status())),
        (["update", "lager"], set(summary())),
        (["check", "lager"], set(summary())),
        (["rollback", "lager", "--plan"], {"changed", "diff", "steps", "message"}),
        (["maintenance", "lager", "on"], {"changed", "diff", "maintenance"}),
        (["health", "lager"], {"healthy", "checks"}),
        (["logs", "lager"], {"lines"}),
        (["status", "lager", "--follow"], set(status())),
        (["status", "nix"], {"error", "code"}),
        (["maintenance", "lager", "off", "--text", "x"], {"error", "code"}),
    ],
)
def test_json_is_one_object_of_known_shape_and_nothing_else(upkeep: Upkeep, words: list[str], keys: set[str]) -> None:
    assert set(upkeep(*words, "--json").json) == keys


def test_json_of_status_without_a_name_is_a_list(upkeep: Upkeep) -> None:
    assert [entry["stack"] for entry in upkeep("status", "--json").json] == ["lager"]


def test_follow_joins_the_running_run(agent: FakeAgent, upkeep: Upkeep) -> None:
    agent.stacks["lager"] = status(running=summary(result=None))
    agent.runs[RUN] = FakeRun(summary(result="failed", message="Kein Platz."), UPDATE_EVENTS)
    ended = upkeep("status", "lager", "--follow")
    assert ended.code == 1
    assert "lager: Update gescheitert. Kein Platz." in ended.out


def test_starter_is_the_person_behind_sudo(agent: FakeAgent, upkeep: Upkeep, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUDO_USER", "anna")
    upkeep("update", "lager")
    body = agent.bodies("/v1/stacks/lager/runs")[0]
    assert body
    assert body["starter"] == "cli:anna"


def command(agent: FakeAgent, *words: str) -> list[str]:
    return [sys.executable, "-m", "upkeep.cli.main", words[0], "--socket", str(agent.path), *words[1:]]


def test_ctrl_c_detaches_and_says_that_the_run_goes_on(agent: FakeAgent) -> None:
    agent.next_run = FakeRun(summary(result=None), UPDATE_EVENTS[:1], finished=False)
    # whoever starts the tests in the background has them ignore it
    heeding = ["env", "--default-signal=INT", *command(agent, "update", "lager")]
    process = subprocess.Popen(heeding, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wait_until(lambda: sum(path.endswith("/events") for _, path, _ in agent.asked) >= 2)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=10)
    assert process.returncode == 130
    assert f"Der Lauf {RUN} geht auf dem Host weiter." in err
    assert "upkeep status lager --follow" in err
    assert "Traceback" not in err


def test_a_closed_pipe_is_no_error(agent: FakeAgent) -> None:
    agent.lines = ["x" * 1000] * 200
    process = subprocess.Popen(command(agent, "logs", "lager"), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout
    assert process.stderr
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(10) == 0


def test_a_terminal_gets_one_redrawn_line_with_a_bar_and_a_running_clock(agent: FakeAgent) -> None:
    run = agent.next_run = FakeRun(summary(), UPDATE_EVENTS[:2], finished=False)
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        command(agent, "update", "lager"), stdout=follower, env=os.environ | {"COLUMNS": "60", "PYTHONUTF8": "1"}
    )
    os.close(follower)
    wait_until(lambda: sum(path.endswith("/events") for _, path, _ in agent.asked) >= 3)
    run.add(event(3, "start", 70, "Starte 1.1.0 " + "und " * 30, 6.0), finished=True)
    screen = drain(leader)
    assert process.wait(10) == 0
    drawn = screen.split("\r\x1b[2K")
    assert sum("Hole 1.1.0" in line for line in drawn) >= 2
    assert any(line.startswith("█████░") for line in drawn)
    assert all(len(line) < 60 for line in drawn[:-1])
    assert drawn[-1] == "lager: Update erledigt. 1.1.0 läuft.\r\n"


def drain(leader: int) -> str:
    received = b""
    while True:
        try:
            chunk = os.read(leader, 4096)
        except OSError:  # Linux says EIO when the last writer is gone
            chunk = b""
        if not chunk:
            os.close(leader)
            return received.decode()
        received += chunk


def test_client_file_runs_outside_the_package(tmp_path: Path) -> None:
    """Ansible ships it alone."""
    copy = tmp_path / "upkeep_client.py"
    copy.write_bytes((Path(__file__).parents[3] / "module_utils" / "upkeep_client.py").read_bytes())
    words = [sys.executable, "-I", "-c", f"import runpy; runpy.run_path({str(copy)!r})"]
    assert subprocess.run(words, capture_output=True, text=True, check=False).returncode == 0

"""The modules that speak to the agent, against a fake one on a real socket."""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.unit.fake_agent import NEW, OLD, UPDATE_EVENTS, FakeAgent, FakeRun, event, status, summary, wait_until
from tests.unit.library.conftest import LOCAL_PYTHON, ROOT, Ended, Module, ansible

RUN = summary()["id"]
Call = Callable[..., Ended]
MODULES = sorted(file.stem for file in (ROOT / "library").glob("upkeep_*.py"))
RUNNERS = ("upkeep_stack", "upkeep_update")
WISHES: dict[str, dict[str, Any]] = {
    "upkeep_stack": {},
    "upkeep_update": {},
    "upkeep_health": {},
    "upkeep_maintenance": {"enabled": True},
}
# What of their options is the same stands in doc_fragments/.
DOCUMENTED_TOGETHER = WISHES | {
    "upkeep_adoption": {"project": "altes"},
    "upkeep_backup": {},
    "upkeep_drill": {},
    "upkeep_removal": {},
    "upkeep_restore": {},
}


@pytest.fixture
def call(run_module: Module, agent: FakeAgent) -> Call:
    def run(name: str, **args: Any) -> Ended:
        return run_module(name, **({"stack": "lager", "socket": str(agent.path)} | args))

    return run


def posts(agent: FakeAgent) -> list[tuple[str, Any]]:
    return [(path, body) for method, path, body in agent.asked if method == "POST"]


@pytest.mark.parametrize(
    ("name", "args", "operation", "options"),
    [
        ("upkeep_stack", {}, "deploy", {"force": False}),
        ("upkeep_update", {}, "update", {"force": False}),
        ("upkeep_drill", {}, "drill", {"force": False}),
        ("upkeep_backup", {}, "backup", {"force": False, "unless_younger": 0}),
        ("upkeep_backup", {"state": "rekeyed"}, "rekey", {"force": False}),
        ("upkeep_backup", {"unless_younger": 60}, "backup", {"force": False, "unless_younger": 60}),
        (
            "upkeep_backup",
            {"state": "verified", "read": "due", "tidy": True},
            "verify",
            {"force": False, "deep": True, "all": False, "tidy": True},
        ),
        ("upkeep_restore", {}, "restore", {"force": False, "backup": None, "file": None, "identity": None, "only": []}),
        (
            "upkeep_restore",
            {"backup": "x", "only": ["mongodb"], "force": True},
            "restore",
            {"force": True, "backup": "x", "file": None, "identity": None, "only": ["mongodb"]},
        ),
        ("upkeep_restore", {"state": "undone"}, "undo", {"force": False}),
        ("upkeep_update", {"release": "available", "force": True}, "update", {"force": True}),
        ("upkeep_update", {"release": "previous"}, "rollback", {"force": False}),
        ("upkeep_update", {"state": "repo:1.2"}, "update", {"force": False, "to": "repo:1.2"}),
        (
            "upkeep_update",
            {"service": "mongodb", "release": "mongo:8.0"},
            "update",
            {"force": False, "to": "mongo:8.0", "service": "mongodb"},
        ),
    ],
)
def test_what_is_asked_of_the_agent(
    agent: FakeAgent, call: Call, name: str, args: dict[str, Any], operation: str, options: dict[str, Any]
) -> None:
    wish = {"operation": operation, "starter": "ansible:anna@laptop", "options": options}
    call(name, check=True, starter="ansible:anna@laptop", **args)
    assert posts(agent) == [("/v1/stacks/lager/plan", wish)]
    call(name, starter="ansible:anna@laptop", **args)
    assert posts(agent)[1:] == [("/v1/stacks/lager/runs", wish)]


@pytest.mark.parametrize(
    ("env", "starter"),
    [
        ({"SUDO_USER": "anna", "SSH_CLIENT": "10.0.0.7 5022 22"}, "ansible:anna@10.0.0.7"),
        ({"SUDO_USER": "", "LOGNAME": "root", "SSH_CLIENT": "", "SSH_CONNECTION": ""}, "ansible:root@localhost"),
    ],
)
def test_starter_by_default_is_the_remote_user_and_the_controller(
    agent: FakeAgent, call: Call, env: dict[str, str], starter: str
) -> None:
    call("upkeep_stack", check=True, env=env)
    assert posts(agent)[0][1]["starter"] == starter


@pytest.mark.parametrize("name", RUNNERS)
def test_a_good_run(agent: FakeAgent, call: Call, name: str) -> None:
    agent.stacks["lager"] = status(previous=OLD, last_run=summary("earlier"))
    agent.next_run = FakeRun(summary(phases=[{"name": "pull"}], last_logs=["boot"]), UPDATE_EVENTS)
    result = call(name).result
    assert result["changed"] is True
    assert (result["result"], result["message"]) == ("updated", "1.1.0 läuft.")
    assert (result["release"]["version"], result["previous"]["version"]) == ("1.0.0", "1.0.0")
    assert result["last_run"]["id"] == "earlier"
    assert result["report"]["to"] == NEW
    assert "phases" not in result["report"]


@pytest.mark.parametrize("name", RUNNERS)
def test_nothing_to_do_is_no_change_and_tells_how_the_run_before_ended(agent: FakeAgent, call: Call, name: str) -> None:
    """After a killed play this is where the next one reports what became of its run."""
    agent.stacks["lager"] = status(last_run=summary("killed-play", starter="ansible:anna@laptop"))
    agent.next_run = FakeRun(summary(result="unchanged", message="1.1.0 läuft schon."), UPDATE_EVENTS)
    result = call(name).result
    assert result["changed"] is False
    assert re.fullmatch(
        r"1\.1\.0 läuft schon\. Vorheriger Lauf: Update, .*, von ansible:anna@laptop: erledigt \(1\.0\.0 → 1\.1\.0\)\.",
        result["message"],
    )


@pytest.mark.parametrize("name", RUNNERS)
@pytest.mark.parametrize(("end", "changed"), [("rolled_back", True), ("failed", True), ("refused", False)])
def test_a_bad_end_fails_with_the_reports_words(
    agent: FakeAgent, call: Call, name: str, end: str, changed: bool
) -> None:
    message = "app-1 nach 120 s nicht bereit (zuletzt HTTP 503); 1.0.0 läuft weiter."
    report = summary(result=end, message=message, reason="Migration 7 fehlt.", last_logs=[str(n) for n in range(50)])
    words = "\nZuletzt schrieb die Anwendung:\n  47\n  48\n  49"
    agent.next_run = FakeRun(report, UPDATE_EVENTS)
    ended = call(name)
    assert ended.code == 1
    result = ended.result
    assert result["failed"] is True
    log = "" if end == "refused" else "\nProtokoll: `upkeep logs lager`"
    assert result["msg"] == f"{message}\nGrund: Migration 7 fehlt.{words}{log}"
    assert "last_run" not in result, "es stünde mitten in der Fehlermeldung"
    assert (result["result"], result["changed"], result["message"]) == (end, changed, result["msg"])
    assert result["report"]["last_logs"] == [str(n) for n in range(40, 50)]


@pytest.mark.parametrize("name", RUNNERS)
@pytest.mark.parametrize("changed", [True, False])
def test_check_mode_is_the_agents_plan(agent: FakeAgent, call: Call, name: str, changed: bool) -> None:
    agent.plans = {"changed": changed, "diff": {"before": "a", "after": "b"}, "steps": ["Hole 1.1.0"], "message": "→"}
    result = call(name, check=True, diff=True).result
    assert (result["changed"], result["diff"], result["message"]) == (changed, agent.plans["diff"], "→\nHole 1.1.0")
    assert result["result"] is None
    assert "diff" not in call(name, check=True).result


BUSY = {"id": "20261121-080000-deploy-1111", "operation": "deploy", "starter": "timer", "started_at": None}


def busy_answer() -> tuple[int, dict[str, Any]]:
    return 409, {"error": "belegt", "code": "busy", "running": BUSY}


@pytest.mark.parametrize("name", RUNNERS)
def test_a_busy_stack_is_an_error_that_names_the_run_and_its_starter(agent: FakeAgent, call: Call, name: str) -> None:
    agent.refuse("/v1/stacks/lager/runs", *busy_answer())
    ended = call(name)
    assert ended.code == 1
    for text in (
        "läuft schon etwas",
        "Ausrollen",
        BUSY["id"],
        "timer",
        "upkeep status lager --follow",
        "wait_for_running",
    ):
        assert str(text) in ended.result["msg"]
    assert ended.result["running"] == BUSY
    assert ended.result["result"] == "busy"


def test_waiting_for_the_running_run_and_then_starting_ones_own(agent: FakeAgent, call: Call) -> None:
    agent.refuse("/v1/stacks/lager/runs", *busy_answer(), times=1)
    other = agent.runs[BUSY["id"]] = FakeRun(summary(BUSY["id"]), UPDATE_EVENTS[:1], finished=False)
    agent.next_run = FakeRun(summary(result="unchanged", message="Nichts zu tun."), UPDATE_EVENTS)

    def end_the_other() -> None:
        wait_until(lambda: any(BUSY["id"] in path for _, path, _ in agent.asked))
        agent.stacks["lager"] = status(last_run=summary(BUSY["id"], operation="deploy", starter="timer"))
        other.add(event(2, "done", 100, "Fertig"), finished=True)

    helper = threading.Thread(target=end_the_other)
    helper.start()
    result = call("upkeep_update", wait_for_running=60).result
    helper.join()
    assert result["result"] == "unchanged"
    assert result["last_run"]["id"] == BUSY["id"]
    assert "von timer: erledigt" in result["message"]


def test_waiting_ends_when_it_was_long_enough(agent: FakeAgent, call: Call) -> None:
    agent.refuse("/v1/stacks/lager/runs", *busy_answer())
    agent.runs[BUSY["id"]] = FakeRun(summary(BUSY["id"]), UPDATE_EVENTS, finished=False)
    began = time.monotonic()
    ended = call("upkeep_update", wait_for_running=1)
    assert time.monotonic() - began < 60
    assert "Nach 1 s Warten lief er noch." in ended.result["msg"]


def test_the_agent_restarting_in_the_middle_is_survived(agent: FakeAgent, call: Call) -> None:
    run = agent.next_run = FakeRun(summary(), UPDATE_EVENTS[:2], finished=False)

    def restart() -> None:
        wait_until(lambda: sum(path.endswith("/events") for _, path, _ in agent.asked) >= 2)
        agent.stop()
        run.add(*UPDATE_EVENTS[2:], finished=True)
        agent.start()

    helper = threading.Thread(target=restart)
    helper.start()
    result = call("upkeep_update").result
    helper.join()
    assert result["result"] == "updated"


@pytest.mark.parametrize("name", WISHES)
def test_unknown_stack_is_an_error_with_the_known_ones(agent: FakeAgent, call: Call, name: str) -> None:
    agent.refuse("/v1/stacks/lagre/plan", 404, {"error": "Bekannt: lager.", "code": "unknown_stack"})
    result = call(name, stack="lagre", **WISHES[name]).result
    assert result["failed"] is True
    assert "Bekannt: lager." in result["msg"]


@pytest.mark.parametrize(
    ("name", "forgives"), [("upkeep_stack", True), ("upkeep_update", False), ("upkeep_health", True)]
)
def test_check_mode_before_the_stacks_first_roll_out(agent: FakeAgent, call: Call, name: str, forgives: bool) -> None:
    result = call(name, stack="neu", check=True, **WISHES[name]).result
    assert result.get("failed", False) is not forgives
    if forgives:
        assert "gibt es auf dem Host noch nicht" in result["message"]
        assert result["changed"] is (name == "upkeep_stack")


@pytest.mark.parametrize("name", WISHES)
def test_check_mode_on_a_host_without_agent_is_no_error(run_module: Module, tmp_path: Path, name: str) -> None:
    args = {"stack": "lager", "socket": str(tmp_path / "none.sock")} | WISHES[name]
    result = run_module(name, check=True, **args).result
    assert result["changed"] is (name != "upkeep_health")
    assert "noch nicht installiert" in result["message"]
    assert run_module(name, **args).result["failed"] is True


@pytest.mark.parametrize("name", WISHES)
@pytest.mark.parametrize("check", [True, False])
def test_an_installed_agent_that_does_not_answer_is_an_error_in_check_mode_too(
    run_module: Module, tmp_path: Path, name: str, check: bool
) -> None:
    with socket.socket(socket.AF_UNIX) as deaf:
        deaf.bind(str(tmp_path / "deaf.sock"))
    args = {"stack": "lager", "socket": str(tmp_path / "deaf.sock")} | WISHES[name]
    result = run_module(name, check=check, **args).result
    assert result["failed"] is True
    assert "niemand hört zu" in result["msg"]
    assert "systemctl status upkeep-agent" in result["msg"]


def test_health_good_and_bad(agent: FakeAgent, call: Call) -> None:
    good = {"name": "app-1", "ok": True, "observed": "HTTP 200", "limit": "HTTP 200"}
    bad = {"name": "database", "ok": False, "observed": "keine Antwort", "limit": "≤ 500 ms"}
    agent.health = {"healthy": True, "checks": [good]}
    result = call("upkeep_health").result
    assert (result["changed"], result["healthy"], result["checks"]) == (False, True, [good])
    agent.health = {"healthy": False, "checks": [good, bad]}
    result = call("upkeep_health").result
    assert result["failed"] is True
    assert result["msg"] == (
        "„lager“ ist nicht gesund. database: keine Antwort (erwartet: ≤ 500 ms). Protokoll: `upkeep logs lager`"
    )
    assert result["checks"] == [good, bad]


def test_health_waits_for_the_stack(agent: FakeAgent, call: Call) -> None:
    agent.refuse("/v1/stacks/lager/health", 200, {"healthy": False, "checks": []}, times=1)
    assert call("upkeep_health", wait=30).result["healthy"] is True


def test_a_log_in_for_registries_is_tried_and_never_a_change(agent: FakeAgent, run_module: Module) -> None:
    tried, path = {"tried": ["ghcr.io/a/b:1"], "untried": ["docker.io"]}, "/v1/registries/test"
    agent.refuse(path, 200, tried, times=1)
    good = run_module("upkeep_registries", socket=str(agent.path)).result
    assert (good["changed"], good["tried"], good["untried"]) == (False, tried["tried"], tried["untried"])
    assert "docker.io" in good["message"]
    agent.refuse(path, 502, {"error": "Die alte bleibt.", "code": "registry"}, times=1)
    bad = run_module("upkeep_registries", socket=str(agent.path)).result
    assert (bad["failed"], bad["msg"]) == (True, "Die alte bleibt.")


def test_maintenance_sends_the_page_and_check_mode_only_asks(agent: FakeAgent, call: Call) -> None:
    agent.maintenance["diff"] = {"before": "aus\n", "after": "an\n"}
    page = {"title": "Inventur", "text": "Bis gleich", "until": "2099-01-01T18:30:00+00:00", "reason": "Zählen"}
    result = call("upkeep_maintenance", enabled=True, check=True, diff=True, **page).result
    assert (result["changed"], result["diff"]) == (True, agent.maintenance["diff"])
    call("upkeep_maintenance", enabled=True, **page)
    agent.maintenance["changed"] = False
    result = call("upkeep_maintenance", enabled=False).result
    assert (result["changed"], result["message"]) == (False, "Wartung von „lager“: unverändert.")
    check, real, off = (body for _, body in posts(agent))
    until = {datetime.fromisoformat(body.pop("until")) for body in (check, real)}
    assert until == {datetime.fromisoformat(page["until"])}
    assert {body.pop("starter").partition(":")[0] for body in (check, real, off)} == {"ansible"}
    rest = {"on": True, "owner": "operator", "title": "Inventur", "text": "Bis gleich", "reason": "Zählen"}
    assert (check, real) == (rest | {"check": True}, rest | {"check": False})
    assert off == {"on": False, "owner": "operator", "check": False}


def test_maintenance_with_an_end_that_is_no_time_asks_nobody(agent: FakeAgent, call: Call) -> None:
    result = call("upkeep_maintenance", enabled=True, until="bald").result
    assert result["msg"].startswith("until: „bald“ ist kein Zeitpunkt.")
    assert agent.asked == []


def test_real_ansible_prints_the_message_of_a_failed_run_without_v(agent: FakeAgent) -> None:
    message = "app-1 nach 120 s nicht bereit (zuletzt HTTP 503); 1.0.0 läuft weiter; Protokoll: `upkeep logs lager`"
    agent.next_run = FakeRun(summary(result="rolled_back", message=message), UPDATE_EVENTS)
    arguments = json.dumps({"stack": "lager", "socket": str(agent.path)})
    ended = ansible("ansible", "localhost", "-c", "local", *LOCAL_PYTHON, "-m", "upkeep_update", "-a", arguments)
    assert ended.returncode == 2
    assert message in re.sub(r"\s+", " ", ended.stdout + ended.stderr)


@pytest.fixture(scope="module")
def pages() -> dict[str, Any]:
    """What ansible-doc says of every module of the project: asked once, it takes seconds."""
    ended = ansible("ansible-doc", "-t", "module", "--json", *MODULES)
    assert ended.returncode == 0, ended.stderr
    found: dict[str, Any] = json.loads(ended.stdout)
    return found


@pytest.mark.parametrize("name", MODULES)
def test_documentation_is_whole(pages: dict[str, Any], name: str) -> None:
    page = pages[name]
    assert set(page["doc"]["attributes"]) == {"check_mode", "diff_mode", "idempotent"}
    assert page["return"]
    assert all(task.get(name) for task in yaml.safe_load(page["examples"]))
    options = page["doc"]["options"]
    assert all(option["description"] and option["type"] for option in options.values())


@pytest.mark.parametrize("name", ["upkeep_files", *WISHES])
def test_below_its_documentation_a_module_is_short(name: str) -> None:
    source = (ROOT / "library" / f"{name}.py").read_text()
    assert len(source.rpartition('\n"""\n')[2].splitlines()) <= 60


@pytest.mark.parametrize("name", DOCUMENTED_TOGETHER)
def test_documented_options_are_the_real_ones(run_module: Module, pages: dict[str, Any], name: str) -> None:
    said = run_module(name, stack="lager", no_such_option=1, **DOCUMENTED_TOGETHER[name]).result["msg"]
    supported = re.search(r"Supported parameters include: (.*)\.", said)
    assert supported, said
    options = pages[name]["doc"]["options"].items()
    names = {name for option, spec in options for name in (option, *spec.get("aliases", []))}
    assert set(re.findall(r"\w+", supported[1])) == names

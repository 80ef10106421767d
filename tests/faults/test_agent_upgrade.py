"""Another agent on a host that serves: it takes over, or the one before stays, and no run is lost over it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.managed import ManagedHost
from tests.faults.stage import Stage
from tests.faults.test_killed_agent import (
    MARKSMAN,
    PHASES,
    assert_maintenance,
    assert_message,
    assert_nothing_left_over,
    assert_one_release,
)
from tests.faults.wheels import wheelhouse
from upkeep import __version__

pytestmark = [pytest.mark.docker, pytest.mark.slow]

# What is wrong with it → (change of its source, what the play says, whether the old agent is never even stopped)
BROKEN = {
    "import": (
        {"agent__desk": ("import logging\n", "import logging\nimport gibt_es_nicht\n")},
        "No module named 'gibt_es_nicht'",
        True,
    ),
    "start": (
        {"agent__server": ("class Handler", "raise SystemExit('keine Lust')\n\n\nclass Handler")},
        "keine Lust",
        True,
    ),
    "answer": (
        {"agent__api": ('{"version": __version__, "ready": True', '{"version": "7.7.7", "ready": True')},
        "antwortet zur Probe nach 8 s falsch: „7.7.7“",
        True,
    ),
    "service": (
        {
            "agent__journald": (
                "    if not address:\n        return\n",
                "    if address:\n        raise SystemExit(3)\n    return\n",
            )
        },
        "antwortet nach höchstens 8 s nicht",
        False,
    ),
}
ONLY = ("--tags", "upkeep_agent")


@pytest.fixture(scope="module")
def before(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The version before this one (it writes journals of schema 1) lies beside it, as after an upgrade. Its version."""
    old = wheelhouse(tmp_path_factory.mktemp("before"), "0.0.9", memory__journal=("SCHEMA = 2\n", "SCHEMA = 1\n"))
    stage.plays.fine("site", *ONLY, upkeep_agent__wheels=str(old))
    assert agent(stage.host) == "0.0.9"
    stage.plays.fine("site", *ONLY)
    assert agent(stage.host) == __version__
    return "0.0.9"


def agent(host: ManagedHost) -> str:
    return str(host.ask("GET", "/v1/agent").body["version"])


def installed(host: ManagedHost) -> list[str]:
    """Versions in /opt/upkeep."""
    lines = host.run("find", "/opt/upkeep", "-mindepth", "1", "-maxdepth", "1", "-type", "d", "-printf", "%f\n")
    return sorted(line.partition("-")[0] for line in lines.splitlines())


def main_pid(host: ManagedHost) -> str:
    return host.run("systemctl", "show", "-p", "MainPID", "--value", "upkeep-agent")


def linked(host: ManagedHost) -> str:
    return host.run("readlink", "/opt/upkeep/current").partition("-")[0]


def test_new_agent_takes_over_and_the_one_before_is_kept(stage: Stage, host: ManagedHost, tmp_path: Path) -> None:
    gate = host.started_at("gate")
    stage.plays.fine("site", *ONLY, upkeep_agent__wheels=str(wheelhouse(tmp_path, "0.2.0")))
    assert agent(host) == "0.2.0"
    assert installed(host) == [__version__, "0.2.0"]
    assert host.started_at("gate") == gate
    stage.plays.fine("site", *ONLY)
    assert (agent(host), installed(host)) == (__version__, [__version__, "0.2.0"])
    again = stage.plays.fine("site", *ONLY)
    assert again.recap("web1", "changed") == 0


@pytest.mark.parametrize(
    "kind", [kind if kind == "service" else pytest.param(kind, marks=pytest.mark.faults) for kind in BROKEN]
)
def test_broken_agent_leaves_the_old_one_running(stage: Stage, host: ManagedHost, tmp_path: Path, kind: str) -> None:
    changes, said, untouched = BROKEN[kind]
    pid = main_pid(host)
    house = wheelhouse(tmp_path, "0.3.0", **changes)
    played = stage.plays.run("site", *ONLY, upkeep_agent__wheels=str(house), upkeep_agent__answer_timeout=8)
    assert played.code == 2, played.output
    assert said in played.text
    assert (agent(host), linked(host)) == (__version__, __version__)
    assert (main_pid(host) == pid) == untouched
    if not untouched:
        assert f"Agent {__version__} läuft weiter." in played.text
    assert host.serves()
    stage.newer()
    assert host.do("update")["result"] == "updated"


@pytest.fixture
def long_runs(stage: Stage) -> Iterator[None]:
    """Every update is watched for a while: Ansible needs its time until it asks for the agent."""
    stage.plays.fine("deploy", stacks=stage.stacks(bake=45))
    yield
    stage.plays.fine("deploy")


@pytest.mark.faults
def test_agent_is_not_replaced_during_a_run(stage: Stage, host: ManagedHost, tmp_path: Path, long_runs: None) -> None:
    house = wheelhouse(tmp_path, "0.4.0")
    _, newer = stage.newer()
    pid = main_pid(host)
    run = host.begin("update", starter="cli:meister")
    played = stage.plays.run("site", *ONLY, upkeep_agent__wheels=str(house), upkeep_agent__wait_for_run=1)
    assert played.code == 2, played.output
    assert f"solange etwas läuft: Update von probe ({run}, gestartet von cli:meister)" in played.text
    assert (main_pid(host), host.report(run)["result"]) == (pid, "updated")
    _, newest = stage.newer()
    run = host.begin("update")
    stage.plays.fine("site", *ONLY, upkeep_agent__wheels=str(house))
    assert host.report(run)["result"] == "updated"
    assert host.serves(newest)
    assert not host.serves(newer)
    assert agent(host) == "0.4.0"
    stage.plays.fine("site", *ONLY)


@pytest.mark.faults
@pytest.mark.parametrize("phase", PHASES)
def test_new_agent_goes_on_where_the_old_one_was_killed(
    stage: Stage, host: ManagedHost, before: str, phase: str
) -> None:
    old, new = folder(host, before), folder(host, __version__)
    link(host, old)
    host.shell(f"rm -f {host.data}/runs/*.json")  # it would not go on beside journals of a newer agent
    host.run("systemctl", "restart", "upkeep-agent")
    host.await_idle()
    assert agent(host) == before
    serves, newer = stage.newer()
    run = host.begin("update")
    main = main_pid(host)
    link(host, new)
    host.run("python3", "-c", MARKSMAN, run, phase, main)
    report = host.report(run, within=30)
    assert agent(host) == __version__
    version = {"updated": newer, "rolled_back": serves, "failed": serves}[report["result"]]
    assert_message(report, serves, newer)
    assert_maintenance(host, operator=False, version=version)
    assert_one_release(host, version)
    assert_nothing_left_over(host)


def folder(host: ManagedHost, version: str) -> str:
    """Directory of an installed version."""
    return host.shell(f"basename $(ls -d /opt/upkeep/{version}-*)")


def link(host: ManagedHost, name: str) -> None:
    host.run("ln", "-sfn", name, "/opt/upkeep/current")

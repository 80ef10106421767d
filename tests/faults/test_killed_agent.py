"""The agent shot dead at every phase of an update, with and without the operator's own maintenance."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.faults.managed import ManagedHost
from tests.faults.stage import Stage

pytestmark = [pytest.mark.docker, pytest.mark.slow]

PHASES = ("preflight", "pull", "prepare", "close", "stop", "switch", "start", "ready", "open", "commit", "prune")
SHORT = ("prepare", "stop", "start", "commit")  # the others: `make faults`
# On the host, because only there it is fast enough to hit the phase that was aimed at.
MARKSMAN = """
import http.client, json, os, signal, socket, sys
run, phase, victim = sys.argv[1], sys.argv[2], int(sys.argv[3])
os.nice(-15)
class Connection(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect("/run/upkeep/agent.sock")
seen, last, finished = [], 0, False
while phase not in seen and not finished:
    connection = Connection("upkeep")
    connection.request("GET", f"/v1/runs/{run}/events?after={last}&wait=10")
    page = json.loads(connection.getresponse().read())
    finished = page["finished"]
    for event in page["events"]:
        last = event["n"]
        seen.append(event["phase"])
os.kill(victim, signal.SIGKILL)
print(seen[-1])
"""


@pytest.fixture(scope="module")
def shots() -> list[bool]:
    """Which shots met the run alive: the last phases are over within milliseconds."""
    return []


@pytest.mark.parametrize(
    "number",
    [
        pytest.param(number, id=phase, marks=() if phase in SHORT else pytest.mark.faults)
        for number, phase in enumerate(PHASES)
    ],
)
def test_killed_agent_comes_back_and_every_run_ends_by_itself(
    stage: Stage, host: ManagedHost, shots: list[bool], number: int
) -> None:
    before, newer = stage.newer()
    operator = number % 2 == 1
    if operator:
        host.maintenance(on=True, title="Inventur", reason="Zählung")
    main = host.run("systemctl", "show", "-p", "MainPID", "--value", "upkeep-agent")
    run = host.begin("update")
    host.run("python3", "-c", MARKSMAN, run, PHASES[number], main)
    killed = time.monotonic()
    report = host.report(run, within=30)
    version = {"updated": newer, "rolled_back": before, "failed": before}[report["result"]]
    host.await_slot_ready(30 - (time.monotonic() - killed))
    shots.append(f"{run} wird fortgesetzt" in host.log())
    assert_message(report, before, newer)
    assert_maintenance(host, operator, version)
    assert_one_release(host, version)
    assert_nothing_left_over(host)


def test_shots_hit(shots: list[bool]) -> None:
    assert shots.count(False) <= 2, shots


def assert_message(report: dict[str, Any], before: str, newer: str) -> None:
    said = {
        "updated": f"{before} → {newer} (Wartung ",
        "rolled_back": f"Der Agent wurde während des Laufs beendet. {before} läuft weiter. Protokoll: `upkeep logs ",
        "failed": "Der Agent wurde beendet, bevor etwas geändert war. "
        f"{before} läuft unverändert weiter. Protokoll: `upkeep logs ",
    }
    assert report["message"].startswith(said[report["result"]]), report


def assert_maintenance(host: ManagedHost, operator: bool, version: str) -> None:
    status = host.status()
    if operator:
        assert (status["maintenance"]["on"], status["maintenance"]["owner"]) == (True, "operator"), status
        assert host.page().endswith("\n503")
        host.maintenance(on=False)
    else:
        assert not status["maintenance"]["on"], status
    host.await_serving(2, version)


def assert_one_release(host: ManagedHost, version: str) -> None:
    """What runs, what release.env names and what the agent believes are the same, and there is one of each."""
    status = host.status()
    assert status["release"]["version"] == version
    assert status["drift"] == [], status
    assert [(slot["version"], slot["health"]) for slot in status["slots"]] == [(version, "ready")]
    assert list(host.containers()) == ["app-1", "gate", "mongodb"]
    assert f"UPKEEP_APP_IMAGE={status['release']['image']}" in host.run("cat", f"{host.home}/release.env")
    everything = host.run("docker", "ps", "-aq", "--filter", f"label=com.docker.compose.project={host.stack}")
    assert len(everything.split()) == 3


def assert_nothing_left_over(host: ManagedHost) -> None:
    """The lock is free and no journal is open."""
    assert host.status()["running"] is None
    host.run("flock", "--nonblock", f"{host.data}/lock", "true")
    assert host.open_journals() == []

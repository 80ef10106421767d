"""Strategy rolling on a real host under load: what fails goes back unnoticed, a kill costs nobody an answer."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.integration.upkeep import images, stack
from tests.integration.upkeep.callers import Mix, during
from tests.integration.upkeep.host import EngineHost

pytestmark = [pytest.mark.docker, pytest.mark.slow]

UPDATE = {"strategy": "rolling", "ready_timeout": 4, "drain_timeout": 5, "minimum_free_mb": 100, "bake": 1}
WAITS = "    http-request lua.hold if { str(hold),map(/maps/state.map) -m found }\n"
LOADS = "    lua-load-per-thread /usr/local/etc/haproxy/hold.lua\n"
HOLD = Path(__file__).parents[3] / "roles/stack/templates/hold.lua.j2"


def place(host: EngineHost, slots: int = 2, **update: Any) -> None:
    """Two slots that share a volume for what callers write."""
    files = stack.files(slots, update=UPDATE | update)
    document = yaml.safe_load(files["compose.yml"][0])
    for number in range(1, slots + 1):
        document["services"][f"app-{number}"] |= {"volumes": ["entries:/data"]}
        document["services"][f"app-{number}"]["environment"] |= {"FADES": "4"}
    document["volumes"] = {"entries": {}}
    files["compose.yml"] = (yaml.safe_dump(document), 0o644, 0, 0)
    lua = HOLD.read_text(encoding="utf-8").replace("{{ ansible_managed }}", "")
    config = (
        files["gate-wanted/haproxy.cfg"][0].replace("opt@", "").replace("    server-state", f"{LOADS}    server-state")
    )
    asks = "    http-request set-var(txn.closed_by)"
    config = config.replace(asks, f"{WAITS}{asks}")
    host.place_stack(
        files | {"gate-wanted/haproxy.cfg": (config, 0o644, 0, 0), "gate-wanted/hold.lua": (lua, 0o644, 0, 0)}
    )


@pytest.fixture(scope="module")
def pair(machine: EngineHost) -> Iterator[EngineHost]:
    """1.0.0 in two slots."""
    machine.remove_stack()
    machine.run("docker", "volume", "rm", "-f", "lager_entries")
    images.publish("1.4.0", "1.4.0", behaviour="rotten")
    images.channel("1.0.0")
    place(machine)
    machine.start_agent()
    assert machine.do("deploy")["result"] == "updated"
    yield machine
    machine.remove_stack()


@pytest.fixture
def host(pair: EngineHost) -> EngineHost:
    if pair.status()["release"]["version"] != "1.0.0":
        assert pair.do("update", to="1.0.0", force=True)["result"] == "updated"
    return pair


def assert_settled(host: EngineHost, version: str) -> None:
    status = host.status()
    assert [slot["version"] for slot in status["slots"]] == [version, version], status
    assert [slot["health"] for slot in status["slots"]] == ["ready", "ready"], status
    assert status["drift"] == [], status
    assert host.ask("GET", "/v1/stacks/lager/health").body["healthy"]
    assert len(host.run("docker", "ps", "-aq").split()) == 3
    assert host.do("deploy")["result"] == "unchanged"


def test_version_that_does_not_get_ready_goes_back_unnoticed(host: EngineHost) -> None:
    reports: list[dict[str, Any]] = []
    seen = during(host, lambda: reports.append(host.do("update", to="1.2.0", force=True)))
    assert reports[0]["result"] == "rolled_back", reports
    assert "app-1 nach 4 s nicht bereit (zuletzt HTTP 503)" in reports[0]["message"]
    assert reports[0]["last_logs"]
    assert seen.tally.outcomes.keys() == {"ok"}, seen
    assert seen.tally.releases.keys() == {"1.0.0"}, seen
    assert seen.nothing_lost, seen
    assert_settled(host, "1.0.0")


def test_version_that_rots_while_it_bakes_goes_back_and_is_held(host: EngineHost) -> None:
    place(host, bake=20)
    assert host.do("deploy")["result"] == "unchanged"
    reports: list[dict[str, Any]] = []
    seen = during(host, lambda: reports.append(host.do("update", to="1.4.0", force=True)))
    assert reports[0]["result"] == "rolled_back", reports
    assert "antwortet zu oft mit Fehlern" in reports[0]["reason"]
    assert reports[0]["timings"]["bake_s"] < 15
    assert seen.tally.outcomes.keys() == {"ok", "http-500"}, seen
    assert seen.nothing_lost, seen
    assert len(host.status()["held"]) >= 1
    assert_settled(host, "1.0.0")
    place(host)
    assert host.do("deploy")["result"] == "unchanged"


@pytest.mark.parametrize(
    ("version", "phase", "result", "serving"),
    [("1.1.0", "ready:app-2", "updated", "1.1.0"), ("1.2.0", "return:app-1", "rolled_back", "1.0.0")],
)
def test_agent_killed_forward_and_backward_ends_the_run_and_nobody_notices(
    host: EngineHost, version: str, phase: str, result: str, serving: str
) -> None:
    """Two of many moments; all of them: `make faults`."""
    reports: list[dict[str, Any]] = []

    def update_and_kill() -> None:
        run = host.begin("update", to=version, force=True)
        await_phase(host, run, phase)
        host.kill_agent()
        reports.append(host.report(run))

    seen = during(host, update_and_kill)
    assert reports[0]["result"] == result, reports
    assert seen.tally.outcomes.keys() == {"ok"}, seen
    assert seen.nothing_lost, seen
    assert_settled(host, serving)


def test_gate_killed_while_a_slot_is_out_keeps_it_out_and_the_run_goes_on(host: EngineHost) -> None:
    run = host.begin("update", to="1.1.0", force=True)
    await_phase(host, run, "replace:app-1")
    process = host.run("docker", "inspect", "-f", "{{.State.Pid}}", "lager-gate-1").strip()
    host.run("kill", "-KILL", process)  # `docker kill` would be a wish that Docker remembers
    report = host.report(run)
    assert report["result"] == "updated", report
    assert_settled(host, "1.1.0")


def test_pause_holds_requests_through_a_recreate(host: EngineHost) -> None:
    place(host, strategy="recreate", pause=25)
    assert host.do("deploy")["result"] == "unchanged"
    reports: list[dict[str, Any]] = []
    seen = during(host, lambda: reports.append(host.do("update", to="1.1.0", force=True)), Mix(per_second=20))
    assert reports[0]["result"] == "updated", reports
    assert seen.tally.outcomes.keys() == {"ok"}, seen
    assert seen.nothing_lost, seen
    place(host)
    assert host.do("deploy")["result"] == "unchanged"


def await_phase(host: EngineHost, run: str, phase: str, within: float = 60) -> None:
    """Until the run has begun that phase, as its journal on disk says."""
    deadline = time.monotonic() + within
    while phase not in host.run("cat", f"/var/lib/upkeep/lager/runs/{run}.json", check=False):
        assert time.monotonic() < deadline, f"{phase} kam nicht"

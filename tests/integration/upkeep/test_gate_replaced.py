"""The gate itself changes while people are at work: what they notice, counted."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Callable

import pytest

from bench.load import Call, Sample, Tally, describe, generate
from tests.integration.upkeep import images, stack
from tests.integration.upkeep.host import EngineHost

pytestmark = [pytest.mark.docker, pytest.mark.slow]

CALLS = (Call("/api/health"), Call("/api/health"), Call("/api/health"), Call("/slow=0.2"))
PER_SECOND = 100
LIMIT = 1.0  # seconds without a gate, where Docker itself restarts a container in half of that
OTHER = "FROM upkeep-testbed/haproxy:latest\nLABEL upkeep.test={name}\n"


def other_gate(name: str) -> str:
    """Another image of the gate in the registry, the same HAProxy in it."""
    build = ["docker", "build", "-q", "-t", f"upkeep-gate:{name}", "--label", "upkeep.testbed=gate", "-"]
    text = OTHER.format(name=name)
    environment = {"DOCKER_BUILDKIT": "0", "PATH": "/usr/bin:/bin"}
    subprocess.run(build, input=text.encode(), check=True, capture_output=True, env=environment)
    images.testbed("push", f"upkeep-gate:{name}", f"library/haproxy:{name}")
    return f"haproxy:{name}"


def during(host: EngineHost, work: Callable[[], object]) -> Tally:
    """Callers who keep their connections, while `work` goes on."""

    async def drive() -> Tally:
        tally, stop = Tally(), asyncio.Event()
        load = asyncio.create_task(generate(f"http://{host.address()}", CALLS, PER_SECOND, stop, tally))
        try:
            await asyncio.sleep(1)
            await asyncio.to_thread(work)
            await asyncio.sleep(1)
        finally:
            stop.set()
            await load
        return tally

    return asyncio.run(drive())


def failed(tally: Tally) -> list[Sample]:
    return [sample for sample in tally.samples if sample.outcome != "ok"]


def gap(tally: Tally) -> float:
    """Seconds from the first to the last caller who got no answer."""
    ends = [sample.ended for sample in failed(tally)]
    return max(ends) - min(ends) if ends else 0.0


def deployed(host: EngineHost) -> None:
    host.place_stack(stack.files(slots=2))
    host.start_agent()
    report = host.do("deploy")
    assert report["result"] == "updated", report["message"]


def gates(host: EngineHost) -> list[str]:
    ids = host.run("docker", "ps", "-a", "--filter", "name=lager-gate", "--format", "{{.Names}} {{.State}}")
    return ids.splitlines()


def test_new_gate_image_takes_over_within_a_second(host: EngineHost) -> None:
    deployed(host)
    image = other_gate("3.0-neu")
    host.place_stack(stack.files(slots=2, gate_image=image))
    assert (
        "Gate ersetzen (etwa 1 s)" in host.ask("POST", "/v1/stacks/lager/plan", {"operation": "deploy"}).body["steps"]
    )
    reports: list[dict[str, object]] = []
    tally = during(host, lambda: reports.append(host.do("deploy")))
    assert reports[0]["result"] == "updated", reports
    timings = reports[0]["timings"]
    assert isinstance(timings, dict)
    print(f"\nGate-Wechsel: {timings['gate_s']} s laut Agent, {gap(tally):.3f} s für Anrufer; {describe(tally)}")
    # a reset is who was queued at the old socket and never let in
    assert set(tally.outcomes) <= {"ok", "http-503", "refused", "reset"}, describe(tally)
    plain = gap(during(host, lambda: host.run("docker", "restart", "-t", "0", "lager-gate-1")))
    print(f"`docker restart` zum Vergleich: {plain:.3f} s")
    assert gap(tally) <= max(LIMIT, 2 * plain)
    assert gates(host) == ["lager-gate-1 running"]
    assert host.do("deploy")["result"] == "unchanged"


def test_changed_configuration_costs_no_request(host: EngineHost) -> None:
    deployed(host)

    def three_changes() -> None:
        for seconds in (3, 4, 5):
            changed = stack.files(slots=2)["gate-wanted/haproxy.cfg"][0].replace(
                "timeout queue 2s", f"timeout queue {seconds}s"
            )
            host.put({"/srv/upkeep/lager/gate-wanted/haproxy.cfg": (changed, 0o644, 0, 0)})
            report = host.do("deploy")
            assert report["result"] == "updated", report["message"]

    tally = during(host, three_changes)
    print(f"\nDrei Neuladungen: {describe(tally)}")
    assert failed(tally) == []
    assert "timeout queue 5s" in host.run("cat", "/srv/upkeep/lager/gate/haproxy.cfg")


@pytest.mark.faults
def test_bad_configuration_never_reaches_the_gate(host: EngineHost) -> None:
    deployed(host)
    host.put({"/srv/upkeep/lager/gate-wanted/haproxy.cfg": ("frontend web\n  bind :8080\n  unsinn\n", 0o644, 0, 0)})
    report = host.do("deploy")
    assert report["result"] == "refused"
    assert "unsinn" in report["message"]
    host.run("docker", "restart", "-t", "1", "lager-gate-1")
    assert '"version": "1.0.0"' in host.curl("/api/health", "--retry", "5", "--retry-connrefused")


@pytest.mark.faults
def test_gate_killed_while_it_is_replaced(host: EngineHost) -> None:
    """Its container is made and the old one is shot: the run ends with one gate that serves."""
    deployed(host)
    host.place_stack(stack.files(slots=2, gate_image=other_gate("3.0-neu")))
    run = host.begin("deploy")
    host.run("docker", "kill", "lager-gate-1", check=False)
    assert host.report(run)["result"] in ("updated", "rolled_back")
    assert gates(host) == ["lager-gate-1 running"]
    assert '"version": "1.0.0"' in host.curl("/api/health", "--retry", "5", "--retry-connrefused")

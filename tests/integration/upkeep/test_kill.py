"""The agent killed, Docker restarted, the host rebooted in the middle of real runs."""

from __future__ import annotations

import time

import pytest

from tests.integration.upkeep import images, stack
from tests.integration.upkeep.host import EngineHost

pytestmark = [pytest.mark.docker, pytest.mark.slow]

ENDS = {"updated": "1.1.0", "rolled_back": "1.0.0", "failed": "1.0.0"}


@pytest.fixture
def deployed(host: EngineHost) -> EngineHost:
    host.place_stack(stack.files())
    host.start_agent()
    assert host.do("deploy")["result"] == "updated"
    images.channel("1.1.0")
    return host


@pytest.mark.parametrize("delay", [0.4, 1.4])
def test_killed_agent_comes_back_and_ends_the_update(deployed: EngineHost, delay: float) -> None:
    run = deployed.begin("update")
    time.sleep(delay)
    deployed.kill_agent()
    assert_sound(deployed, deployed.report(run))


def test_agent_killed_ten_times_in_one_update(deployed: EngineHost) -> None:
    run = deployed.begin("update")
    for _ in range(10):
        time.sleep(0.4)
        deployed.kill_agent()
    assert_sound(deployed, deployed.report(run))


def test_docker_restarted_in_the_middle(deployed: EngineHost) -> None:
    run = deployed.begin("update")
    time.sleep(1.0)
    deployed.run("systemctl", "restart", "docker")
    assert_sound(deployed, deployed.report(run))


def test_host_rebooted_in_the_middle(deployed: EngineHost) -> None:
    deployed.run("systemctl", "enable", "upkeep-agent")
    tmpfiles = "d /run/upkeep/gate/lager 0770 7301 7301 -\n"
    deployed.put({"/etc/tmpfiles.d/upkeep-test.conf": (tmpfiles, 0o644, 0, 0)})
    run = deployed.begin("update")
    time.sleep(1.0)
    reboot(deployed)
    assert_sound(deployed, deployed.report(run))


def test_stack_serves_after_a_reboot_without_the_agent(deployed: EngineHost) -> None:
    tmpfiles = "d /run/upkeep/gate/lager 0770 7301 7301 -\n"
    deployed.put({"/etc/tmpfiles.d/upkeep-test.conf": (tmpfiles, 0o644, 0, 0)})
    deployed.run("systemctl", "disable", "upkeep-agent")
    reboot(deployed)
    await_answer(deployed, '"version": "1.0.0"')


def test_operators_maintenance_survives_a_reboot(deployed: EngineHost) -> None:
    deployed.run("systemctl", "enable", "upkeep-agent")
    tmpfiles = "d /run/upkeep/gate/lager 0770 7301 7301 -\n"
    deployed.put({"/etc/tmpfiles.d/upkeep-test.conf": (tmpfiles, 0o644, 0, 0)})
    wish = {"on": True, "reason": "Inventur", "title": "Inventur läuft; bis „Montag“ & <b>später</b>"}
    assert deployed.ask("POST", "/v1/stacks/lager/maintenance", wish).body["changed"]
    reboot(deployed)
    await_answer(deployed, "Inventur läuft; bis „Montag“ &amp; &lt;b&gt;später&lt;/b&gt;")
    assert deployed.status()["maintenance"]["owner"] == "operator"


def reboot(host: EngineHost) -> None:
    name = host.container.split("-", 2)[2].removesuffix("-web1")
    images.testbed("reboot", name, "web1")


def await_answer(host: EngineHost, wanted: str) -> None:
    deadline = time.monotonic() + 60
    while wanted not in (seen := host.curl()):
        assert time.monotonic() < deadline, seen
        time.sleep(0.5)


def assert_sound(host: EngineHost, report: dict[str, object]) -> None:
    version = ENDS[str(report["result"])]
    await_answer(host, f'"version": "{version}"')
    status = host.status()
    assert status["release"]["version"] == version, report
    assert not status["maintenance"]["on"], report
    assert status["drift"] == [], report
    assert [slot["health"] for slot in status["slots"]] == ["ready"], report
    assert len(host.run("docker", "ps", "-aq").split()) == 2
    again = host.do("deploy")
    assert again["result"] == "unchanged", (report, again)

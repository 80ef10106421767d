"""The host rebooted: in a run's maintenance, in the operator's, outside; and with the agent switched off."""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import Self

import pytest
import requests

from tests.faults.managed import ManagedHost
from tests.faults.stage import Stage
from tests.faults.test_killed_agent import assert_nothing_left_over, assert_one_release

pytestmark = [pytest.mark.docker, pytest.mark.slow]


class Caller:
    """Somebody outside who keeps asking. `answers`: what came since the last `forget`, without repetitions."""

    def __init__(self, host: ManagedHost) -> None:
        self._url = f"http://{host.address()}/api/health"
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self.answers: list[str] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _work(self) -> None:
        while not self._stop.is_set():
            answer = self._ask()
            if self.answers[-1:] != [answer]:
                self.answers.append(answer)
            time.sleep(0.05)

    def _ask(self) -> str:
        try:
            found = requests.get(self._url, timeout=2)
        except requests.RequestException:
            return "nobody"
        return f"200 {found.json()['version']}" if found.status_code == 200 else str(found.status_code)


def test_reboot_in_the_middle_of_an_update(stage: Stage, host: ManagedHost) -> None:
    before, newer = stage.newer(late=4)
    with Caller(host) as caller:
        run = host.begin("update")
        host.await_phase("start", "ready")
        host.testbed("reboot")
        report = host.report(run)
        host.await_serving(30, newer)
    assert report["result"] == "updated", report
    assert report["message"].startswith(f"{before} → {newer} (Wartung ")
    # shut from the first moment to the last: nobody met a half-started release, or the old one once more
    assert [answer for answer in caller.answers if answer != "nobody"] == [
        f"200 {before}",
        *["503"] * (caller.answers.count("503")),
        f"200 {newer}",
    ]
    assert_one_release(host, newer)
    assert_nothing_left_over(host)


def test_reboot_in_the_operators_maintenance(host: ManagedHost) -> None:
    version = host.status()["release"]["version"]
    host.maintenance(on=True, title="Inventur & Zählung", reason="Inventur", until="2031-11-21T18:30")
    gate = host.started_at().split()[0]
    with Caller(host) as caller:
        host.testbed("reboot")
        host.await_agent()
        host.await_slot_ready(30)
    assert set(caller.answers) <= {"503", "nobody"}
    assert "Inventur &amp; Zählung" in host.page("/", "-H", "Accept: text/html")
    maintenance = host.status()["maintenance"]
    assert (maintenance["owner"], maintenance["reason"]) == ("operator", "Inventur")
    assert host.started_at().split()[0] == gate
    host.maintenance(on=False)
    host.await_serving(10, version)  # the gate has its own view of who is there, and has only just begun to look


def test_stack_serves_without_the_agent_through_docker_restart_and_reboot(host: ManagedHost) -> None:
    version = host.status()["release"]["version"]
    containers = host.containers()
    host.run("systemctl", "disable", "--now", "--quiet", "upkeep-agent")
    assert host.serves(version)
    host.run("systemctl", "restart", "docker")
    host.await_serving(30, version)
    host.testbed("reboot")
    assert host.attempt("systemctl", "is-active", "upkeep-agent").stdout.strip() == "inactive"
    host.await_serving(30, version)
    assert host.containers() == containers
    assert host.page("/api/updater/health") == "OK\n200"


def test_reboot_outside_changes_nothing(stage: Stage, host: ManagedHost) -> None:
    version, containers = host.status()["release"]["version"], host.containers()
    host.testbed("reboot")
    host.await_serving(30, version)
    host.await_agent()
    assert host.page("/api/updater/health") == "OK\n200"
    assert '"running": false' in host.page("/api/system/update")
    assert host.containers() == containers
    assert_one_release(host, version)
    assert_nothing_left_over(host)
    played = stage.plays.fine("deploy")
    assert f"Alles ist, wie es sein soll ({version})." in played.text
    assert played.recap("web1", "changed") == 0

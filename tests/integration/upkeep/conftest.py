"""One testbed host for all tests of the engine; each test gets it without any stack."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from testbed.paths import machine_wide
from tests.integration.upkeep import images
from tests.integration.upkeep.host import EngineHost

KEPT = "UPKEEP_TEST_BED" in os.environ
NAME = os.environ.get("UPKEEP_TEST_BED", "engine-test")
VERSIONS = (("1.0.0", "good"), ("1.1.0", "good"), ("1.2.0", "sick"), ("1.3.0", "crash"))


@pytest.fixture(scope="session")
def machine() -> Iterator[EngineHost]:
    """A Debian 13 host with Docker and the agent's code. UPKEEP_TEST_BED keeps one of that name for the next time."""
    host = EngineHost(f"{machine_wide(NAME)}-web1")
    if not (KEPT and host.alive()):
        images.testbed("images", "mongo", "haproxy", "python")
        images.testbed("up", NAME, "--hosts", "web1=debian13-docker")
    for version, behaviour in VERSIONS:
        images.publish(version, version, behaviour=behaviour)
    host.prepare()
    yield host
    if not KEPT:
        images.testbed("down", NAME)


@pytest.fixture
def host(machine: EngineHost) -> EngineHost:
    """No stack, no agent running; the channel offers 1.0.0."""
    machine.remove_stack()
    images.channel("1.0.0")
    return machine


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]
    host = getattr(item, "funcargs", {}).get("host")
    if report.when == "call" and report.failed and isinstance(host, EngineHost):
        report.sections.append(("upkeep-agent", host.log()))

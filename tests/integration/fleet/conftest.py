"""One balancer and three hosts for the whole room; each test gets them serving one release, with nobody drained."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.integration.fleet.fleet import Fleet, lower, raised

NAME = os.environ.get("UPKEEP_TEST_BED", "fleet")
KEPT = "UPKEEP_TEST_BED" in os.environ


@pytest.fixture(scope="session")
def raised_fleet() -> Iterator[Fleet]:
    """UPKEEP_TEST_BED keeps one of that name for the next time."""
    yield raised(NAME, KEPT)
    if not KEPT:
        lower(NAME)


@pytest.fixture
def fleet(raised_fleet: Fleet) -> Fleet:
    raised_fleet.calm()
    return raised_fleet


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]
    fleet = getattr(item, "funcargs", {}).get("fleet")
    if report.when == "call" and report.failed and isinstance(fleet, Fleet):
        report.sections += [("balancer", fleet.balancer.run("upkeep-balancer", "status", check=False))]
        report.sections += [(name, host.log()) for name, host in fleet.hosts.items()]

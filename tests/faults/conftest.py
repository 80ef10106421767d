"""One managed host for the whole room. Every play's output is kept: test_secrets.py, the last one, reads them all."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.faults import planted
from tests.faults.managed import ManagedHost
from tests.faults.stage import Stage, lower_stage, raise_stage, settings
from tests.faults.versions import versions_of

NAME = os.environ.get("UPKEEP_TEST_BED", "faults")


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    """site.yml ran against a Debian 13 host; `probe` 1.0.0 runs with MongoDB, and every secret of it is planted."""
    given = settings(versions_of(NAME), **planted.SETTINGS)
    stage = raise_stage(NAME, given, planted.vault(1), planted.HOST)
    stage.versions.publish("1.0.0", offer=True)
    stage.plays.fine("site", "-v")
    yield stage
    lower_stage(stage)


@pytest.fixture
def host(stage: Stage) -> ManagedHost:
    """The agent runs, nothing is going on, no maintenance, the app answers."""
    found = stage.host
    found.run("systemctl", "enable", "--now", "--quiet", "upkeep-agent")
    found.await_idle()
    found.maintenance(on=False)
    found.await_serving()
    return found


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]
    stage = getattr(item, "funcargs", {}).get("stage")
    if report.when == "call" and report.failed and isinstance(stage, Stage):
        report.sections.append(("journal", stage.host.journal()))

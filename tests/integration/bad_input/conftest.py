"""One managed host whose operator makes mistakes. Nothing may change: that is checked after every test."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.faults.managed import ManagedHost
from tests.faults.stage import Stage, lower_stage, raise_stage, settings
from tests.faults.versions import REGISTRY, versions_of

STANDING = """
docker inspect -f '{{{{.Name}}}} {{{{.Id}}}} {{{{.Image}}}} {{{{.State.StartedAt}}}}' $(docker ps -aq) | sort
cat {home}/release.env
curl -s -m 5 -w '\\n%{{http_code}}' http://127.0.0.1/api/health
"""
LOCKED = "127.0.0.1:5055"  # a registry that lets nobody in (see test_years_of_use.py)
NAME = os.environ.get("UPKEEP_TEST_BED", "bad-input")


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    """site.yml ran; `probe` 1.0.0 runs, and nothing else was ever there. The channel offers 1.1.0."""
    versions = versions_of(NAME)
    given = settings(versions, secrets={"token": "{{ vault__token }}"}, registries_allowed=[REGISTRY, LOCKED])
    stage = raise_stage(NAME, given, {"vault__token": "geheim-4711"})
    versions.publish("1.0.0", offer=True)
    stage.plays.fine("site")
    versions.derive("1.1.0", "1.0.0", late=6, offer=True)
    yield stage
    lower_stage(stage)


@pytest.fixture
def host(stage: Stage) -> ManagedHost:
    return stage.host


@pytest.fixture(scope="session")
def last_seen() -> list[str]:
    """How things stood after the last test."""
    return []


@pytest.fixture(autouse=True)
def nothing_changes(request: pytest.FixtureRequest, stage: Stage, last_seen: list[str]) -> Iterator[None]:
    """The same containers, started when they were, the same release, answering. Not for tests that `may_change`."""
    before = last_seen.pop() if last_seen else standing(stage.host)
    yield
    after = standing(stage.host)
    last_seen.append(after)
    if "may_change" not in request.fixturenames:
        assert after == before


@pytest.fixture
def may_change() -> None:
    """For tests in which somebody else's run does its work."""


def standing(host: ManagedHost) -> str:
    host.await_idle()
    seen = host.shell(STANDING.format(stack=host.stack, home=host.home))
    assert seen.endswith("\n200"), seen
    return seen


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]
    stage = getattr(item, "funcargs", {}).get("stage")
    if report.when == "call" and report.failed and isinstance(stage, Stage):
        report.sections.append(("journal", stage.host.journal()))

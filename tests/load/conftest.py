"""A host of its own with the tiny app in two slots that share a volume; the stack as role `stack` renders it."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.faults.managed import ManagedHost
from tests.faults.stage import Stage, lower_stage, raise_stage, settings
from tests.faults.versions import versions_of

NAME = os.environ.get("UPKEEP_TEST_BED", "load-test")
OLD, NEW = "1.0.0", "1.1.0"
# The tiny app drops what it is doing when it hears SIGTERM, at half of the drain: long after its longest answer.
SETTINGS = {
    "volumes": [{"name": "entries", "target": "/data"}],
    "slots": 2,
    "strategy": "rolling",
    "drain_timeout": 20,
    "bake": 1,
}


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    """site.yml ran; 1.0.0 serves from two slots, 1.1.0 is published."""
    stage = raise_stage(NAME, settings(versions_of(NAME), **SETTINGS), {})
    stage.versions.publish(OLD, offer=True)
    stage.versions.publish(NEW)
    stage.plays.fine("site")
    yield stage
    lower_stage(stage)


@pytest.fixture
def host(stage: Stage) -> ManagedHost:
    """1.0.0 serves and nothing is going on."""
    stage.host.await_idle()
    if stage.host.status()["release"]["version"] != OLD:
        stage.host.do("update", to=OLD, force=True)
    stage.host.await_serving(version=OLD)
    return stage.host

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.upkeep.drive import Driver
from tests.unit.upkeep.world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture
def driver(world: World) -> Driver:
    """A stack „lager“ with version 1.0.0 in its channel, placed but not deployed."""
    world.place()
    world.release("1.0.0")
    return Driver(world)


@pytest.fixture
def deployed(driver: Driver) -> Driver:
    """The same with 1.0.0 deployed."""
    driver.must("deploy", "updated")
    return driver


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """A failed test shows the journal of its last run."""
    outcome: Any = yield
    report = outcome.get_result()
    driver = getattr(item, "funcargs", {}).get("driver")
    if report.when == "call" and report.failed and isinstance(driver, Driver):
        show: Callable[[], str] = driver.protocol
        report.sections.append(("journal", show()))

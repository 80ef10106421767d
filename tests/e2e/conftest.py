"""One rolled-out site and one browser for the whole session."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.e2e import site as sites
from tests.e2e.site import Site
from tests.e2e.visitor import chromium


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        item.add_marker(pytest.mark.docker)


@pytest.fixture(scope="session")
def site() -> Iterator[Site]:
    """A host with the Lager app and its example business, rolled out by playbooks/site.yml from nothing."""
    site = sites.bring_up()
    try:
        sites.roll_out(site)
        yield site
    finally:
        sites.take_down()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser

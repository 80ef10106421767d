"""One rolled-out site and one browser for the whole session."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from testbed.browser import ensure_browser
from tests.e2e import site as sites
from tests.e2e.site import Site
from tests.e2e.visitor import LOGIN, PASSWORD

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--font-render-hinting=none",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        item.add_marker(pytest.mark.docker)


@pytest.fixture(scope="session")
def site() -> Iterator[Site]:
    """A host with the Lager app and its example business, rolled out by playbooks/site.yml from nothing."""
    site = sites.bring_up()
    try:
        sites.roll_out(site)
        site.lager("load-demo", "--user", LOGIN, stdin=f"{PASSWORD}\n")
        yield site
    finally:
        sites.take_down()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    ensure_browser()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        yield browser
        browser.close()

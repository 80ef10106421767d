"""The agent is shot while an admin watches the update on a phone: with a maintenance page, and slot by slot."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.site import Json, Site
from tests.e2e.updating import (
    ENDS_WITHIN_MS,
    STRATEGIES,
    await_idle,
    check,
    configure,
    open_system_page,
    progress,
    start,
    until,
)
from tests.e2e.visitor import PHONE, at
from tests.e2e.watching import Navigations

pytestmark = pytest.mark.faults
SAID = {"updated": "erledigt", "rolled_back": "zurückgenommen", "failed": "gescheitert"}


@pytest.fixture(scope="module", params=STRATEGIES)
def configured(site: Site, request: pytest.FixtureRequest) -> Iterator[Site]:
    configure(site, request.param)
    yield site
    configure(site, "recreate")


@pytest.mark.parametrize("percent", [1, 50, 75])
def test_an_agent_shot_in_the_middle_leaves_nobody_in_front_of_a_spinner(
    configured: Site, browser: Browser, percent: int
) -> None:
    """Whichever way the run goes when the agent is back: the page says the same as its report, and loads once at most
    for each version that it met."""
    await_idle(configured)
    before, after = configured.version(), configured.offer_next()
    with at(browser, configured, PHONE) as page:
        open_system_page(page, configured)
        start(page, check(page, after))
        navigations = Navigations(page)
        shot = shoot_agent(configured, percent)
        ending = page.get_by_text(re.compile("Update erledigt|Update zurückgenommen|Update gescheitert")).first
        expect(ending).to_be_visible(timeout=ENDS_WITHIN_MS)
        said = ending.inner_text()
        expect(page.locator("main")).to_be_visible()
    report = configured.last_report()
    print(f"Agent bei {shot['percent']} % („{shot['phase']}“) beendet: {report['result']}, {navigations.count} geladen")
    assert SAID[report["result"]] in said, (report, said)
    assert configured.version() == (after if report["result"] == "updated" else before)
    assert navigations.count <= 2


def shoot_agent(site: Site, percent: int) -> Json:
    """As soon as the run has come that far, as the door tells it: nothing is asked of the page meanwhile."""
    until(lambda: (progress(site)["percent"] or 0) >= percent, f"{percent} %")
    seen = progress(site)
    site.run("systemctl", "kill", "--signal=SIGKILL", "upkeep-agent")
    return seen

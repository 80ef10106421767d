"""Settings → System-Update on a real host: an admin presses the button and sees what becomes of it, whatever does."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator

import pytest
import requests
from playwright.sync_api import Browser, Locator, Page, expect

from bench.load import Tally
from tests.e2e.callers import Callers
from tests.e2e.pictures import take
from tests.e2e.site import Json, Site
from tests.e2e.visitor import DESKTOP, LOGIN, PHONE, at, enter
from tests.e2e.watching import (
    Navigations,
    assert_only_good_answers,
    assert_stays,
    crowding,
    first_answer_of,
    reading,
    shut,
)

LIGHT = 15  # requests a second beside the browser
LANDS_WITHIN = 2.0
ENDS_WITHIN_MS = 90_000
NOTES = "Neu: Updates aus dem Browser.\nNeu: Antwortzeiten für Administratoren."
ROLLING = {"lager__stack": {"bake": 3, "slots": 2, "strategy": "rolling"}}


@pytest.fixture
def readers(site: Site) -> Iterator[Callers]:
    with reading(site, LIGHT) as callers:
        yield callers


def open_system_page(page: Page, site: Site) -> None:
    enter(page, site)
    page.goto("/einstellungen/system")
    expect(page.get_by_role("heading", name="System-Update")).to_be_visible()


def check(page: Page, version: str) -> Locator:
    """„Jetzt prüfen" finds it; returns the button that installs it."""
    page.get_by_role("button", name="Jetzt prüfen").click()
    button = page.get_by_role("button", name=f"Auf {version} aktualisieren")
    expect(button).to_be_visible(timeout=30_000)
    return button


def start(page: Page, button: Locator) -> None:
    """Press and confirm; what is behind the overlay is out of reach."""
    button.click()
    page.get_by_role("dialog").get_by_role("button", name="Update starten").click()
    expect(page.get_by_role("heading", name="Update wird gestartet…")).to_be_visible()


def see_progress(page: Page, name: str) -> None:
    """The overlay tells phase and percent, and holds the focus."""
    expect(page.get_by_role("heading", name="Update läuft")).to_be_visible(timeout=30_000)
    expect(page.get_by_role("progressbar")).to_have_attribute("aria-valuenow", re.compile(r"\d+"))
    expect(page.get_by_role("dialog").get_by_role("status")).to_have_text(re.compile(r"\w{5}"))
    assert page.evaluate("document.querySelector('dialog').contains(document.activeElement)")
    wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wider <= 0
    take(page, name)


def newest_run(page: Page) -> Locator:
    return page.get_by_role("region", name="Verlauf").get_by_role("listitem").first


def land(page: Page, site: Site, readers: Callers, version: str) -> None:
    """The page loads again by itself, soon after the first answer of the new version, and says how it went."""
    expect(page.get_by_text(f"Update erledigt. Version {version} läuft.")).to_be_visible(timeout=ENDS_WITHIN_MS)
    late = loaded_at(page) - alone_since(version, readers.tally)
    print(f"gelandet {late:.2f} s, nachdem nur noch die neue Version antwortete, Gedränge {crowding():.1f}")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(newest_run(page)).to_contain_text(
        re.compile(rf"Update .* → {re.escape(version)}\s*erledigt.*\d:\d\d min", re.DOTALL)
    )
    assert late <= LANDS_WITHIN * crowding()


def alone_since(version: str, tally: Tally) -> float:
    """When the new version had answered and the old one did no more."""
    old = [sample.ended for sample in tally.samples if sample.outcome == "ok" and sample.release != version]
    return max(*old, first_answer_of(version, tally))


def loaded_at(page: Page) -> float:
    """When this document was complete, as `time.monotonic` counts: the browser's own clock, however late we ask."""
    navigation = "performance.getEntriesByType('navigation')[0]"
    moment = page.evaluate(f"(performance.timeOrigin + {navigation}.loadEventEnd) / 1000")
    return float(moment) - time.time() + time.monotonic()


def test_on_a_phone_through_the_maintenance_page_to_the_new_version(
    site: Site, browser: Browser, readers: Callers
) -> None:
    before, after = site.version(), site.offer_next(NOTES)
    with at(browser, site, PHONE, scale=2) as page:
        open_system_page(page, site)
        button = check(page, after)
        expect(page.get_by_text(NOTES.splitlines()[0])).to_be_visible()
        take(page, "system-update-angebot-telefon")
        start(page, button)
        navigations = Navigations(page)
        see_progress(page, "system-update-laeuft-telefon")
        shut(readers)
        land(page, site, readers, after)
        assert_stays(page, navigations)
    assert_only_good_answers(readers.tally, [before, after])
    assert site.last_report()["starter"] == f"door:{LOGIN}"


def test_a_broken_version_is_told_with_its_reason_even_to_who_reloads(
    site: Site, browser: Browser, readers: Callers
) -> None:
    before, broken = site.version(), site.offer_broken()
    with at(browser, site, DESKTOP) as page:
        open_system_page(page, site)
        start(page, check(page, broken))
        shut(readers)
        answer = page.reload()
        assert answer is not None
        assert answer.status == 503
        navigations = Navigations(page)
        told = page.get_by_role("dialog", name="Update zurückgenommen")
        expect(told).to_be_visible(timeout=ENDS_WITHIN_MS)
        expect(told).to_contain_text(f"Version {before} läuft weiter")
        expect(told).to_contain_text("app-1 startet nicht")
        take(page, "system-update-zurueckgenommen-desktop")
        told.get_by_role("button", name="Schließen").click()
        expect(told).to_have_count(0)
        expect(page.get_by_role("region", name="Verlauf").get_by_role("listitem").first).to_contain_text(
            "zurückgenommen"
        )
        assert_stays(page, navigations)
        page.get_by_role("button", name="Jetzt prüfen").click()
        expect(page.get_by_text("schon einmal zurückgenommen")).to_be_visible(timeout=30_000)
        expect(page.get_by_role("button", name=f"Auf {broken} aktualisieren")).to_have_count(0)
    assert_only_good_answers(readers.tally, [before])


@pytest.mark.faults
@pytest.mark.parametrize("percent", [1, 50, 75])
def test_an_agent_shot_in_the_middle_leaves_nobody_in_front_of_a_spinner(
    site: Site, browser: Browser, percent: int
) -> None:
    """Whichever way the run goes when the agent is back: the page says the same as its report."""
    await_idle(site)
    before, after = site.version(), site.offer_next()
    with at(browser, site, PHONE) as page:
        open_system_page(page, site)
        start(page, check(page, after))
        shoot_agent(site, percent)
        ending = page.get_by_text(re.compile("Update erledigt|Update zurückgenommen|Update gescheitert")).first
        expect(ending).to_be_visible(timeout=ENDS_WITHIN_MS)
        said = ending.inner_text()
    result = site.last_report()["result"]
    print(f"Agent bei {percent} % beendet: {result}")
    expected = {"updated": "erledigt", "rolled_back": "zurückgenommen", "failed": "gescheitert"}[result]
    assert expected in said, (result, said)
    assert site.version() == (after if result == "updated" else before)


def progress(site: Site) -> Json:
    found: Json = requests.get(f"{site.url}/api/system/update", timeout=10).json()
    return found


def await_idle(site: Site) -> None:
    until(lambda: progress(site)["running"] is False, "kein Lauf ist mehr im Gange")


def shoot_agent(site: Site, percent: int) -> None:
    """As soon as the run has come that far, as the door tells it: nothing is asked of the page meanwhile."""
    until(lambda: (progress(site)["percent"] or 0) >= percent, f"{percent} %")
    site.run("systemctl", "kill", "--signal=SIGKILL", "upkeep-agent")


def until(is_so: Callable[[], bool], what: str, within: float = 60) -> None:
    deadline = time.monotonic() + within
    while not is_so():
        assert time.monotonic() < deadline, f"nach {within:.0f} s nicht: {what}"
        time.sleep(0.05)


@pytest.fixture(scope="module")
def rolling(site: Site) -> Site:
    """From here on two slots that are replaced one after the other."""
    site.play("site", "-e", json.dumps(ROLLING)).good()
    return site


def test_slot_by_slot_nobody_else_notices(rolling: Site, browser: Browser) -> None:
    before, after = rolling.version(), rolling.offer_next()
    with reading(rolling, LIGHT) as readers, at(browser, rolling, DESKTOP) as page:
        open_system_page(page, rolling)
        start(page, check(page, after))
        navigations = Navigations(page)
        see_progress(page, "system-update-laeuft-desktop")
        land(page, rolling, readers, after)
        take(page, "system-update-erledigt-desktop")
        assert_stays(page, navigations)
    assert not readers.tally.failures
    assert readers.tally.outcomes["maintenance"] == 0
    assert set(readers.tally.releases) == {before, after}

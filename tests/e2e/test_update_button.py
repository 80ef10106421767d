"""Settings → System-Update on a real host: an admin presses the button and sees what becomes of it, whatever does."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from bench.devices import Device
from tests.crowding import crowding
from tests.e2e.callers import Callers
from tests.e2e.pictures import take
from tests.e2e.screens import await_all, following
from tests.e2e.site import STACK, Site
from tests.e2e.updating import ENDS_WITHIN_MS, check, configure, land, open_system_page, see_progress, start
from tests.e2e.visitor import DESKTOP, LOGIN, PHONE, at, enter
from tests.e2e.watching import Navigations, assert_only_good_answers, assert_stays, reading, shut, writing

SCREENS = 20
BACK_WITHIN = 2.0
LIGHT = 15  # requests a second beside the browser
NOTES = "Neu: Updates aus dem Browser.\nNeu: Antwortzeiten für Administratoren."


@pytest.fixture
def readers(site: Site) -> Iterator[Callers]:
    with reading(site, LIGHT) as callers:
        yield callers


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


@pytest.fixture(scope="module")
def rolling(site: Site) -> Site:
    """From here on two slots that are replaced one after the other."""
    configure(site, "rolling")
    return site


def test_slot_by_slot_nobody_else_notices(rolling: Site, browser: Browser) -> None:
    """With many screens on the old slots the gate sends nearly every request to a fresh one, which has no connections
    yet: pages that took that for the end of the old version would load again and again until it is."""
    before, after = rolling.version(), rolling.offer_next()
    with (
        reading(rolling, LIGHT) as readers,
        following(rolling, SCREENS),
        at(browser, rolling, DESKTOP) as page,
        at(browser, rolling, PHONE) as colleague,
    ):
        enter(colleague, rolling)
        colleague.goto("/artikel")
        open_system_page(page, rolling)
        start(page, check(page, after))
        navigations, beside = Navigations(page), Navigations(colleague)
        see_progress(page, "system-update-laeuft-desktop")
        land(page, rolling, readers, after)
        take(page, "system-update-erledigt-desktop")
        assert_stays(page, navigations)
        beside.wait_for(1)
        assert_stays(colleague, beside)
    assert not readers.tally.failures
    assert readers.tally.outcomes["maintenance"] == 0
    assert set(readers.tally.releases) == {before, after}


def test_screens_move_from_slot_to_slot_through_the_gate_and_miss_nothing(rolling: Site) -> None:
    """Nobody presses a button here: what counts is the sockets while somebody goes on writing."""
    after = rolling.offer_next()
    with following(rolling, SCREENS) as screens:
        with writing(rolling, f"B{time.time():.0f}") as writers:
            rolling.run("upkeep", "update", STACK)
        await_all(screens, lambda screen: len(screen.seen) >= len(writers.tally.samples), "alle Änderungen")
    assert rolling.version() == after
    assert not writers.tally.failures
    assert_moved_without_a_loss(screens)


def assert_moved_without_a_loss(screens: list[Device]) -> None:
    """Through the real gate: away for a moment, then on with the number they knew."""
    away = sorted(gap for screen in screens for gap in screen.gaps)
    print(f"{len(screens)} Bildschirme, {len(away)} Wechsel, längster {away[-1]:.2f} s, Gedränge {crowding():.1f}")
    assert [screen for screen in screens if not screen.is_complete()] == []
    assert {screen.resets for screen in screens} == {1}  # the first position
    assert all(screen.gaps for screen in screens)
    assert away[-1] <= BACK_WITHIN * crowding()

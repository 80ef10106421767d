"""An update and a broken update on a real host, as open browser pages and callers of the API see them."""

from __future__ import annotations

import time

from playwright.sync_api import Browser, Page, expect

from bench.load import Tally
from tests.crowding import crowding
from tests.e2e import site as sites
from tests.e2e.callers import Callers
from tests.e2e.site import Json, Played, Site
from tests.e2e.visitor import DESKTOP, PHONE, at, enter
from tests.e2e.watching import (
    Navigations,
    assert_only_good_answers,
    assert_stays,
    first_answer_of,
    kept,
    reading,
    shut,
    writing,
)

LANDS_WITHIN = 2.0
MORE_THAN_THE_START = 2.0  # seconds that the window may take on top of the application's own start
TITLE = "Update wird installiert…"
TYPED = "Wandhalter, noch nicht gespeichert"


def see_maintenance(page: Page) -> Navigations:
    """Arrive while the gate is shut; navigations are counted from then."""
    answer = page.goto("/")
    assert answer is not None
    assert answer.status == 503
    expect(page.get_by_role("heading", name=TITLE)).to_be_visible()
    return Navigations(page)


def test_an_update_is_a_short_maintenance_page_that_goes_by_itself(site: Site, browser: Browser) -> None:
    before, after, mark = site.version(), site.offer_next(), f"L{time.time():.0f}"
    with reading(site) as readers, writing(site, mark) as writers:
        played, landed = update_before_open_pages(site, browser, readers, after)
    ready = first_answer_of(after, readers.tally)
    report = site.last_report()
    print(
        report["timings"],
        f"im Browser nach {landed - ready:.2f} s, bei Aufrufern zu {readers.tally.closed_seconds():.2f} s, ",
        f"Gedränge {crowding():.1f}",
    )
    assert landed - ready <= LANDS_WITHIN * crowding()
    assert (report["result"], report["from"]["version"], report["to"]["version"]) == ("updated", before, after)
    assert f"{before} → {after}" in played.good().output
    assert_short_window(readers.tally, report)
    assert_only_good_answers(readers.tally, [before, after])
    assert_only_good_answers(writers.tally, [before, after])
    assert kept(site, mark) == writers.tally.outcomes["ok"], "jede bestätigte Änderung ist da, genau einmal"


def update_before_open_pages(site: Site, browser: Browser, readers: Callers, after: str) -> tuple[Played, float]:
    """The play, and when the page that somebody opened while the gate was shut showed the new version."""
    with at(browser, site, DESKTOP) as worker, at(browser, site, PHONE) as visitor:
        enter(worker, site)
        worker.goto("/artikel/neu")
        worker.get_by_label("Bezeichnung").fill(TYPED)
        began = time.monotonic()
        playing = site.begin("update")
        shut(readers)
        navigations = see_maintenance(visitor)
        with worker.expect_event(
            "load"
        ):  # the open app notices at the next thing it asks for, and comes back by itself
            worker.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
            visitor.get_by_text(f"Version {after}").wait_for()
            landed = time.monotonic()
        expect(worker.get_by_label("Bezeichnung")).to_have_value(TYPED)
        played = sites.end(playing, began)
        assert_stays(visitor, navigations)
    return played, landed


def assert_short_window(tally: Tally, report: Json) -> None:
    limit = report["timings"]["start_to_ready_s"] + MORE_THAN_THE_START * crowding()
    assert report["timings"]["maintenance_s"] <= limit
    assert 0 < tally.closed_seconds() <= limit


def test_a_broken_version_leaves_the_old_one_serving_and_says_why(site: Site, browser: Browser) -> None:
    before = site.version()
    site.offer_broken()
    with reading(site) as readers, at(browser, site, DESKTOP) as visitor:
        began = time.monotonic()
        playing = site.begin("update")
        shut(readers)
        navigations = see_maintenance(visitor)
        visitor.get_by_text(f"Version {before}").wait_for(timeout=60_000)
        played = sites.end(playing, began)
        assert_stays(visitor, navigations)
    assert_told(played, before)
    assert_only_good_answers(readers.tally, [before])
    report = site.last_report()
    assert report["result"] == "rolled_back"
    assert any("LAGER_TARIF" in line for line in report["last_logs"]), report["last_logs"]
    assert site.version() == before
    assert [slot["version"] for slot in site.status()["slots"]] == [before]


def assert_told(played: Played, before: str) -> None:
    """Plain output, without -v."""
    assert played.code != 0
    assert "app-1 startet nicht" in played.output
    assert f"{before} läuft weiter" in played.output
    assert "upkeep logs lager" in played.output

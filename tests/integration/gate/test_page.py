"""The maintenance page in a real browser, behind the real gate."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.crowding import crowding
from tests.e2e.visitor import chromium
from tests.integration.gate.gate import Stand


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def page(browser: Browser, gate: Stand) -> Iterator[Page]:
    context = browser.new_context(locale="de-DE", timezone_id="Europe/Berlin")
    page = context.new_page()
    page.set_default_timeout(20_000)
    yield page
    gate.open_gate()
    gate.door.answer = {"running": False, "phase": "", "percent": 0}
    context.close()


def test_page_shows_the_runs_progress_and_opens_by_itself(gate: Stand, page: Page) -> None:
    gate.set_state({"maintenance": "run:x", "title": "Update wird installiert…"})
    gate.door.answer = {"running": True, "phase": "Neue Version wird geprüft", "percent": 75, "title": "", "text": ""}
    page.goto(f"{gate.url}/echo")
    expect(page.locator("#phase")).to_have_text("Neue Version wird geprüft")
    expect(page.locator("#percent")).to_have_text("75 %")
    expect(page.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "75")
    opened = time.monotonic()
    gate.open_gate()
    expect(page.locator("body")).to_contain_text('"path": "/echo"')
    assert time.monotonic() - opened < 3 * crowding()


def test_operator_may_change_words_and_end_while_people_look(gate: Stand, page: Page) -> None:
    gate.set_state({"maintenance": "operator", "title": "Inventur"})
    until = (datetime.now().astimezone() + timedelta(minutes=12)).isoformat(timespec="seconds")
    page.goto(f"{gate.url}/echo")
    expect(page.locator("#work")).to_be_hidden()
    gate.door.answer = {"running": False, "title": "Umzug <b>", "text": "Bis gleich.", "until": until}
    expect(page.locator("h1")).to_have_text("Umzug <b>")
    expect(page.locator("#text")).to_have_text("Bis gleich.")
    expect(page.locator("#end")).to_contain_text("noch etwa 12 Minuten")
    gate.door.answer |= {"until": (datetime.now().astimezone() - timedelta(minutes=1)).isoformat(timespec="seconds")}
    expect(page.locator("#end")).to_contain_text("Es dauert etwas länger als angekündigt")


def test_page_that_stays_away_is_not_reloaded_for_ever(gate: Stand, page: Page) -> None:
    """Health says yes, the page still fails: each reload waits longer than the one before."""
    loads = []
    page.on("load", lambda: loads.append(time.monotonic()))
    page.goto(f"{gate.url}/die")
    expect(page.locator("h1")).to_have_text("Das hat nicht geklappt.")
    page.wait_for_timeout(9_000)
    assert 2 <= len(loads) <= 5


def test_without_javascript_the_page_says_the_same(gate: Stand, browser: Browser) -> None:
    gate.set_state(
        {"maintenance": "operator", "title": "Inventur", "text": "Bis gleich.", "until": "2026-11-21T18:30:00+01:00"}
    )
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{gate.url}/echo")
    expect(page.locator("h1")).to_have_text("Inventur")
    expect(page.locator("#end")).to_have_text("Voraussichtlich fertig am 21.11. um 18:30 Uhr")
    assert page.locator("meta[http-equiv=refresh]").count() == 1
    gate.open_gate()
    expect(page.locator("body")).to_contain_text('"path": "/echo"')
    context.close()

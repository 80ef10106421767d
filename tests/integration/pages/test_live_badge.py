"""The page says whether what it shows is live, and catches up by itself."""

from __future__ import annotations

import re

from playwright.sync_api import Browser, expect

from tests.e2e.visitor import DESKTOP, at
from tests.integration.pages.shop import Api, Shop


def test_page_says_that_it_is_offline_and_since_when_then_catches_up(shop: Shop, browser: Browser, api: Api) -> None:
    article = api.article("Vor der Unterbrechung")
    with at(browser, api, DESKTOP) as page:
        api.enter(page)
        page.goto(f"/artikel/{article['id']}")
        expect(page.get_by_text("live", exact=True)).to_be_visible()
        shop.stop()
        try:
            expect(page.get_by_text(re.compile(r"offline, Stand \d\d:\d\d")).first).to_be_visible()
        finally:
            shop.start()
        changed = {"number": article["number"], "name": "Nach der Unterbrechung", "version": article["version"]}
        api.call("PUT", f"/api/articles/{article['id']}", changed)
        expect(page.get_by_role("heading", name="Nach der Unterbrechung")).to_be_visible()
        expect(page.get_by_text("live", exact=True)).to_be_visible()

"""The operator's own maintenance, switched by playbook, as people and programs see it."""

from __future__ import annotations

import json
import re

from playwright.sync_api import Browser, expect

from bench.load import Call
from tests.e2e.callers import Callers
from tests.e2e.site import Site
from tests.e2e.visitor import PHONE, at

NOTICE = {
    "maintenance": "on",
    "title": "Inventur",
    "text": "Wir zählen gerade <alles>; bitte notieren Sie Entnahmen auf Papier.",
    "until": "23:59",
    "reason": "Jahresende",
}


def test_the_operators_words_and_expected_end_are_shown(site: Site, browser: Browser) -> None:
    with at(browser, site, PHONE) as page, Callers(site.url, [Call("/api/health")], 10) as callers:
        page.goto("/")
        site.play("maintenance", "-e", json.dumps(NOTICE)).good()
        callers.wait_for(lambda sample: sample.outcome == "maintenance")
        answer = page.reload()
        assert answer
        assert answer.status == 503
        expect(page.get_by_role("heading", name=NOTICE["title"])).to_be_visible()
        expect(page.get_by_text(NOTICE["text"])).to_be_visible()
        expect(page.get_by_text(re.compile(r"Voraussichtlich fertig.* um 23:59 Uhr"))).to_be_visible()
        assert NOTICE["reason"] not in page.content()
        again = site.play("maintenance", "-e", json.dumps(NOTICE)).good()
        assert again.changed == 0

        site.play("maintenance", "-e", "maintenance=off").good()
        page.get_by_role("button", name="Anmelden").wait_for()
    assert not callers.tally.failures

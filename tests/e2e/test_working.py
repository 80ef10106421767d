"""What somebody does in the app after the rollout: come in by the one-time link, find, add and change articles."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.site import Site
from tests.e2e.visitor import DESKTOP, LOGIN, PHONE, SCREENS, Screen, at, invite, sign_in


def test_the_link_of_the_first_rollout_is_the_way_in_once(site: Site, browser: Browser) -> None:
    link = site.run("cat", "/srv/upkeep/lager/secrets/erste-anmeldung.txt")
    assert link not in site.first
    with at(browser, site, DESKTOP) as page:
        accept(page, link, "chefin")
        expect(page.get_by_role("heading", name="Start", exact=True)).to_be_visible()
    with at(browser, site, DESKTOP) as page:
        page.goto(link)
        expect(page.get_by_text("abgelaufen oder wurde schon benutzt")).to_be_visible()


@pytest.mark.parametrize("screen", SCREENS, ids=lambda screen: screen.name)
def test_a_new_user_comes_in_by_a_link_and_keeps_articles(site: Site, browser: Browser, screen: Screen) -> None:
    name = f"Dübel 8 × 40 ({screen.name})"
    with at(browser, site, screen) as page:
        accept(page, invite(site, "Karla Meister"), f"meister-{screen.name}")
        expect(page.get_by_role("heading", name="Start", exact=True)).to_be_visible()
        page.get_by_role("link", name="Artikel", exact=True).click()
        assert articles_shown(page) >= 300
        add(page, name)
        change_price(page)
        page.goto("/artikel")
        page.get_by_label("Artikel suchen").fill(f"dübel {screen.name}")
        expect(page.get_by_role("link", name=re.compile(re.escape(name)))).to_be_visible()


def test_a_wrong_password_is_refused_and_the_right_one_comes_in(site: Site, browser: Browser) -> None:
    with at(browser, site, PHONE) as page:
        page.goto("/")
        page.get_by_label("Anmeldename").fill(LOGIN)
        page.get_by_label("Passwort", exact=True).fill("falsch-falsch-falsch")
        page.get_by_role("button", name="Anmelden").click()
        expect(page.get_by_text("Anmeldename oder Passwort stimmt nicht.")).to_be_visible()
        sign_in(page)


def accept(page: Page, link: str, login: str) -> None:
    page.goto(link)
    page.get_by_label("Ihr Name").fill("Karla Meister")
    page.get_by_label("Anmeldename").fill(login)
    page.get_by_label("Passwort", exact=True).fill("vier-zufällige-wörter-hier")
    page.get_by_role("button", name="Konto anlegen").click()


def articles_shown(page: Page) -> int:
    """The number beside the heading."""
    count = page.locator(".title [aria-live]")
    expect(count).to_have_text(re.compile(r"\d"))
    return int(re.sub(r"\D", "", count.inner_text()))


def add(page: Page, name: str) -> None:
    page.get_by_role("link", name="Neu", exact=True).click()
    page.get_by_label("Bezeichnung").fill(name)
    page.get_by_role("button", name="Speichern").click()
    expect(page.get_by_role("heading", name=name)).to_be_visible()


def change_price(page: Page) -> None:
    page.get_by_role("link", name="Bearbeiten").click()
    page.get_by_label("Einkaufspreis").fill("12,50")
    page.get_by_role("button", name="Speichern").click()
    expect(page.get_by_text(re.compile(r"12,50\s*€"))).to_be_visible()

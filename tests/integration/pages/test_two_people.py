"""Two people at once: each sees what the other does without loading anew, and neither overwrites the other silently."""

from __future__ import annotations

from playwright.sync_api import Browser, expect

from tests.e2e.visitor import DESKTOP, PHONE, at
from tests.integration.pages.shop import Api
from tests.integration.pages.test_wrong_input import book


def test_a_booking_appears_on_every_page_that_shows_it(browser: Browser, api: Api) -> None:
    article = api.stocked("Für alle sichtbar", "10")
    with (
        at(browser, api, DESKTOP) as overview,
        at(browser, api, DESKTOP) as detail,
        at(browser, api, PHONE) as phone,
    ):
        for page in (overview, detail, phone):
            api.enter(page)
        overview.goto("/")
        detail.goto("/artikel")
        detail.get_by_label("Artikel suchen").fill(article["name"])
        detail.get_by_role("link", name=article["name"]).click()
        expect(detail.locator(".sum")).to_have_text("10 Stk")
        expect(overview.get_by_role("heading", name="Letzte Bewegungen")).to_be_visible()
        expect(overview.get_by_text("live", exact=True)).to_be_visible()
        phone.goto(f"/buchen/entnehmen?artikel={article['id']}")
        phone.get_by_label("Menge in").fill("4")
        book(phone)
        expect(overview.locator("main li a", has_text=article["name"]).first).to_contain_text("−4 Stk")
        expect(detail.locator(".sum")).to_have_text("6 Stk")
        expect(detail.get_by_role("link", name="Entnahme")).to_contain_text("−4 Stk")
        expect(detail.locator("a[aria-current='true'] .stock")).to_have_text("6 Stk")
        phone.goto(f"/lagerorte/{api.place('HL-R1-1')['id']}")
        expect(phone.get_by_role("link", name=article["name"])).to_contain_text("6 Stk")
        api.call(
            "POST",
            f"/api/bookings/{api.bookings(article)[0]['id']}/undo",
            {"key": "c9a7b1de-6f0f-4c62-a7a1-0d6f3a6c9a11"},
        )
        expect(detail.locator(".sum")).to_have_text("10 Stk")
        expect(phone.get_by_role("link", name=article["name"])).to_contain_text("10 Stk")
        expect(overview.locator("main li a", has_text="Zurückgenommen").first).to_contain_text(article["name"])


def test_two_on_one_article_see_each_other_and_neither_overwrites(browser: Browser, api: Api, colleague: Api) -> None:
    article = api.article("Zwei Köche")
    with at(browser, api, DESKTOP) as mine, at(browser, api, DESKTOP) as theirs:
        api.enter(mine)
        colleague.enter(theirs)
        mine.goto(f"/artikel/{article['id']}/bearbeiten")
        mine.get_by_label("Bezeichnung").fill("Mein Name")
        theirs.goto(f"/artikel/{article['id']}")
        expect(mine.get_by_text("Karla Meister ist auch hier")).to_be_visible()
        expect(theirs.get_by_text("Jana Petersen ist auch hier")).to_be_visible()
        theirs.get_by_role("link", name="Bearbeiten").click()
        theirs.get_by_label("Bezeichnung").fill("Ihr Name")
        theirs.get_by_role("button", name="Speichern").click()
        expect(mine.get_by_text("Karla Meister hat diesen Artikel gerade geändert.")).to_be_visible()
        expect(mine.get_by_label("Bezeichnung")).to_have_value("Mein Name")
        mine.get_by_role("button", name="Speichern").click()
        expect(mine.get_by_role("heading", name="Karla Meister war schneller")).to_be_visible()
        assert api.call("GET", f"/api/articles/{article['id']}")["name"] == "Ihr Name"
        mine.get_by_role("button", name="Meine Eingaben behalten").click()
        mine.get_by_role("button", name="Speichern").click()
        expect(theirs.get_by_role("heading", name="Mein Name")).to_be_visible()
        mine.goto("/")
        expect(theirs.get_by_text("ist auch hier")).to_have_count(0)

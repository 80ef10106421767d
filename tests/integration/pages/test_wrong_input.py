"""What goes wrong at the booking form: a German message at the field, nothing booked, nothing lost."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.e2e.visitor import LOGIN, PASSWORD, PHONE, at
from tests.integration.pages.shop import Api, Json

MARKUP = "<img src=x onerror=alert(1)><b>fett</b>"


@contextmanager
def form(browser: Browser, api: Api, article: Json, kind: str = "entnehmen") -> Iterator[Page]:
    """The booking form with one line, on a phone."""
    with at(browser, api, PHONE) as page:
        api.enter(page)
        page.goto(f"/buchen/{kind}?artikel={article['id']}")
        expect(page.get_by_role("heading", name=article["name"], level=2)).to_be_visible()
        if kind == "entnehmen":  # where it lies is looked up, and chosen
            expect(page.get_by_role("group", name="Woher?").get_by_role("button", pressed=True)).to_be_visible()
        yield page


def book(page: Page, label: str = "Entnehmen") -> None:
    page.get_by_role("button", name=label, exact=True).click()


def quantity(page: Page) -> str:
    return page.get_by_label("Menge in").input_value()


WRONG = {
    "Stk": {
        "-3": "Die Menge muss größer als 0 sein.",
        "0": "Die Menge muss größer als 0 sein.",
        "99999999999": "Das ist zu viel; erlaubt sind höchstens 100.000 Stk.",
        "1,5": "In „Stk“ wird nur in ganzen Zahlen gebucht.",
        "11": "sind nur 10 Stk.",
    },
    "m": {
        "3 kg": "Gezählt wird in m. Bitte nur die Zahl eingeben.",
        "1.234": "Bitte eindeutig schreiben: 1234 oder 1,234.",
        "<script>": "Bitte eine Zahl eingeben, zum Beispiel 12,50.",
        "10,01": "sind nur 10 m.",
    },
}


@pytest.mark.parametrize("unit", WRONG)
def test_a_wrong_amount_is_told_at_its_field(browser: Browser, api: Api, unit: str) -> None:
    article = api.stocked(f"Falsche Menge {unit}", "10", unit=unit)
    with form(browser, api, article) as page:
        field = page.get_by_label("Menge in")
        for typed, message in WRONG[unit].items():
            field.fill(typed)
            page.get_by_label("Notiz").focus()
            book(page)
            expect(page.locator(".error", has_text=message)).to_be_visible()
            expect(field).to_be_focused()
            expect(field).to_have_attribute("aria-invalid", "true")
            expect(field).to_have_value(typed)
    assert (api.total(article), len(api.bookings(article))) == ("10", 1)


def test_a_form_with_gaps_names_them_and_starts_at_the_first(browser: Browser, api: Api) -> None:
    article = api.article("Ohne Ort und Menge")
    with form(browser, api, article, "umlagern") as page:
        book(page, "Umlagern")
        expect(page.get_by_text("Bitte den Lagerort wählen.")).to_have_count(2)
        expect(page.get_by_text("Bitte eine Menge eingeben.")).to_be_visible()
        expect(page.get_by_role("button", name="Ort wählen").first).to_be_focused()
    assert api.bookings(article) == []


@contextmanager
def late(browser: Browser, api: Api, article: Json, kind: str = "entnehmen") -> Iterator[tuple[Page, list[Route]]]:
    """The booking form, and the answers that say where the article lies, held back until somebody lets them go."""
    held = list[Route]()
    with at(browser, api, PHONE) as page:
        page.route("**/stock", lambda route: held.append(route))
        api.enter(page)
        page.goto(f"/buchen/{kind}?artikel={article['id']}")
        expect(page.get_by_role("heading", name=article["name"], level=2)).to_be_visible()
        yield page, held


def asked_again(page: Page, held: list[Route]) -> Route:
    while len(held) < 2:
        page.wait_for_timeout(20)
    return held[1]


def test_what_is_pressed_while_the_stock_is_on_its_way_waits_for_it(browser: Browser, api: Api) -> None:
    article = api.stocked("Ort kommt spät", "10")
    with late(browser, api, article) as (page, held):
        page.get_by_label("Menge in").fill("4")
        book(page)
        expect(page.get_by_role("button", name="Bucht …")).to_be_disabled()
        expect(page.get_by_text("Bitte den Lagerort wählen.")).to_have_count(0)
        held[0].continue_()
        expect(page.get_by_text("4 Stk entnommen")).to_be_visible()
    assert (api.total(article), len(api.bookings(article))) == ("6", 2)


def test_a_count_that_is_pressed_early_is_one_of_the_stock_that_arrives(browser: Browser, api: Api) -> None:
    article = api.stocked("Früh gezählt", "10")
    with late(browser, api, article, "zaehlen") as (page, held):
        page.get_by_label("Gezählt in").fill("9")
        page.get_by_role("button", name="Inventur").click()
        book(page, "Zählen")
        expect(page.get_by_role("button", name="Bucht …")).to_be_disabled()
        held[0].continue_()
        expect(page.get_by_text("9 Stk gezählt")).to_be_visible()
    assert (api.total(article), len(api.bookings(article))) == ("9", 2)


def test_who_leaves_while_the_stock_is_on_its_way_books_nothing(browser: Browser, api: Api) -> None:
    article = api.stocked("Doch nicht", "10")
    with late(browser, api, article) as (page, held):
        page.get_by_label("Menge in").fill("4")
        book(page)
        page.get_by_role("radio", name="Einlagern").check(force=True)
        held[0].continue_()
        expect(page.get_by_role("button", name="Einlagern", exact=True)).to_be_enabled()
        assert quantity(page) == "4"
    assert (api.total(article), len(api.bookings(article))) == ("10", 1)


def test_a_message_goes_when_what_was_missing_is_chosen_by_itself(browser: Browser, api: Api) -> None:
    """Where the article lies could not be looked up; what was pressed is refused, until it comes after all."""
    article = api.stocked("Ort kommt später", "10")
    with late(browser, api, article) as (page, held):
        page.get_by_label("Menge in").fill("4")
        book(page)
        held[0].abort("connectionreset")
        expect(page.get_by_text("Bitte den Lagerort wählen.")).to_be_visible()
        asked_again(page, held).continue_()
        expect(page.get_by_role("group", name="Woher?").get_by_role("button", pressed=True)).to_be_visible()
        expect(page.get_by_text("Bitte den Lagerort wählen.")).to_have_count(0)
        expect(page.get_by_role("alert").filter(has_text="Bitte die rot markierten Felder prüfen")).to_have_count(0)
        book(page)
        expect(page.get_by_text("4 Stk entnommen")).to_be_visible()


def test_an_impatient_finger_books_once(browser: Browser, api: Api) -> None:
    article = api.stocked("Doppelt getippt", "10")
    with form(browser, api, article) as page:
        page.get_by_role("button", name="Menge um 1 erhöhen").click(click_count=3)
        page.get_by_role("button", name="Entnehmen", exact=True).evaluate(
            "tap => { tap.click(); tap.click(); tap.form.requestSubmit(); }"
        )
        expect(page.get_by_text("3 Stk entnommen")).to_be_visible()
    assert (api.total(article), len(api.bookings(article))) == ("7", 2)


def test_a_session_that_ends_in_the_form_costs_nothing(browser: Browser, api: Api) -> None:
    article = api.stocked("Sitzung zu Ende", "10")
    with form(browser, api, article) as page:
        page.get_by_label("Menge in").fill("4")
        page.get_by_label("Notiz").fill("Baustelle Müller")
        page.context.clear_cookies()
        book(page)
        again = page.get_by_role("dialog", name="Bitte neu anmelden")
        expect(again.get_by_label("Anmeldename")).to_have_value(LOGIN)
        assert api.total(article) == "10"
        again.get_by_label("Passwort", exact=True).fill(PASSWORD)
        again.get_by_role("button", name="Anmelden").click()
        expect(page.get_by_text("Gesendet: 4 Stk entnommen")).to_be_visible()
    assert (api.total(article), api.bookings(article)[0]["note"]) == ("6", "Baustelle Müller")


def test_a_reload_keeps_what_was_typed(browser: Browser, api: Api) -> None:
    article = api.stocked("Neu geladen", "10")
    with form(browser, api, article) as page:
        page.get_by_label("Menge in").fill("4")
        page.reload()
        expect(page.get_by_text("Ihr angefangener Entwurf ist wieder da.")).to_be_visible()
        assert quantity(page) == "4"
        page.get_by_role("button", name="Verwerfen").click()
        expect(page.get_by_label("Menge in")).to_have_count(0)


def test_a_booking_without_connection_waits_and_is_sent_once(browser: Browser, api: Api) -> None:
    article = api.stocked("Kein Empfang", "10")
    with form(browser, api, article) as page:
        page.get_by_label("Menge in").fill("4")
        page.context.set_offline(True)
        book(page)
        waiting = page.get_by_role("region", name="Noch nicht gebucht")
        expect(waiting).to_contain_text("Entnehmen: 4 Stk Kein Empfang")
        expect(waiting).to_contain_text("einmal gesendet, sobald die Verbindung wieder da ist")
        expect(page.get_by_text("Eine Buchung wartet und wird dann gesendet.")).to_be_visible()
        assert api.total(article) == "10"
        page.context.set_offline(False)
        expect(page.get_by_text("Gesendet: 4 Stk entnommen")).to_be_visible()
        expect(waiting).to_have_count(0)
    assert (api.total(article), len(api.bookings(article))) == ("6", 2)


def test_an_answer_that_got_lost_is_no_second_booking(browser: Browser, api: Api) -> None:
    """The server has booked, but the browser never learns it: sent again, it stays one."""
    article = api.stocked("Antwort verloren", "10")
    with form(browser, api, article) as page:

        def lose_the_answer(route: Route) -> None:
            route.fetch()
            route.abort("connectionreset")

        page.route("**/api/bookings", lose_the_answer, times=1)
        page.get_by_label("Menge in").fill("4")
        book(page)
        expect(page.get_by_text("Gesendet: 4 Stk entnommen")).to_be_visible()
    assert (api.total(article), len(api.bookings(article))) == ("6", 2)


def test_what_waited_and_is_refused_comes_back_into_the_form(browser: Browser, api: Api) -> None:
    article = api.stocked("Inzwischen weg", "10")
    place = api.place("HL-R1-1")["id"]
    with form(browser, api, article) as page:
        page.get_by_label("Menge in").fill("4")
        page.context.set_offline(True)
        book(page)
        expect(page.get_by_role("region", name="Noch nicht gebucht")).to_be_visible()
        api.book("out", {"article_id": article["id"], "from_location_id": place, "quantity": "9"})
        page.context.set_offline(False)
        page.get_by_role("button", name="Berichtigen").click()
        expect(page.get_by_text("sind nur 1 Stk.")).to_be_visible()
        page.get_by_label("Menge in").fill("1")
        book(page)
        expect(page.get_by_text("1 Stk entnommen")).to_be_visible()
    assert api.total(article) == "0"


def test_an_article_that_is_gone_is_told_in_its_line(browser: Browser, api: Api) -> None:
    article = api.article("Gleich gelöscht", location_ids=[api.place("HL-R1-1")["id"]])
    with form(browser, api, article, "einlagern") as page:
        page.get_by_label("Menge in").fill("4")
        api.call("DELETE", f"/api/articles/{article['id']}?version=1")
        book(page, "Einlagern")
        expect(page.get_by_text("Diesen Artikel gibt es nicht")).to_be_visible()
        page.get_by_role("button", name=f"{article['name']} entfernen").click()
        expect(page.get_by_role("button", name="Artikel wählen")).to_be_visible()


def test_a_count_that_was_overtaken_is_counted_again(browser: Browser, api: Api) -> None:
    article = api.stocked("Überholt", "10")
    place = api.place("HL-R1-1")["id"]
    with form(browser, api, article, "zaehlen") as page:
        page.get_by_label("Gezählt in").fill("10")
        expect(page.get_by_text("stimmt.")).to_be_visible()
        api.book("out", {"article_id": article["id"], "from_location_id": place, "quantity": "2"})
        page.get_by_role("button", name="Inventur").click()
        book(page, "Zählen")
        expect(page.get_by_text("Inzwischen sind es laut Bestand 8 Stk.").first).to_be_visible()
        assert api.total(article) == "8"
        page.get_by_label("Gezählt in").fill("7")
        book(page, "Zählen")
        expect(page.get_by_text("7 Stk gezählt")).to_be_visible()
    assert (api.total(article), api.bookings(article)[0]["reason"]) == ("7", "Inventur")


def test_markup_in_every_field_is_shown_as_text(browser: Browser, api: Api) -> None:
    article = api.stocked(f"{MARKUP} Artikel", "10")
    with form(browser, api, article, "zaehlen") as page:
        page.get_by_label("Gezählt in").fill("9")
        page.get_by_label("Grund").fill(MARKUP)
        page.get_by_label("Notiz").fill(MARKUP)
        book(page, "Zählen")
        expect(page.get_by_text("9 Stk gezählt")).to_be_visible()
        expect(page.get_by_text(f"{MARKUP} · {MARKUP}")).to_be_visible()
        page.get_by_role("link", name=re.compile("Korrektur")).first.click()
        expect(page.get_by_role("definition").first).to_have_text(MARKUP)
        assert page.locator("main b, main img").count() == 0


def test_the_longest_name_breaks_no_page(browser: Browser, api: Api) -> None:
    article = api.stocked("Aabwasserzählereinbaugarnitur" * 6, "10")
    with at(browser, api, PHONE) as page:
        api.enter(page)
        for path in (f"/artikel/{article['id']}", f"/buchen/entnehmen?artikel={article['id']}", "/", "/artikel"):
            page.goto(path)
            expect(page.locator("main").get_by_text(article["name"]).filter(visible=True).first).to_be_visible()
            wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            inside = page.evaluate(
                "[...document.querySelectorAll('[data-scroller]')].map(one => one.scrollWidth - one.clientWidth)"
            )
            assert max([wider, *inside]) <= 0, path

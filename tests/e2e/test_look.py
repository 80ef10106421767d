"""Each page on a desktop and a phone, light and dark: nothing sticks out, nothing complains; pictures when asked.

`make screenshots` (UPKEEP_SCREENSHOTS=1) writes them to docs/images/ under the same names every time.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.pictures import take
from tests.e2e.site import Site
from tests.e2e.visitor import SCREENS, Scheme, Screen, at, enter
from tests.integration.pages.shop import Api

SCHEMES: dict[Scheme, str] = {"light": "hell", "dark": "dunkel"}
ARTICLE = "Kugelhahn Messing mit Hebel 3/4 Zoll"
NOTICE = {
    "maintenance": "on",
    "title": "Inventur",
    "text": "Wir zählen gerade. Entnahmen bitte auf Papier notieren, wir tragen sie nach.",
    "until": "18:30",
}
PHASE = "Neue Version wird geprüft"
UPDATING = {
    "phase": PHASE,
    "percent": 75,
    "running": True,
    "title": "Update wird installiert…",
    "text": "Das System startet in Kürze neu.",
    "until": None,
    "release": "1.0.0",
}

each_screen = pytest.mark.parametrize("screen", SCREENS, ids=lambda screen: screen.name)
each_scheme = pytest.mark.parametrize("scheme", SCHEMES)


def show(page: Page, screen: Screen, scheme: Scheme, name: str) -> None:
    """What holds for every page, and its picture."""
    wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wider <= 0, f"{name}: {wider} px breiter als der Bildschirm"
    page.mouse.move(0, 0)
    take(page, f"{name}-{screen.name}-{SCHEMES[scheme]}")


@pytest.fixture(scope="module")
def busy(site: Site) -> Site:
    """A morning's movements, so that there is something to see."""
    a_mornings_work(Api(site))
    return site


def a_mornings_work(api: Api) -> None:
    """Whatever the example business has in stock, these movements are the latest."""
    store, van, drum = (api.place(code)["id"] for code in ("HL-R3-1", "T1-F3", "KL-R1-2"))
    tap, valve, cable = (
        api.find(name) for name in (ARTICLE, "Eckventil verchromt 1/2 Zoll × 3/8 Zoll", "Mantelleitung Meterware")
    )
    api.book("in", {"article_id": tap, "to_location_id": store, "quantity": "24"}, note="Lieferschein 48213")
    api.book("in", {"article_id": valve, "to_location_id": store, "quantity": "40"}, note="Lieferschein 48213")
    api.book("in", {"article_id": cable, "to_location_id": drum, "quantity": "37.5"})
    api.book("transfer", {"article_id": tap, "from_location_id": store, "to_location_id": van, "quantity": "6"})
    api.book("out", {"article_id": valve, "from_location_id": store, "quantity": "3"}, note="Baustelle Lindenstraße")
    left = Decimal(api.lying(cable, drum)) - Decimal("1.5")
    api.book("correction", {"article_id": cable, "location_id": drum, "counted": str(left)}, reason="Verschnitt")
    wrong = api.book("out", {"article_id": tap, "from_location_id": van, "quantity": "4"})
    api.call("POST", f"/api/bookings/{wrong['id']}/undo", {"key": str(uuid.uuid4())})
    api.book("out", {"article_id": tap, "from_location_id": van, "quantity": "2"}, note="Baustelle Lindenstraße")


@each_scheme
@each_screen
def test_the_pages_of_the_app(busy: Site, browser: Browser, screen: Screen, scheme: Scheme) -> None:
    site = busy
    with at(browser, site, screen, scheme, scale=2 if screen.is_phone else 1) as page:
        page.goto("/")
        expect(page.get_by_role("button", name="Anmelden")).to_be_visible()
        show(page, screen, scheme, "anmeldung")
        enter(page, site)
        for name, open_page in PAGES.items():
            open_page(page, screen)
            show(page, screen, scheme, name)


def start(page: Page, screen: Screen) -> None:
    page.goto("/")
    expect(page.locator("main time").first).to_be_visible()
    if not screen.is_phone:
        page.locator("main li a").first.click()
        expect(page.get_by_role("button", name="Zurücknehmen")).to_be_visible()


def booking_form(page: Page, screen: Screen) -> None:
    page.get_by_role("link", name="Entnehmen").click()
    page.get_by_role("button", name="T1-F3").click()
    page.get_by_label("Menge in").fill("3")
    expect(page.get_by_text("Danach noch")).to_be_visible()


def article_list(page: Page, screen: Screen) -> None:
    page.goto("/artikel")
    expect(page.locator("a[data-row]").first).to_be_visible()
    if not screen.is_phone:
        page.locator("a[data-row]").nth(5).click()
        expect(page.get_by_role("link", name="Bearbeiten")).to_be_visible()


def article(page: Page, screen: Screen) -> None:
    page.goto("/artikel")
    page.get_by_label("Artikel suchen").fill("kugelhahn")
    page.locator("a[data-row]", has_text=ARTICLE).click()
    expect(page.get_by_role("heading", name=ARTICLE)).to_be_visible()
    expect(page.locator("main time, main .what").filter(visible=True).first).to_be_visible()


def article_form(page: Page, screen: Screen) -> None:
    article(page, screen)
    page.get_by_role("link", name="Bearbeiten").click()
    expect(page.get_by_label("Bezeichnung")).to_have_value(ARTICLE)


def locations(page: Page, screen: Screen) -> None:
    page.goto("/lagerorte")
    page.get_by_role("button", name="Hauptlager aufklappen").click()
    if not screen.is_phone:
        page.get_by_role("link", name="Regal 3").click()
        expect(page.get_by_role("heading", name="Bestand")).to_be_visible()


def settings(page: Page, screen: Screen) -> None:
    page.goto("/einstellungen")
    expect(page.get_by_text("MongoDB")).to_be_visible()


def system_update(page: Page, screen: Screen) -> None:
    page.goto("/einstellungen/system")
    expect(page.get_by_role("region", name="Verlauf").get_by_text("Ausrollen").first).to_be_visible()


def performance(page: Page, screen: Screen) -> None:
    page.goto("/einstellungen/leistung")
    expect(page.get_by_role("region", name="Sicherheitsereignisse").get_by_text("Angemeldet").first).to_be_visible()


PAGES: dict[str, Callable[[Page, Screen], None]] = {
    "start": start,
    "artikel": article_list,
    "artikel-ansicht": article,
    "buchen": booking_form,
    "artikel-formular": article_form,
    "lagerorte": locations,
    "einstellungen": settings,
    "system-update": system_update,
    "leistung": performance,
}


@pytest.fixture(scope="module")
def closed(site: Site) -> Iterator[Site]:
    site.play("maintenance", "-e", json.dumps(NOTICE)).good()
    yield site
    site.play("maintenance", "-e", "maintenance=off").good()


@each_scheme
@each_screen
def test_the_maintenance_page(closed: Site, browser: Browser, screen: Screen, scheme: Scheme) -> None:
    """In an operator's maintenance, and in an update that stands still for the picture."""
    with at(browser, closed, screen, scheme, scale=2 if screen.is_phone else 1) as page:
        until = datetime.fromisoformat(closed.status()["maintenance"]["until"])
        page.clock.set_fixed_time(until.replace(hour=17, minute=50))
        page.goto("/")
        expect(page.get_by_text("noch etwa 40 Minuten")).to_be_visible()
        show(page, screen, scheme, "wartung-angekuendigt")
        page.route("**/api/system/update", lambda route: route.fulfill(json=UPDATING))
        expect(page.get_by_text(PHASE)).to_be_visible()
        expect(page.locator("#end")).to_be_hidden()
        show(page, screen, scheme, "wartung")

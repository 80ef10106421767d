"""Every page, light and dark, on desktop and phone: in nobody's way (axe), and no request to third parties."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Request, expect

from tests.e2e.visitor import SCREENS, Scheme, Screen, at
from tests.integration.pages.shop import ROOT, Api, Json

AXE = Path(ROOT / "app/frontend/node_modules/axe-core/axe.min.js")
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
STILL = """Promise.all(document.getAnimations()
    .filter(one => Number.isFinite(one.effect.getComputedTiming().endTime))
    .map(one => one.finished.catch(() => {})))"""  # a spinner turns for ever
SCHEMES: tuple[Scheme, ...] = ("light", "dark")


@pytest.fixture(scope="module")
def article(api: Api) -> Json:
    """With a history: of each kind of booking one."""
    place, van = api.place("HL-R1-1")["id"], api.place("T1")["id"]
    found = api.stocked("Prüfartikel", "20")
    line = {"article_id": found["id"], "quantity": "2"}
    taken = api.book("out", line | {"from_location_id": place}, note="Baustelle Müller")
    api.book("transfer", line | {"from_location_id": place, "to_location_id": van})
    api.book("correction", {"article_id": found["id"], "location_id": van, "counted": "1"}, reason="Verloren")
    api.call("POST", f"/api/bookings/{taken['id']}/undo", {"key": "5b0e6f1c-6f0f-4c62-a7a1-0d6f3a6c9a10"})
    return found | {"taken": taken["id"], "place": place}


def start(page: Page, article: Json) -> None:
    page.goto("/")
    expect(page.locator("main time").first).to_be_visible()


def booking(page: Page, article: Json) -> None:
    page.goto(f"/buchungen/{article['taken']}")
    expect(page.get_by_text("ist zurückgenommen")).to_be_visible()


def take_back(page: Page, article: Json) -> None:
    page.goto("/")
    page.locator("main li a", has_text="Korrektur").first.click()
    page.get_by_role("button", name="Zurücknehmen").click()
    expect(page.get_by_role("dialog")).to_be_visible()


def form(page: Page, article: Json) -> None:
    page.goto(f"/buchen/umlagern?artikel={article['id']}")
    expect(page.get_by_label("Menge in")).to_be_visible()


def form_with_mistakes(page: Page, article: Json) -> None:
    page.goto(f"/buchen/zaehlen?artikel={article['id']}")
    page.get_by_label("Gezählt in").fill("-1")
    page.get_by_role("button", name="Zählen", exact=True).click()
    expect(page.get_by_text("Weniger als 0")).to_be_visible()


def place_choice(page: Page, article: Json) -> None:
    page.goto(f"/buchen/entnehmen?artikel={article['id']}")
    page.get_by_role("button", name="Anderer Ort").click()
    expect(page.get_by_role("dialog")).to_be_visible()


def article_choice(page: Page, article: Json) -> None:
    page.goto("/buchen/einlagern")
    page.get_by_role("button", name="Artikel wählen").click()
    expect(page.get_by_role("dialog").get_by_role("listitem").first).to_be_visible()


def article_view(page: Page, article: Json) -> None:
    page.goto(f"/artikel/{article['id']}")
    expect(page.get_by_role("heading", name="Verlauf")).to_be_visible()
    expect(page.get_by_text("Verloren")).to_be_visible()


def articles(page: Page, article: Json) -> None:
    page.goto("/artikel")
    expect(page.locator("a[data-row]").first).to_be_visible()


def opened(path: str, heading: str, loaded: str = "") -> Callable[[Page, Json], None]:
    """`loaded`: a text that is there when what the page shows has come."""

    def open_page(page: Page, article: Json) -> None:
        page.goto(path.format(**article))
        expect(page.get_by_role("heading", name=heading, exact=True)).to_be_visible()
        if loaded:
            expect(page.locator("main").get_by_text(loaded).filter(visible=True).first).to_be_visible()

    return open_page


PAGES: dict[str, Callable[[Page, Json], None]] = {
    "start": start,
    "booking": booking,
    "take back": take_back,
    "form": form,
    "form with mistakes": form_with_mistakes,
    "place choice": place_choice,
    "article choice": article_choice,
    "articles": articles,
    "article": article_view,
    "article form": opened("/artikel/{id}/bearbeiten", "Artikel bearbeiten", "Lagerort hinzufügen"),
    "locations": opened("/lagerorte", "Lagerorte", "Hauptlager"),
    "location": opened("/lagerorte/{place}", "Fach 1", "Prüfartikel"),
    "location form": opened("/lagerorte/{place}/bearbeiten", "Lagerort bearbeiten", "Bestand darf negativ werden"),
    "users": opened("/benutzer", "Benutzer", "Jana Petersen (Sie)"),
    "settings": opened("/einstellungen", "Einstellungen", "MongoDB"),
    "system update": opened("/einstellungen/system", "System-Update"),
    "performance": opened("/einstellungen/leistung", "Leistung und Sicherheit"),
    "account": opened("/konto", "Mein Konto", "angemeldet."),
    "more": opened("/mehr", "Mehr"),
    "nowhere": opened("/gibt-es-nicht", "Nicht gefunden"),
}


@pytest.mark.parametrize("screen", SCREENS, ids=lambda screen: screen.name)
def test_nothing_is_in_anybodys_way(browser: Browser, api: Api, article: Json, screen: Screen) -> None:
    with at(browser, api, screen) as page:
        foreign: list[str] = []
        page.on("request", lambda request: foreign.extend(outside(api.url, request)))
        page.goto("/")
        expect(page.get_by_role("button", name="Anmelden")).to_be_visible()
        found = {"sign in": violations(page)}
        api.enter(page)
        for name, open_page in PAGES.items():
            open_page(page, article)
            found[name] = violations(page)
        assert not {name: wrong for name, wrong in found.items() if wrong}
        assert not foreign


def violations(page: Page) -> list[str]:
    """What axe finds, light and dark, one line each."""
    page.evaluate(AXE.read_text())
    return [line for scheme in SCHEMES for line in violations_in(page, scheme)]


def violations_in(page: Page, scheme: Scheme) -> list[str]:
    page.emulate_media(color_scheme=scheme)
    page.evaluate(STILL)
    result = page.evaluate("rules => axe.run(document, rules)", RULES)
    return [
        f"{scheme}, {one['id']}: {node['html']} {node['failureSummary']}"
        for one in result["violations"]
        for node in one["nodes"]
    ]


def outside(url: str, request: Request) -> list[str]:
    address = urlsplit(request.url)
    is_ours = f"{address.scheme}://{address.netloc}".replace("ws:", "http:") == url or address.scheme == "data"
    return [] if is_ours else [request.url]

"""The application in a real browser: signed in, a label made and printed, signed out."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.e2e.visitor import chromium
from tests.integration.etikettendruck.application import PASSWORD
from tests.integration.etikettendruck.test_application import Printer


def test_somebody_signs_in_makes_a_label_and_prints_it(address: str) -> None:
    with chromium() as browser, Printer() as printer:
        page = browser.new_page()
        page.goto(address)
        page.get_by_label("Name").fill("admin")
        page.get_by_label("Kennwort").fill(PASSWORD)
        page.get_by_role("button", name="Anmelden").click()
        expect(page.get_by_text("Warteschlange").first).to_be_visible()
        page.goto(f"{address}/drucker")
        page.get_by_label("Name").fill("Halle")
        page.get_by_label("Adresse").fill("127.0.0.1")
        page.get_by_label("Port").fill(str(printer.port))
        page.get_by_role("button", name="Speichern").click()
        expect(page.get_by_text(f"Halle: 127.0.0.1:{printer.port}")).to_be_visible()
        page.goto(f"{address}/etiketten")
        page.get_by_label("Titel").fill("Muttern")
        page.get_by_label("Text").fill("M8 aus Stahl")
        page.get_by_role("button", name="Anlegen").click()
        page.get_by_role("button", name="Drucken").click()
        expect(page.get_by_text("Muttern").first).to_be_visible()
    assert "^FDMuttern^FS" in printer.received.decode()

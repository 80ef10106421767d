"""The overlay of an update, at each of its stages: in nobody's way (axe), light and dark, on desktop and phone.

What the door and the agent say is made up here; that they say it is proved on a real host (tests/e2e).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.e2e.visitor import SCREENS, Screen, at
from tests.integration.pages.shop import Api, Json
from tests.integration.pages.test_every_page import violations

RUN = "20261121-093002-update-b0e4"
AVAILABLE = {"version": "1.1.0", "notes": "Neu: Etiketten.", "checked_at": "2026-11-21T09:30:00+01:00", "held": False}
MESSAGE = "app-1 startet nicht (zuletzt Container restarting, Exit-Code 1). Protokoll: `upkeep logs lager`."
PHASE = "Neue Version wird geprüft"
PAST = {
    "run": RUN,
    "operation": "update",
    "from": "1.0.0",
    "to": "1.1.0",
    "started_at": "2026-11-21T09:31:00+01:00",
    "seconds": 14.2,
    "message": MESSAGE,
    "code": "not_ready",
}


@dataclass
class Door:
    """`progress` as the door tells it; None: nobody behind it answers."""

    progress: Json | None = field(default_factory=lambda: {"instance": RUN, "running": True, "percent": 40})
    history: list[Json] = field(default_factory=list)

    def open(self, page: Page) -> None:
        page.route("**/api/v1/system", lambda route: route.fulfill(json=self._system()))
        page.route("**/api/v1/system/ticket", lambda route: route.fulfill(json={"ticket": "t"}))
        page.route("**/api/system/start-update", lambda route: route.fulfill(status=202, json={"run": RUN}))
        page.route("**/api/system/update", self._tell)

    def end(self, result: str) -> None:
        self.history = [PAST | {"result": result}]
        self.progress = {"instance": RUN, "running": False, "result": result, "percent": 100, "phase": None}

    def _tell(self, route: Route) -> None:
        if self.progress is None:
            return route.fulfill(status=503, json={})
        return route.fulfill(
            json={"phase": "Neue Version wird geprüft", "release": "1.0.0", "result": None} | self.progress
        )

    def _system(self) -> Json:
        return {
            "problem": None,
            "version": "1.0.0",
            "release": {"version": "1.0.0", "since": "2026-11-20T08:00:00+01:00", "notes": None},
            "available": AVAILABLE,
            "checked": {"run": "c1", "at": AVAILABLE["checked_at"], "result": "unchanged", "message": "1.1.0 ist da."},
            "history": self.history,
            "running": None,
            "may": ["start-update", "check-update"],
        }


@pytest.mark.parametrize("screen", SCREENS, ids=lambda screen: screen.name)
def test_the_overlay_is_in_nobodys_way_at_any_stage(browser: Browser, api: Api, screen: Screen) -> None:
    door, found = Door(), dict[str, list[str]]()
    with at(browser, api, screen) as page:
        door.open(page)
        api.enter(page)
        page.goto("/einstellungen/system")
        page.get_by_role("button", name="Auf 1.1.0 aktualisieren").click()
        found["asked"] = violations(page)
        page.get_by_role("button", name="Update starten").click()
        expect(page.get_by_role("heading", name="Update läuft")).to_be_visible()
        found["running"] = violations(page)
        door.progress = None
        expect(page.get_by_text("richtet sich gerade neu ein")).to_be_visible()
        found["silent"] = violations(page)
        door.end("rolled_back")
        ended = page.get_by_role("dialog", name="Update zurückgenommen")
        expect(ended).to_contain_text("Die neue Version ist nicht richtig angelaufen.")
        expect(ended.get_by_text("Exit-Code")).to_be_hidden()
        ended.get_by_text("Für den Betreiber").click()
        expect(ended.get_by_text("Protokoll: „upkeep logs lager“.")).to_be_visible()
        found["ended"] = violations(page)
        ended.get_by_role("button", name="Schließen").click()
        page.get_by_role("region", name="Verlauf").get_by_text("Für den Betreiber").click()
        found["history"] = violations(page)
    assert not {name: wrong for name, wrong in found.items() if wrong}


def test_a_hidden_update_is_told_on_the_page_and_who_fails_says_whom_to_ask(browser: Browser, api: Api) -> None:
    door = Door()
    with at(browser, api, SCREENS[1]) as page:
        door.open(page)
        api.enter(page)
        page.goto("/einstellungen/system")
        page.get_by_role("button", name="Auf 1.1.0 aktualisieren").click()
        page.get_by_role("button", name="Update starten").click()
        page.get_by_role("button", name="Ausblenden").click()
        expect(page.get_by_text("Das Update läuft noch.")).to_be_visible()
        assert violations(page) == []
        door.end("failed")
        failed = page.get_by_role("dialog", name="Update gescheitert")
        expect(failed).to_contain_text("Bitte den Betreiber verständigen")
        assert violations(page) == []

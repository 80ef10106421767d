"""An admin at Settings → System-Update: what is pressed, what is seen on the way, where it ends."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import datetime

import requests
from playwright.sync_api import Locator, Page, expect

from bench.load import Tally
from tests.crowding import crowding
from tests.e2e.callers import Callers
from tests.e2e.pictures import take
from tests.e2e.site import Json, Site
from tests.e2e.visitor import enter
from tests.e2e.watching import first_answer_of

LANDS_WITHIN = 2.0
ENDS_WITHIN_MS = 90_000
STRATEGIES: dict[str, Json] = {
    "recreate": {"bake": 3},
    "rolling": {"bake": 3, "slots": 2, "strategy": "rolling"},
}


def configure(site: Site, strategy: str) -> None:
    """As the operator does: another variable, and site.yml."""
    site.play("site", "-e", site.stack(**STRATEGIES[strategy])).good()


def open_system_page(page: Page, site: Site) -> None:
    enter(page, site)
    page.goto("/einstellungen/system")
    expect(page.get_by_role("heading", name="System-Update")).to_be_visible()


def check(page: Page, version: str) -> Locator:
    """„Jetzt prüfen" finds it; returns the button that installs it."""
    page.get_by_role("button", name="Jetzt prüfen").click()
    button = page.get_by_role("button", name=f"Auf {version} aktualisieren")
    expect(button).to_be_visible(timeout=30_000)
    return button


def start(page: Page, button: Locator) -> None:
    """Press and confirm; what is behind the overlay is out of reach."""
    button.click()
    page.get_by_role("dialog").get_by_role("button", name="Update starten").click()
    expect(page.get_by_role("heading", name="Update wird gestartet…")).to_be_visible()


def see_progress(page: Page, name: str) -> None:
    """The overlay tells phase and percent, and holds the focus."""
    expect(page.get_by_role("heading", name="Update läuft")).to_be_visible(timeout=30_000)
    expect(page.get_by_role("progressbar")).to_have_attribute("aria-valuenow", re.compile(r"\d+"))
    expect(page.get_by_role("dialog").get_by_role("status")).to_have_text(re.compile(r"\w{5}"))
    assert page.evaluate("document.querySelector('dialog').contains(document.activeElement)")
    wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wider <= 0
    take(page, name)


def newest_run(page: Page) -> Locator:
    return page.get_by_role("region", name="Verlauf").get_by_role("listitem").first


def land(page: Page, site: Site, readers: Callers, version: str) -> None:
    """The page loads again by itself, soon after the first answer of the new version, and says how it went."""
    expect(page.get_by_text(f"Update erledigt. Version {version} läuft.")).to_be_visible(timeout=ENDS_WITHIN_MS)
    loaded = loaded_at(page)
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(newest_run(page)).to_contain_text(
        re.compile(rf"Update .* → {re.escape(version)}\s*erledigt.*\d:\d\d min", re.DOTALL)
    )
    report = site.last_report()
    assert all(moment < loaded for moment in drained_at(report)), "geladen, während noch alte Slots bedienten"
    late = loaded - alone_since(version, readers.tally, report)
    print(f"gelandet {late:.2f} s, nachdem nur noch die neue Version antwortete, Gedränge {crowding():.1f}")
    assert late <= LANDS_WITHIN * crowding()


def alone_since(version: str, tally: Tally, report: Json) -> float:
    """When the new version had answered, and the gate sent nobody to the old one any more. (That none of the callers
    happened to meet the old one does not mean that it was gone: the page itself may have.)
    """
    old = [sample.ended for sample in tally.samples if sample.outcome == "ok" and sample.release != version]
    return max(*old, *drained_at(report), first_answer_of(version, tally))


def drained_at(report: Json) -> list[float]:
    """When the gate was told to send nobody to an old slot any more, one after the other."""
    slots = [phase for phase in report["phases"] if re.fullmatch(r"drain:app-\d+", phase["name"])]
    return [as_monotonic(datetime.fromisoformat(phase["intent_at"]).timestamp()) for phase in slots]


def loaded_at(page: Page) -> float:
    """When this document was complete, as `time.monotonic` counts: the browser's own clock, however late we ask."""
    navigation = "performance.getEntriesByType('navigation')[0]"
    moment = page.evaluate(f"(performance.timeOrigin + {navigation}.loadEventEnd) / 1000")
    return as_monotonic(float(moment))


def as_monotonic(moment: float) -> float:
    return moment - time.time() + time.monotonic()


def progress(site: Site) -> Json:
    found: Json = requests.get(f"{site.url}/api/system/update", timeout=10).json()
    return found


def await_idle(site: Site) -> None:
    until(lambda: progress(site)["running"] is False, "kein Lauf ist mehr im Gange")


def until(is_so: Callable[[], bool], what: str, within: float = 60) -> None:
    deadline = time.monotonic() + within
    while not is_so():
        assert time.monotonic() < deadline, f"nach {within:.0f} s nicht: {what}"
        time.sleep(0.05)

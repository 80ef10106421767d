"""The network from the app to MongoDB is cut: health tells, screens do not pretend, afterwards all comes through."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import requests

from tests.e2e.screens import await_all, following
from tests.e2e.site import STACK, Json, Site
from tests.e2e.updating import configure, until
from tests.integration.pages.shop import Api

DATA = f"{STACK}_data"
SCREENS = 10
HEALTH = "import requests, sys; print(requests.get(sys.argv[1], timeout=10).text)"


@contextmanager
def cut(site: Site) -> Iterator[None]:
    slot = site.slot()
    site.run("docker", "network", "disconnect", DATA, slot)
    try:
        yield
    finally:
        site.run("docker", "network", "connect", "--alias", "app-1", DATA, slot)


def health(site: Site) -> Json:
    """As the slot itself tells it, past the gate."""
    template = f'{{{{(index .NetworkSettings.Networks "{STACK}_front").IPAddress}}}}'
    address = site.run("docker", "inspect", "--format", template, site.slot())
    url = f"http://{address}:8000/api/health"
    found: Json = json.loads(site.run("/opt/upkeep/current/bin/python", "-c", HEALTH, url))
    return found


def told(site: Site) -> tuple[str, str, str]:
    found = health(site)
    return found["status"], found["checks"]["database"]["status"], found["checks"]["live"]["status"]


def serves(site: Site) -> bool:
    return requests.get(f"{site.url}/api/health", timeout=10).ok


@pytest.fixture
def one_slot(site: Site) -> Site:
    if len(site.status()["slots"]) > 1:
        configure(site, "recreate")
    return site


def test_a_cut_network_shows_in_health_and_events_go_on_afterwards(one_slot: Site) -> None:
    site, api = one_slot, Api(one_slot)
    with following(site, SCREENS) as screens:
        api.article("Vor dem Schnitt")
        await_all(screens, lambda screen: len(screen.seen) >= 1, "die erste Änderung")
        with cut(site):
            until(lambda: told(site) == ("unhealthy", "unhealthy", "warning"), "Health sagt es")
            await_all(screens, lambda screen: not screen.is_live, "weggeschickt")
        until(lambda: serves(site), "das Gate lässt wieder durch")
        await_all(screens, lambda screen: screen.is_live, "wieder live")
        api.article("Nach dem Schnitt")
        await_all(screens, lambda screen: len(screen.seen) >= 2, "die zweite Änderung")
        until(lambda: told(site)[1:] == ("ok", "ok"), "Health sagt, dass es vorbei ist")
    assert [screen for screen in screens if not screen.is_complete()] == []
    assert {screen.resets for screen in screens} == {1}


@pytest.fixture
def two_slots(site: Site) -> Iterator[Site]:
    configure(site, "rolling")
    yield site
    configure(site, "recreate")


@pytest.mark.faults
def test_with_a_second_slot_a_cut_network_stops_nobody(two_slots: Site) -> None:
    site, api = two_slots, Api(two_slots)
    with following(site, SCREENS) as screens:
        with cut(site):
            until(lambda: told(site)[0] == "unhealthy", "Health sagt es")
            until(lambda: all(serves(site) for _ in range(10)), "das Gate fragt nur noch den anderen Slot")
            for number in range(5):
                api.article(f"Während des Schnitts {number}")
            await_all(screens, lambda screen: screen.is_live and len(screen.seen) >= 5, "alles, über den anderen Slot")
        until(lambda: told(site)[1:] == ("ok", "ok"), "Health sagt, dass es vorbei ist")
    assert [screen for screen in screens if not screen.is_complete()] == []
    assert {screen.resets for screen in screens} == {1}

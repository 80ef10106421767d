"""What an update under load looks like from outside: callers beside the browser, and pages that must not loop."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import requests
from playwright.sync_api import Page

from bench.load import Call, Tally, describe
from tests.e2e.callers import Callers
from tests.e2e.site import Site
from tests.e2e.visitor import CLIENT, cookie

READS_PER_SECOND = 40
WRITES_PER_SECOND = 5
WATCHED_FOR_LOOPS_MS = 2500


@contextmanager
def reading(site: Site, per_second: float = READS_PER_SECOND) -> Iterator[Callers]:
    headers = {"Cookie": cookie(site)}
    paths = ("/api/articles?q=rohr", "/api/locations")
    with Callers(
        site.url, [Call("/api/health"), *(Call(path, headers=headers) for path in paths)], per_second
    ) as callers:
        yield callers


@contextmanager
def writing(site: Site, mark: str) -> Iterator[Callers]:
    """Each call creates an article of its own, named by `mark`."""
    headers = {"Cookie": cookie(site), **CLIENT}
    bodies = ({"number": f"{mark}-{n}", "name": f"Lastprobe {mark}-{n}", "unit": "Stk"} for n in range(2000))
    with Callers(
        site.url, [Call("/api/articles", "POST", body, headers) for body in bodies], WRITES_PER_SECOND
    ) as callers:
        yield callers


class Navigations:
    """Counts how often a page has loaded a document."""

    def __init__(self, page: Page) -> None:
        self.count, self._page = 0, page
        page.on("framenavigated", lambda frame: self._seen(frame == page.main_frame))

    def _seen(self, is_main: bool) -> None:
        self.count += is_main

    def wait_for(self, count: int, within: float = 60) -> None:
        """Through the page's own clock: while this thread sleeps, nothing is heard of it."""
        deadline = time.monotonic() + within
        while self.count < count:
            assert time.monotonic() < deadline, f"nach {within:.0f} s erst {self.count}-mal geladen"
            self._page.wait_for_timeout(100)


def shut(callers: Callers) -> None:
    callers.wait_for(lambda sample: sample.outcome == "maintenance")


def assert_stays(page: Page, navigations: Navigations, loads: int = 1) -> None:
    """It came back once. That it does not load again and again can only be seen by watching for a while."""
    page.wait_for_timeout(WATCHED_FOR_LOOPS_MS)
    assert navigations.count == loads, f"{navigations.count}-mal geladen"


def first_answer_of(version: str, tally: Tally) -> float:
    return min(sample.ended for sample in tally.samples if sample.outcome == "ok" and sample.release == version)


def assert_only_good_answers(tally: Tally, releases: list[str]) -> None:
    """200 and the gate's own 503, nothing else; and never back and forth between releases."""
    assert not tally.failures, describe(tally)
    assert list(tally.releases) == releases


def kept(site: Site, mark: str) -> int:
    """How many of the writers' articles are there; a slow machine lets them write more than one page of them."""
    query, found, headers = {"q": f"Lastprobe {mark}", "limit": "200"}, 0, {"Cookie": cookie(site)}
    while True:
        answer = requests.get(f"{site.url}/api/articles", query, headers=headers, timeout=30).json()
        found += len(answer["articles"])
        if answer["after"] is None:
            return found
        query["after"] = answer["after"]

"""A person at a browser: screens, opening pages, signing in; whatever the page complains about is collected."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal, Protocol

import requests
from playwright.sync_api import Browser, Page, expect, sync_playwright

from testbed.browser import ensure_browser

Scheme = Literal["light", "dark"]
LOGIN = "demo"
PASSWORD = "rohr-zange-dichtung-7"
CLIENT = {"X-Lager-Client": "e2e"}
# No complaint: the 503 and 401 that a page handles itself, its live connection while nobody answers, and a header that
# only counts with https or on localhost.
EXPECTED = (
    "Failed to load resource",
    "WebSocket connection to",
    "The Cross-Origin-Opener-Policy header has been ignored",
)


FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--font-render-hinting=none",
]


@contextmanager
def chromium() -> Iterator[Browser]:
    ensure_browser()
    expect.set_options(timeout=20_000)  # only a deadline: other rooms share the two cores
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        yield browser
        browser.close()


class Reachable(Protocol):
    """Anywhere the app answers."""

    @property
    def url(self) -> str: ...


@dataclass(frozen=True)
class Screen:
    """Size in CSS pixels."""

    name: str
    width: int
    height: int
    is_phone: bool = False


DESKTOP = Screen("desktop", 1280, 800)
PHONE = Screen("telefon", 390, 844, is_phone=True)
SCREENS = (DESKTOP, PHONE)


@contextmanager
def at(browser: Browser, site: Reachable, screen: Screen, scheme: Scheme = "light", scale: float = 1) -> Iterator[Page]:
    """A fresh browser profile; errors of the page's scripts and refused contents fail the test."""
    context = browser.new_context(
        base_url=site.url,
        viewport={"width": screen.width, "height": screen.height},
        device_scale_factor=scale,
        is_mobile=screen.is_phone,
        has_touch=screen.is_phone,
        color_scheme=scheme,
        locale="de-DE",
        timezone_id="Europe/Berlin",
    )
    context.set_default_timeout(15_000)
    page, complaints = context.new_page(), list[str]()
    page.on("pageerror", lambda error: complaints.append(f"{error}\n{error.stack or ''}"))
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    try:
        yield page
        serious = [complaint for complaint in complaints if not complaint.startswith(EXPECTED)]
        assert not serious, f"die Seite klagt: {serious}"
    finally:
        context.close()


def cookie(site: Reachable) -> str:
    """A session of the example business's admin, as a Cookie header."""
    with requests.Session() as session:
        session.trust_env = False
        login = {"login": LOGIN, "password": PASSWORD}
        reply = session.post(f"{site.url}/api/session", json=login, headers=CLIENT, timeout=10)
        assert reply.ok, reply.text
        return "; ".join(f"{name}={value}" for name, value in session.cookies.items())


def enter(page: Page, site: Reachable) -> None:
    """Signed in without the form; `page` is still empty."""
    name, _, value = cookie(site).partition("=")
    page.context.add_cookies([{"name": name, "value": value, "url": site.url}])


def sign_in(page: Page) -> None:
    page.goto("/")
    page.get_by_label("Anmeldename").fill(LOGIN)
    page.get_by_label("Passwort", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Anmelden").click()
    expect(page.get_by_role("heading", name="Start", exact=True)).to_be_visible()


def invite(site: Reachable, name: str) -> str:
    """A one-time link that makes its user an admin, as an admin makes it in the app."""
    headers = {**CLIENT, "Cookie": cookie(site)}
    reply = requests.post(
        f"{site.url}/api/invitations", json={"name": name, "role": "admin"}, headers=headers, timeout=10
    )
    assert reply.ok, reply.text
    return str(reply.json()["link"])

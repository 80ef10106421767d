"""A running Lager app with its example business, and the people who work with it beside the browsers."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import requests
from playwright.sync_api import Page

from tests.e2e.visitor import CLIENT, LOGIN, PASSWORD, Reachable
from tests.integration.app.mongod import Mongod, free_port

ROOT = Path(__file__).resolve().parents[3]
START_SECONDS = 60
COLLEAGUE = "karla"
Json = dict[str, Any]


def built_pages() -> Path:
    argv = [sys.executable, str(ROOT / "app" / "build.py"), "--frontend-only"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return Path(done.stdout.strip().splitlines()[-1])


@dataclass
class Shop:
    """`lager serve` on loopback. Can be stopped and started again at the same address with the same data."""

    mongod: Mongod
    folder: Path
    pages: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "PYTHONPATH": str(ROOT / "app"),
            "LAGER_MONGODB_URI": self.mongod.uri,
            "LAGER_SECRET": "s" * 40,
            "LAGER_PUBLIC_URL": self.url,
            "LAGER_VERSION": "1.0.0",
            "LAGER_HOST": "127.0.0.1",
            "LAGER_FILES": str(self.folder),
            "LAGER_FRONTEND": str(self.pages),
            "PORT": str(self.port),
        }

    def load(self) -> None:
        argv = [sys.executable, "-m", "lager", "load-demo", "--user", LOGIN]
        subprocess.run(argv, env=self.environment, input=f"{PASSWORD}\n", text=True, check=True, capture_output=True)

    def start(self) -> None:
        with (self.folder / "log").open("ab") as log:
            argv = [sys.executable, "-m", "lager", "serve"]
            self.process = subprocess.Popen(argv, env=self.environment, stdout=log, stderr=log)
        deadline = time.monotonic() + START_SECONDS
        while not self._is_ready():
            assert time.monotonic() < deadline, (self.folder / "log").read_text()[-4000:]
            time.sleep(0.05)

    def _is_ready(self) -> bool:
        try:
            return requests.get(f"{self.url}/api/health", timeout=5).ok
        except requests.ConnectionError:
            return False

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


class Api:
    """Somebody's calls beside the browser."""

    def __init__(self, site: Reachable, login: str = LOGIN, password: str = PASSWORD) -> None:
        self.url = site.url
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers.update(CLIENT)
        self.call("POST", "/api/session", {"login": login, "password": password})

    def call(self, method: str, path: str, body: object = None) -> Json:
        reply = self.session.request(method, self.url + path, json=body, timeout=15)
        assert reply.ok, f"{method} {path}: {reply.status_code} {reply.text}"
        found: Json = reply.json() if reply.content else {}
        return found

    def article(self, name: str, unit: str = "Stk", **more: object) -> Json:
        return self.call("POST", "/api/articles", {"name": name, "unit": unit, **more})

    def find(self, text: str) -> str:
        """The id of the first article that the search finds."""
        found: list[Json] = self.call("GET", f"/api/articles?{urlencode({'q': text, 'limit': 1})}")["articles"]
        return str(found[0]["id"])

    def place(self, code: str) -> Json:
        found: list[Json] = self.call("GET", "/api/locations")["locations"]
        return next(one for one in found if one["code"] == code)

    def book(self, kind: str, line: Json, **more: object) -> Json:
        return self.call("POST", "/api/bookings", {"key": str(uuid.uuid4()), "kind": kind, "lines": [line], **more})

    def stocked(self, name: str, quantity: str, code: str = "HL-R1-1", unit: str = "Stk") -> Json:
        """A new article with some of it at a place."""
        place = self.place(code)["id"]
        article = self.article(name, unit, location_ids=[place])
        self.book("in", {"article_id": article["id"], "to_location_id": place, "quantity": quantity})
        return article

    def total(self, article: Json) -> str:
        return str(self.call("GET", f"/api/articles/{article['id']}/stock")["total"])

    def lying(self, article_id: str, location_id: str) -> str:
        """How much of it is at one place."""
        rows = self.call("GET", f"/api/articles/{article_id}/stock")["rows"]
        return next((str(row["quantity"]) for row in rows if row["location"]["id"] == location_id), "0")

    def bookings(self, article: Json) -> list[Json]:
        found: list[Json] = self.call("GET", f"/api/bookings?article={article['id']}")["rows"]
        return found

    def enter(self, page: Page) -> None:
        """The browser goes on in this session; `page` is still empty."""
        cookies = [{"name": one.name, "value": str(one.value), "url": self.url} for one in self.session.cookies]
        page.context.add_cookies(cookies)

    def invite_colleague(self) -> None:
        """A second user, with rights to book."""
        link = self.call("POST", "/api/invitations", {"name": "Karla Meister", "role": "lager"})["link"]
        token = str(link).rsplit("/", 1)[1]
        account = {"token": token, "login": COLLEAGUE, "name": "Karla Meister", "password": PASSWORD}
        requests.post(f"{self.url}/api/invitations/accept", json=account, headers=CLIENT, timeout=15)

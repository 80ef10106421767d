"""An update whose migration destroys data and fails behind the shut gate, while people book: release and data are as
before, and every booking that was acknowledged is there, once."""

from __future__ import annotations

import json
import threading
import time
import uuid
from types import TracebackType
from typing import Self

import pytest
import requests

from bench.gate import sign_in
from tests.e2e.site import STACK, Site
from tests.e2e.test_restore import mongo
from tests.e2e.visitor import LOGIN, PASSWORD

pytestmark = pytest.mark.faults

HEADERS = {"X-Lager-Client": "test"}
SPOIL = """
import os, pathlib, sys, pymongo
uri = pathlib.Path(os.environ["LAGER_MONGODB_URI_FILE"]).read_text().strip()
db = pymongo.MongoClient(uri).get_database("lager")
for name in ("bookings", "articles", "stock"):
    db[name].delete_many({})
print("alles weg", flush=True)
sys.exit(1)
"""


class Booker(threading.Thread):
    """Books one after the other through the gate; `acknowledged` are the keys it was told were booked."""

    def __init__(self, site: Site) -> None:
        super().__init__(daemon=True)
        self.origin, self.acknowledged, self._stop_wish = site.url, [], threading.Event()  # type: ignore[var-annotated]
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers.update(HEADERS | {"Cookie": sign_in(site.url, PASSWORD, LOGIN)})
        self._article = self._get("/api/articles?limit=5")["articles"][0]["id"]
        self._place = self._get("/api/locations")["locations"][0]["id"]

    def _get(self, path: str) -> dict[str, list[dict[str, str]]]:
        found: dict[str, list[dict[str, str]]] = self._session.get(self.origin + path, timeout=20).json()
        return found

    def run(self) -> None:
        while not self._stop_wish.is_set():
            key = str(uuid.uuid4())
            line = {"article_id": self._article, "to_location_id": self._place, "quantity": "1"}
            body = {"key": key, "kind": "in", "lines": [line]}
            try:
                answer = self._session.post(f"{self.origin}/api/bookings", json=body, timeout=20)
            except requests.RequestException:
                continue
            if answer.status_code == 201:
                self.acknowledged.append(key)
            time.sleep(0.02)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stop_wish.set()
        self.join()


def booked(site: Site) -> list[str]:
    return list(json.loads(mongo(site, "print(json.dumps([one['key'] for one in db.bookings.find({}, ['key'])]))")))


@pytest.mark.timeout(1200)
def test_release_and_data_are_as_before_and_no_acknowledged_booking_is_lost(site: Site) -> None:
    migration = {"command": ["python3", "-c", SPOIL], "timeout": 60, "compatible": False}
    site.play("site", "-e", site.stack(backup="before_update", strategy="recreate", migration=migration)).good()
    before, there = site.version(), len(booked(site))
    site.offer_next()
    with Booker(site) as booker:
        time.sleep(3)
        site.run("sh", "-c", f"upkeep update {STACK} --force || true")
        at_the_end = len(booker.acknowledged)
        time.sleep(3)
    report = site.last_report()
    assert report["result"] == "rolled_back", report
    assert "alles weg" in str(report["last_logs"])
    assert "Die Daten sind die von vor der Migration" in report["message"]
    assert site.version() == before
    keys = booked(site)
    assert len(keys) == len({*keys})
    assert [key for key in booker.acknowledged if key not in {*keys}] == []
    assert len(keys) >= there + len(booker.acknowledged)
    assert len(booker.acknowledged) > at_the_end, "nach dem Lauf wurde nicht mehr gebucht"
    site.lager("ledger", "verify")
    print({"bestätigt": len(booker.acknowledged), "Wartung": report["timings"].get("maintenance_s")})

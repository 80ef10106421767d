"""Who writes meanwhile: bookings into MongoDB and PostgreSQL, entries through the gate. What was acknowledged is on the
disk before the next one, so that nobody's end loses it."""

from __future__ import annotations

import http.client
import json
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable

from onhost.agent import PLACE
from onhost.data import stock

ACKNOWLEDGED = PLACE / "acknowledged.txt"
PAUSE = {"mongo": 0.02, "postgres": 0.3, "entries": 0.05}
REST = 0.3  # seconds after something went wrong


class Writers:
    def __init__(self, kinds: list[str]) -> None:
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._work, args=(kind,), daemon=True) for kind in kinds]
        self._guard = threading.Lock()
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _work(self, kind: str) -> None:
        act: dict[str, Callable[[], None]] = {
            "mongo": self._mongo,
            "postgres": self._postgres,
            "entries": self._entries,
        }
        while not self._stop.is_set():
            try:
                act[kind]()
            except Exception:  # servers come and go here: what was not acknowledged is nobody's
                time.sleep(REST)

    def _mongo(self) -> None:
        with stock.mongo() as client:
            while not self._stop.is_set():
                booking = f"b{time.time_ns()}"
                stock.book_mongo(client, booking)
                self._acknowledged("mongo", booking)

    def _postgres(self) -> None:
        booking = f"b{time.time_ns()}"
        try:
            stock.book_postgres(booking)
        except subprocess.SubprocessError:
            time.sleep(REST)
        else:
            self._acknowledged("postgres", booking)

    def _entries(self) -> None:
        entry = f"e{time.time_ns()}"
        connection = http.client.HTTPConnection("127.0.0.1", 80, timeout=10)
        try:
            connection.request("POST", "/entries", json.dumps(entry), {"Connection": "close"})
            status = connection.getresponse().status
        finally:
            connection.close()
        if status == 201:
            self._acknowledged("entries", entry)
        else:
            time.sleep(REST)

    def _acknowledged(self, kind: str, booking: str) -> None:
        with self._guard, ACKNOWLEDGED.open("a", encoding="utf-8") as file:
            file.write(f"{kind} {booking}\n")
        time.sleep(PAUSE[kind])


def acknowledged() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for line in ACKNOWLEDGED.read_text(encoding="utf-8").splitlines() if ACKNOWLEDGED.exists() else ():
        kind, booking = line.split(" ")
        found.setdefault(kind, set()).add(booking)
    return found


def lost() -> list[str]:
    """Of what was acknowledged."""
    counts = Counter({kind: len(told - stock.bookings(kind)) for kind, told in acknowledged().items()})
    return [f"{kind}: {count} bestätigte Buchungen fehlen" for kind, count in counts.items() if count]

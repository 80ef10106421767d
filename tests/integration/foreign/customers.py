"""People who write invoices while things happen, and remember which ones were acknowledged."""

from __future__ import annotations

import threading
import time
from collections import Counter

import requests

from tests.threads import Threads

PERSON = {"Accept": "text/html"}


class Customers(Threads):
    """Use as a context manager. Nothing is retried; `acknowledged` are the writes answered with 201."""

    def __init__(self, url: str, name: str) -> None:
        super().__init__((self._write, self._write, self._read))
        self._url, self._name = url, name
        self.acknowledged: list[str] = []
        self.answers: Counter[str] = Counter()
        self.pages: list[str] = []

    def missing(self) -> Counter[str]:
        """Acknowledged writes that are not there exactly once."""
        found = Counter(item["customer"] for item in requests.get(f"{self._url}/api/invoices", timeout=10).json())
        return Counter({name: found[name] for name in self.acknowledged if found[name] != 1})

    def _write(self) -> None:
        number = 0
        while not self.over:
            number += 1
            name = f"{self._name} {threading.get_ident()} {number}"
            answer = self._ask("POST", "/api/invoices", json={"customer": name, "amount": "12,50"})
            if answer is not None and answer.status_code == 201:
                self.acknowledged.append(name)
            time.sleep(0.02)

    def _read(self) -> None:
        """As a browser asks: pages that differ from the one before are kept."""
        while not self.over:
            answer = self._ask("GET", "/rechnungen/neu", headers=PERSON)
            if answer is not None and (not self.pages or self.pages[-1] != answer.text):
                self.pages.append(answer.text)
            time.sleep(0.02)

    def _ask(self, method: str, path: str, **more: object) -> requests.Response | None:
        try:
            answer = requests.request(method, f"{self._url}{path}", timeout=10, **more)  # type: ignore[arg-type]
        except requests.RequestException as error:
            self.answers[type(error).__name__] += 1
            return None
        self.answers[str(answer.status_code)] += 1
        return answer

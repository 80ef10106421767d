"""People who write invoices while things happen, and remember which ones were acknowledged."""

from __future__ import annotations

import threading
import time
from collections import Counter
from types import TracebackType
from typing import Self

import requests

PERSON = {"Accept": "text/html"}


class Customers:
    """Use as a context manager. Nothing is retried; `acknowledged` are the writes answered with 201."""

    def __init__(self, url: str, name: str) -> None:
        self._url, self._name = url, name
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=work, daemon=True) for work in (self._write, self._write, self._read)]
        self.acknowledged: list[str] = []
        self.answers: Counter[str] = Counter()
        self.pages: list[str] = []

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        time.sleep(0.5)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        time.sleep(0.5)
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def missing(self) -> Counter[str]:
        """Acknowledged writes that are not there exactly once."""
        found = Counter(item["customer"] for item in requests.get(f"{self._url}/api/invoices", timeout=10).json())
        return Counter({name: found[name] for name in self.acknowledged if found[name] != 1})

    def _write(self) -> None:
        number = 0
        while not self._stop.is_set():
            number += 1
            name = f"{self._name} {threading.get_ident()} {number}"
            answer = self._ask("POST", "/api/invoices", json={"customer": name, "amount": "12,50"})
            if answer is not None and answer.status_code == 201:
                self.acknowledged.append(name)
            time.sleep(0.02)

    def _read(self) -> None:
        """As a browser asks: pages that differ from the one before are kept."""
        while not self._stop.is_set():
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

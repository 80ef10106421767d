"""Visible load on a testbed host's gate: a few clients, bounded in time by the test."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import requests

from tests.integration.upkeep.host import EngineHost


@dataclass(frozen=True)
class Seen:
    at: float
    kind: str


class Load:
    """Use as a context manager; afterwards `kinds` says which answers were seen (`200 1.0.0`, `503`, an error)."""

    def __init__(self, host: EngineHost, path: str = "/api/health", workers: int = 4) -> None:
        self._url = f"http://{host.address()}{path}"
        self._stop = threading.Event()
        self._seen: list[Seen] = []
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(workers)]

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

    def kinds(self) -> set[str]:
        return {seen.kind for seen in self._seen}

    def window(self) -> float:
        """Seconds between the first and the last answer that was not the app's."""
        shut = [seen.at for seen in self._seen if not seen.kind.startswith("200")]
        return max(shut) - min(shut) if shut else 0.0

    def _work(self) -> None:
        with requests.Session() as session:
            session.trust_env = False
            while not self._stop.is_set():
                at = time.monotonic()
                self._seen.append(Seen(at, self._ask(session)))
                time.sleep(0.01)

    def _ask(self, session: requests.Session) -> str:
        try:
            answer = session.get(self._url, timeout=20)
        except requests.RequestException as error:
            return type(error).__name__
        return f"200 {answer.json()['version']}" if answer.status_code == 200 else str(answer.status_code)

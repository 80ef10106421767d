"""Visible load on a testbed host's gate: a few clients, bounded in time by the test."""

from __future__ import annotations

import time
from dataclasses import dataclass

import requests

from tests.integration.upkeep.host import EngineHost
from tests.threads import Threads


@dataclass(frozen=True)
class Seen:
    at: float
    kind: str


class Load(Threads):
    """Use as a context manager; afterwards `kinds` says which answers were seen (`200 1.0.0`, `503`, an error)."""

    def __init__(self, host: EngineHost, path: str = "/api/health", workers: int = 4) -> None:
        super().__init__([self._work] * workers)
        self._url = f"http://{host.address()}{path}"
        self._seen: list[Seen] = []

    def kinds(self) -> set[str]:
        return {seen.kind for seen in self._seen}

    def window(self) -> float:
        """Seconds between the first and the last answer that was not the app's."""
        shut = [seen.at for seen in self._seen if not seen.kind.startswith("200")]
        return max(shut) - min(shut) if shut else 0.0

    def _work(self) -> None:
        with requests.Session() as session:
            session.trust_env = False
            while not self.over:
                at = time.monotonic()
                self._seen.append(Seen(at, self._ask(session)))
                time.sleep(0.01)

    def _ask(self, session: requests.Session) -> str:
        try:
            answer = session.get(self._url, timeout=20)
        except requests.RequestException as error:
            return type(error).__name__
        return f"200 {answer.json()['version']}" if answer.status_code == 200 else str(answer.status_code)

"""One look at a running app, straight at the container's address: no redirects, no proxies, a short timeout."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True)
class Answer:
    """`status` None: no HTTP answer; `error` says why. `document` is the JSON object, if it was one."""

    status: int | None
    error: str = ""
    document: dict[str, Any] | None = None

    @property
    def version(self) -> str | None:
        version = (self.document or {}).get("version")
        return str(version) if version is not None else None

    def __str__(self) -> str:
        return f"HTTP {self.status}" if self.status is not None else self.error or "keine Antwort"


class Probe(Protocol):
    def get(self, address: str, port: int, path: str, timeout: float) -> Answer: ...

    def post(self, address: str, port: int, path: str, timeout: float) -> Answer:
        """One POST without a body."""

    def connects(self, address: str, port: int, timeout: float) -> bool:
        """Whether something listens there (for databases)."""


class HttpProbe:
    """requests without environment proxies; at most `LIMIT` bytes of an answer are read."""

    LIMIT = 256 * 1024

    def get(self, address: str, port: int, path: str, timeout: float) -> Answer:
        return self._ask("GET", f"http://{address}:{port}{path}", timeout)

    def post(self, address: str, port: int, path: str, timeout: float) -> Answer:
        return self._ask("POST", f"http://{address}:{port}{path}", timeout)

    def _ask(self, method: str, url: str, timeout: float) -> Answer:
        import requests

        with requests.Session() as session:
            session.trust_env = False
            try:
                with session.request(method, url, timeout=timeout, allow_redirects=False, stream=True) as response:
                    return Answer(response.status_code, document=_document(response.raw.read(self.LIMIT, True)))
            except requests.Timeout:
                return Answer(None, f"keine Antwort in {timeout:g} s")
            except (requests.RequestException, OSError) as exc:
                return Answer(None, "Verbindung abgelehnt" if _was_refused(exc) else type(exc).__name__)

    def connects(self, address: str, port: int, timeout: float) -> bool:
        import socket

        try:
            with socket.create_connection((address, port), timeout=timeout):
                return True
        except OSError:
            return False


def _was_refused(error: BaseException | None) -> bool:
    """urllib3 wraps the reason several times; the chain of contexts keeps it."""
    while error is not None:
        if isinstance(error, ConnectionRefusedError):
            return True
        error = error.__cause__ or error.__context__
    return False


def _document(body: bytes) -> dict[str, Any] | None:
    import json

    try:
        parsed = json.loads(body)
    except ValueError:
        return None
    return parsed if isinstance(parsed, dict) else None

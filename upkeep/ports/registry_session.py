"""One conversation with a registry: token sign-in, no redirect ever carries credentials."""

from __future__ import annotations

import base64
import re
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode, urlsplit

import requests

from upkeep.errors import ImageMissing, RegistryFailed
from upkeep.ports.registry import INDEXES, MANIFESTS
from upkeep.reference import DOCKER_HUB, Reference

HUB_CREDENTIALS = "https://index.docker.io/v1/"
_CHALLENGE = re.compile(r'(\w+)="([^"]*)"')


class RegistrySession:
    """`address`: base address of the registry (`https://ghcr.io`). Use as a context manager."""

    def __init__(self, address: str, reference: Reference, timeout: float) -> None:
        self._address = address
        self._reference = reference
        self._timeout = timeout
        self._session = requests.Session()
        self._authorization: str | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._session.close()

    def manifest(self, reference: str) -> requests.Response:
        return self._get(f"/v2/{self._reference.path}/manifests/{reference}", ", ".join((*INDEXES, *MANIFESTS)))

    def blob(self, digest: str) -> requests.Response:
        """Blobs may lie elsewhere (storage, CDN): followed without credentials; the digest proves the bytes."""
        response = self._get(f"/v2/{self._reference.path}/blobs/{digest}", "*/*", redirect=True)
        if response.is_redirect:
            target = response.headers["Location"]
            if not target.startswith("https://") and urlsplit(target).netloc != urlsplit(self._address).netloc:
                raise self._failed(f"Umleitung nach {urlsplit(target).scheme}://{urlsplit(target).netloc}")
            response = self._send(target, {})
        return self._checked(response)

    def _get(self, path: str, accept: str, redirect: bool = False) -> requests.Response:
        headers = {"Accept": accept}
        if self._authorization:
            headers["Authorization"] = self._authorization
        response = self._send(f"{self._address}{path}", headers)
        if response.status_code == 401 and self._authorization is None:
            self._authorization = self._sign_in(response.headers.get("WWW-Authenticate", ""))
            return self._get(path, accept, redirect)
        return response if redirect and response.is_redirect else self._checked(response)

    def _send(self, url: str, headers: dict[str, str]) -> requests.Response:
        try:
            return self._session.get(url, headers=headers, timeout=self._timeout, allow_redirects=False, stream=True)
        except requests.RequestException as exc:
            raise self._failed(f"nicht erreichbar ({type(exc).__name__})") from exc

    def _checked(self, response: requests.Response) -> requests.Response:
        if response.status_code == 200:
            return response
        if response.status_code == 404:
            raise ImageMissing(
                f"Das Abbild {self._reference} gibt es nicht",
                observed=f"HTTP 404 von {self._address}",
                next_step="Name und Tag im Inventar prüfen, oder das Abbild zuerst veröffentlichen.",
            )
        if response.status_code in (401, 403):
            raise self._failed(f"HTTP {response.status_code}: kein Zugriff", "`docker login` als root auf diesem Host.")
        raise self._failed(f"HTTP {response.status_code}")

    def _sign_in(self, challenge: str) -> str:
        scheme, _, rest = challenge.partition(" ")
        credentials = self._credentials()
        if scheme.lower() == "basic" and credentials:
            return f"Basic {_basic(credentials)}"
        if scheme.lower() != "bearer":
            raise self._failed(f"Anmeldung „{scheme or 'keine'}“", "`docker login` als root auf diesem Host.")
        return f"Bearer {self._token(dict(_CHALLENGE.findall(rest)), credentials)}"

    def _token(self, challenge: dict[str, str], credentials: tuple[str, str] | None) -> str:
        realm = urlsplit(challenge.get("realm", ""))
        query = urlencode({"service": challenge.get("service", ""), "scope": f"repository:{self._reference.path}:pull"})
        headers = {}
        if credentials and _related(realm.hostname or "", urlsplit(self._address).hostname or ""):
            headers["Authorization"] = f"Basic {_basic(credentials)}"
        if realm.scheme != urlsplit(self._address).scheme and realm.scheme != "https":
            raise self._failed(f"unsichere Anmeldung bei {realm.netloc}")
        answer: Any = self._checked(self._send(f"{realm.geturl()}?{query}", headers)).json()
        return str(answer.get("token") or answer.get("access_token") or "")

    def _credentials(self) -> tuple[str, str] | None:
        from docker import auth

        registry = self._reference.registry
        found = auth.load_config().resolve_authconfig(HUB_CREDENTIALS if registry == DOCKER_HUB else registry)
        return (found["username"], found["password"]) if found and found.get("username") else None

    def _failed(self, observed: str, next_step: str | None = None) -> RegistryFailed:
        return RegistryFailed(
            f"Die Registry {self._address} gibt {self._reference} nicht her",
            observed=observed,
            next_step=next_step or "Netz, Namen und Port prüfen und erneut versuchen.",
        )


def _basic(credentials: tuple[str, str]) -> str:
    return base64.b64encode(":".join(credentials).encode()).decode()


def _related(realm: str, registry: str) -> bool:
    """Same host or same last two labels (auth.docker.io and registry-1.docker.io): others never see a password."""
    return realm == registry or realm.split(".")[-2:] == registry.split(".")[-2:]

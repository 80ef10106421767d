"""One conversation with a registry: token sign-in, no redirect ever carries credentials."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode, urlsplit

import requests
from urllib3.exceptions import HTTPError

from upkeep.errors import ImageMissing, RegistryFailed
from upkeep.versions.reference import DOCKER_HUB, Reference

INDEXES = ("application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json")
MANIFESTS = ("application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json")
HUB_CREDENTIALS = "https://index.docker.io/v1/"
LIMIT = 8 * 1024 * 1024
_CHALLENGE = re.compile(r'(\w+)="([^"]*)"')


@dataclass(frozen=True)
class Page:
    """One answer, read to its end (at most `LIMIT` bytes and one)."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def redirect(self) -> bool:
        return self.status in (301, 302, 303, 307, 308) and "Location" in self.headers


class RegistrySession:
    """`address`: base address of the registry (`https://ghcr.io`), `login`: a file of credentials in place of
    root's. Use as a context manager."""

    def __init__(self, address: str, reference: Reference, timeout: float, login: Path | None = None) -> None:
        self._login = str(login) if login else None
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

    def manifest(self, reference: str) -> Page:
        return self._get(f"/v2/{self._reference.path}/manifests/{reference}", ", ".join((*INDEXES, *MANIFESTS)))

    def page(self, path: str) -> Page:
        return self._get(path, "application/json")

    def blob(self, digest: str) -> Page:
        """Blobs may lie elsewhere (storage, CDN): followed without credentials; the digest proves the bytes."""
        page = self._get(f"/v2/{self._reference.path}/blobs/{digest}", "*/*", redirect=True)
        if page.redirect:
            target = page.headers["Location"]
            if not target.startswith("https://") and urlsplit(target).netloc != urlsplit(self._address).netloc:
                raise self._failed(f"Umleitung nach {urlsplit(target).scheme}://{urlsplit(target).netloc}")
            page = self._send(target, {})
        return self._checked(page)

    def _get(self, path: str, accept: str, redirect: bool = False) -> Page:
        headers = {"Accept": accept}
        if self._authorization:
            headers["Authorization"] = self._authorization
        page = self._send(f"{self._address}{path}", headers)
        if page.status == 401 and self._authorization is None:
            self._authorization = self._sign_in(page.headers.get("WWW-Authenticate", ""))
            return self._get(path, accept, redirect)
        return page if redirect and page.redirect else self._checked(page)

    def _send(self, url: str, headers: dict[str, str]) -> Page:
        try:
            with self._session.get(
                url, headers=headers, timeout=self._timeout, allow_redirects=False, stream=True
            ) as answer:
                return Page(answer.status_code, answer.headers, answer.raw.read(LIMIT + 1, decode_content=True))
        except (requests.RequestException, HTTPError) as exc:
            raise self._failed(f"nicht erreichbar ({type(exc).__name__})") from exc

    def _checked(self, page: Page) -> Page:
        if page.status == 200:
            return page
        if page.status == 404:
            raise ImageMissing(
                f"Das Abbild {self._reference} gibt es nicht",
                observed=f"HTTP 404 von {self._address}",
                next_step="Name und Tag im Inventar prüfen, oder das Abbild zuerst veröffentlichen.",
            )
        if page.status in (401, 403):
            raise self._no_access(f"HTTP {page.status}")
        raise self._failed(f"HTTP {page.status}")

    def _sign_in(self, challenge: str) -> str:
        scheme, _, rest = challenge.partition(" ")
        credentials = self._credentials()
        if scheme.lower() == "basic" and credentials:
            return f"Basic {_basic(credentials)}"
        if scheme.lower() != "bearer":
            raise self._no_access(f"Anmeldung „{scheme or 'keine'}“")
        return f"Bearer {self._token(dict(_CHALLENGE.findall(rest)), credentials)}"

    def _token(self, challenge: dict[str, str], credentials: tuple[str, str] | None) -> str:
        realm = urlsplit(challenge.get("realm", ""))
        query = urlencode({"service": challenge.get("service", ""), "scope": f"repository:{self._reference.path}:pull"})
        headers = {}
        if credentials and _related(realm.hostname or "", urlsplit(self._address).hostname or ""):
            headers["Authorization"] = f"Basic {_basic(credentials)}"
        if realm.scheme != urlsplit(self._address).scheme and realm.scheme != "https":
            raise self._failed(f"unsichere Anmeldung bei {realm.netloc}")
        page = self._checked(self._send(f"{realm.geturl()}?{query}", headers))
        try:
            answer: Any = json.loads(page.body)
            return str(answer.get("token") or answer.get("access_token") or "")
        except (ValueError, AttributeError) as exc:
            raise self._failed(f"{realm.netloc} gibt kein Token aus") from exc

    def _credentials(self) -> tuple[str, str] | None:
        from docker import auth

        registry = self._reference.registry
        name = HUB_CREDENTIALS if registry == DOCKER_HUB else registry
        found = auth.load_config(self._login).resolve_authconfig(name)
        return (found["username"], found["password"]) if found and found.get("username") else None

    def _no_access(self, observed: str) -> RegistryFailed:
        """Wrong, expired or missing credentials: where they come from is said with it."""
        credentials = self._credentials()
        known = (
            f"die Anmeldung als {credentials[0]} gilt nicht (mehr)" if credentials else "kein Zugriff ohne Anmeldung"
        )
        step = f"upkeep_agent__registries für {self._reference.registry} im Inventar erneuern, dann "
        return self._failed(f"{observed}: {known}", f"{step}`ansible-playbook playbooks/site.yml` ausführen.")

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

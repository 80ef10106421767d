"""Random tokens, of which the database only ever sees a keyed hash."""

from __future__ import annotations

import hashlib
import hmac
import secrets


class Tokens:
    """Keyed with the app's secret, so that a stolen database dump neither opens a session nor reveals an address."""

    def __init__(self, secret: str) -> None:
        self._key = hashlib.sha256(b"lager tokens v1:" + secret.encode()).digest()

    @staticmethod
    def new() -> str:
        """256 random bits, safe in a URL and in a cookie."""
        return secrets.token_urlsafe(32)

    def hashed(self, purpose: str, token: str) -> str:
        return hmac.new(self._key, f"{purpose}:{token}".encode(), hashlib.sha256).hexdigest()

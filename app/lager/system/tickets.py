"""Tickets: with one the browser may ask the stack's door for one thing, once, within a minute.

The app only signs; the agent on the host verifies. `base64url(json).base64url(hmac_sha256)` without padding.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from lager.accounts.model import User
from lager.problems import Conflict

VERSION = 1
AUDIENCE = "upkeep-door"
LIFETIME = 60  # seconds
NO_KEY = (
    "Aus dem Browser lässt sich hier nichts starten: Der Schlüssel {path} {why}. Bitte den Betreiber, "
    "„playbooks/site.yml“ auszuführen (ticket_key im Inventar)."
)


class Action(StrEnum):
    START_UPDATE = "start-update"
    CHECK_UPDATE = "check-update"
    START_BACKUP = "start-backup"


@dataclass(frozen=True)
class Ticket:
    text: str
    expires_at: datetime

    def view(self) -> dict[str, Any]:
        return {"ticket": self.text, "expires_at": self.expires_at.isoformat()}


@dataclass(frozen=True)
class TicketOffice:
    """``key_file`` holds one key a line, the newest first; it is read each time, so a new one counts at once."""

    key_file: Path
    stack: str
    now: Callable[[], datetime]

    def is_open(self) -> bool:
        return bool(self._key()[0])

    def issue(self, action: Action, user: User) -> Ticket:
        """Raises Conflict where there is no key. Who may have one is the caller's business."""
        key, why = self._key()
        if not key:
            raise Conflict(NO_KEY.format(path=self.key_file, why=why))
        issued = int(self.now().timestamp())
        claims = {
            "v": VERSION,
            "aud": AUDIENCE,
            "stack": self.stack,
            "action": action.value,
            "nonce": secrets.token_urlsafe(24),
            "iat": issued,
            "exp": issued + LIFETIME,
            "sub": user.login,
        }
        body = _encoded(json.dumps(claims, ensure_ascii=False).encode())
        signature = hmac.new(key, body.encode(), hashlib.sha256).digest()
        return Ticket(f"{body}.{_encoded(signature)}", datetime.fromtimestamp(issued + LIFETIME, UTC))

    def _key(self) -> tuple[bytes, str]:
        """The newest key, or why there is none."""
        try:
            lines = self.key_file.read_bytes().split()
        except FileNotFoundError:
            return b"", "fehlt"
        except OSError as exc:
            return b"", f"ist nicht lesbar ({exc.strerror})"
        return (lines[0], "") if lines else (b"", "ist leer")


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()

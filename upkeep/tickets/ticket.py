"""Tickets: how an application says that one of its admins may have something done, once and within a minute.

`base64url(json).base64url(hmac_sha256)` without padding; the HMAC covers the first part as it is written, its key is a
line of the stack's secret `ticket-key` (newest first). docs/update-knopf.md tells applications how to make one.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from upkeep.errors import NotAdmitted, PolicyInvalid
from upkeep.tickets.actions import LONGEST_TICKET, Action

VERSION = 1
AUDIENCE = "upkeep-door"
LONGEST_LIFE = 60  # seconds from iat to exp
SKEW = 5  # seconds that the application's clock may be ahead or behind
MOST_KEYS = 2
_KEY = re.compile(r"[!-~]{32,200}")
_NONCE = re.compile(r"[A-Za-z0-9_-]{16,64}")
_CLAIMS = {"v": int, "aud": str, "stack": str, "action": str, "nonce": str, "iat": int, "exp": int}
_UNNAMEABLE = re.compile(r"[^\w .,:@+-]")


@dataclass(frozen=True)
class Ticket:
    """One that is good for `stack` and `action` right now, unless its nonce was spent. `issued` in Unix seconds."""

    stack: str
    action: Action
    nonce: str
    issued: int
    sub: str

    @property
    def starter(self) -> str:
        """Who the application says it was, fit for reports and the audit log."""
        return f"door:{_UNNAMEABLE.sub('', self.sub).strip()[:60] or 'unbekannt'}"


def keys(text: str, where: str) -> tuple[str, ...]:
    """The keys that count: the newest first, during a change the one before in the second line. Raises PolicyInvalid,
    which shows none."""
    found = tuple(line.strip() for line in text.splitlines() if line.strip())
    if not 1 <= len(found) <= MOST_KEYS or not all(_KEY.fullmatch(key) for key in found):
        lengths = ", ".join(f"{len(key)} Zeichen" for key in found) or "nichts"
        raise PolicyInvalid(
            f"{where} ist ungültig",
            observed=lengths,
            limit="ein oder zwei Zeilen mit je 32 bis 200 sichtbaren ASCII-Zeichen, oben der neuere Schlüssel",
            next_step="Erzeugen: `make secrets INVENTORY=…`, danach das Playbook erneut ausführen.",
        )
    return found


def read(text: str, keys: Sequence[str], stack: str, action: Action, now: float) -> Ticket:
    """The verified ticket. Raises NotAdmitted. `keys`: those that count, in any order."""
    claims = _claims(_signed(text, keys))
    if (claims["aud"], claims["stack"], claims["action"]) != (AUDIENCE, stack, action):
        found = f"{claims['aud'][:20]}, {claims['stack'][:40]}, {claims['action'][:40]}"
        limit = f"{AUDIENCE}, {stack}, {action}"
        raise NotAdmitted("ticket_other", "Das Ticket ist für etwas anderes", observed=found, limit=limit)
    if claims["iat"] > now + SKEW:
        raise NotAdmitted("ticket_early", "Das Ticket gilt noch nicht", next_step="Uhren der Anwendung prüfen.")
    if now >= claims["exp"] + SKEW:
        raise NotAdmitted("ticket_expired", "Das Ticket ist abgelaufen", next_step="Ein neues holen.")
    return Ticket(stack, action, claims["nonce"], claims["iat"], str(claims.get("sub", "")))


def sign(claims: dict[str, Any], key: str) -> str:
    """What an application does."""
    body = _encode(json.dumps(claims).encode())
    return f"{body}.{_encode(_mac(body, key))}"


def _signed(text: str, keys: Sequence[str]) -> bytes:
    """The first part's bytes, once one of the keys is found to have signed them."""
    body, _, signature = text.partition(".")
    content, given = _decode(body), _decode(signature)
    if len(text) > LONGEST_TICKET or content is None or given is None:
        raise _invalid()
    # every key is tried, so that the time taken tells nothing
    matches = [hmac.compare_digest(_mac(body, key), given) for key in keys]
    if not any(matches):
        raise _invalid()
    return content


def _claims(content: bytes) -> dict[str, Any]:
    try:
        claims = json.loads(content)
    except (ValueError, RecursionError):
        claims = None
    if not isinstance(claims, dict) or not set(_CLAIMS) <= set(claims) <= {*_CLAIMS, "sub"}:
        raise _invalid()
    well_typed = all(type(claims[name]) is kind for name, kind in _CLAIMS.items())
    if not well_typed or not isinstance(claims.get("sub", ""), str) or claims["v"] != VERSION:
        raise _invalid()
    if not _NONCE.fullmatch(claims["nonce"]) or not 0 < claims["exp"] - claims["iat"] <= LONGEST_LIFE:
        raise _invalid()
    return claims


def _invalid() -> NotAdmitted:
    return NotAdmitted("ticket_invalid", "Das Ticket gilt nicht", next_step="Ein neues holen.")


def _mac(body: str, key: str) -> bytes:
    return hmac.new(key.encode(), body.encode(), hashlib.sha256).digest()


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decode(text: str) -> bytes | None:
    """None unless it is the one spelling of these bytes."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        return None
    return raw if _encode(raw) == text else None

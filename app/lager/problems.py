"""What can go wrong for a user: one base class, German messages, classified by type.

``web.errors`` turns these into answers; the domain knows no HTTP.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Problem(Exception):
    """``message`` is shown to the user as it is; ``fields`` maps a field's name to its own message."""

    def __init__(self, message: str, fields: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.fields = dict(fields or {})


class BadRequest(Problem):
    """The request itself makes no sense (no JSON, unknown cursor)."""


class NoSuchPage(BadRequest):
    """A list's cursor that leads nowhere."""

    def __init__(self) -> None:
        super().__init__("Diese Seite der Liste gibt es nicht. Bitte die Liste neu laden.")


class BadFields(Problem):
    """Fields need correcting."""

    def __init__(self, fields: Mapping[str, str], message: str | None = None) -> None:
        count = len(fields)
        super().__init__(message or f"Bitte {'ein Feld' if count == 1 else f'{count} Felder'} prüfen.", fields)


class NotSignedIn(Problem):
    """No valid session."""

    def __init__(self, message: str = "Bitte melden Sie sich an.") -> None:
        super().__init__(message)


class Forbidden(Problem):
    """Signed in (or not), but not allowed."""


class NotFound(Problem):
    """The thing does not exist (any more)."""


class Conflict(Problem):
    """Not possible in the present state."""


class Stale(Conflict):
    """Someone else saved in the meantime; ``current`` is the newer state as the API shows it."""

    def __init__(self, message: str, current: Mapping[str, Any]) -> None:
        super().__init__(message)
        self.current = dict(current)


class TooManyAttempts(Problem):
    """Throttled; ``retry_after`` in whole seconds."""

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after

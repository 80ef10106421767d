"""The time of day and waiting, passed in so that no unit test sleeps."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime:
        """The time of day in UTC."""

    def monotonic(self) -> float: ...

    def sleep(self, seconds: float) -> None: ...


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


def stamp(moment: datetime) -> str:
    """ISO 8601 in UTC with milliseconds: `2026-11-21T09:30:12.345Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def moment(text: str) -> datetime:
    """Reads what `stamp` wrote, and Docker's nanoseconds. Raises ValueError."""
    head, dot, tail = text.strip().partition(".")
    if dot:
        digits = tail.rstrip("Z").split("+")[0].split("-")[0]
        zone = tail[len(digits) :] or "+00:00"
        text = f"{head}.{digits[:6].ljust(6, '0')}{zone}"
    parsed = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)

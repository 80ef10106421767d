"""Points in time as people write them: „18:30“, „21.11.2026 18:30“, ISO 8601.

Standard library only: Ansible ships this file as `ansible.module_utils.upkeep_moment`.
"""

from __future__ import annotations

from datetime import datetime, timedelta

_FORMATS = ("%d.%m.%Y %H:%M", "%d.%m.%Y, %H:%M")


class NotAMoment(ValueError):
    """The text is no point in time, or one that has passed. The message is German."""


def parse_until(text: str, now: datetime) -> str:
    """A future point in time as ISO 8601 with offset. „18:30“ is the next half past six. `now` carries its zone."""
    moment = _clock_time(text, now) or _date_and_time(text)
    if moment is None:
        raise NotAMoment(
            f"„{text}“ ist kein Zeitpunkt. Erlaubt: „18:30“, „21.11.2026 18:30“ oder „2026-11-21T18:30+01:00“."
        )
    if moment <= now:
        raise NotAMoment(
            f"„{text}“ ist schon vorbei (jetzt: {now:%d.%m.%Y %H:%M}). Bitte einen späteren Zeitpunkt nennen."
        )
    return moment.isoformat(timespec="seconds")


def _clock_time(text: str, now: datetime) -> datetime | None:
    try:
        clock = datetime.strptime(text.strip(), "%H:%M").time()
    except ValueError:
        return None
    local = now.astimezone()
    today = datetime.combine(local.date(), clock).astimezone()
    return today if today > now else datetime.combine(local.date() + timedelta(days=1), clock).astimezone()


def _date_and_time(text: str) -> datetime | None:
    for pattern in _FORMATS:
        try:
            return datetime.strptime(text.strip(), pattern).astimezone()
        except ValueError:
            continue
    try:
        return datetime.fromisoformat(text.strip()).astimezone()
    except ValueError:
        return None

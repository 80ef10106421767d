"""How fast a database grows, read off its backups."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from upkeep.postgres.catalogue import Backup

SHORTEST = timedelta(days=7)  # less says nothing of a year
YEAR = timedelta(days=365)
GIGABYTE = 1024**3


def forecast(backups: Sequence[Backup]) -> str | None:
    """A German sentence from the oldest and the newest backup that tell a size; None when they are too close."""
    known = sorted((one for one in backups if one.live_size), key=lambda one: one.moment)
    if not known or (span := known[-1].moment - known[0].moment) < SHORTEST:
        return None
    yearly = (known[-1].live_size - known[0].live_size) * (YEAR / span) / GIGABYTE
    size = known[-1].live_size / GIGABYTE
    if yearly < 0.05:
        return f"Die Datenbank hat {size:.1f} GB und wächst kaum."
    return f"Die Datenbank hat {size:.1f} GB und wächst um {yearly:.1f} GB im Jahr (gerechnet aus {span.days} Tagen)."

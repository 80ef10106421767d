"""Why a run failed, as its record keeps it."""

from __future__ import annotations

import logging

from upkeep.errors import UpkeepError
from upkeep.memory.journal import Record

log = logging.getLogger("upkeep.run")


def blame(record: Record, exc: Exception) -> str:
    """Remember it in the operator's words and in the programs'; the words."""
    record.reason, record.code = told(exc), getattr(exc, "code", "failed")
    return record.reason


def blame_way_back(record: Record, exc: Exception) -> None:
    """The way back failed, too. Once: an alarm may have been cut short, and then this is said again."""
    if " Beim Zurückgehen: " not in record.reason:
        record.reason += f" Beim Zurückgehen: {told(exc)}"


def told(exc: Exception) -> str:
    """An error in the operator's words; surprises are logged with their trace."""
    if isinstance(exc, UpkeepError):
        return str(exc)
    log.error("unerwartet", exc_info=exc)
    return f"Unerwarteter Fehler: {type(exc).__name__}: {exc}."

"""Room on a disk, counted in megabytes as operators do."""

from __future__ import annotations

from pathlib import Path

from upkeep.errors import Refused
from upkeep.ports.files import Files

MEGABYTE = 1024 * 1024


def free(files: Files, place: Path) -> int:
    """Megabytes that are free where `place` lies."""
    return files.free_bytes(place) // MEGABYTE


def demand(files: Files, place: Path, needed: int, what: str, next_step: str) -> int:
    """The megabytes that are free there; Refused with `what` when they are fewer than `needed`."""
    found = free(files, place)
    if found < needed:
        raise Refused(what, observed=f"{found} MB frei in {place}", limit=f"{needed} MB", next_step=next_step)
    return found

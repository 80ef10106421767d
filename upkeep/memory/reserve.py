"""The reserve file: 16 MB per stack that are given up first when the disk is full, so that a run can still say its end.

Giving up is the port's business (ports/files.py); here it is made, and made again when there is room.
"""

from __future__ import annotations

import logging

from upkeep import room
from upkeep.errors import UpkeepError
from upkeep.layout import StackPaths
from upkeep.ports import Ports

SIZE = 16 * room.MEGABYTE
ROOM = 2 * SIZE  # made only where at least this stays free beside it

log = logging.getLogger("upkeep.reserve")


def ensure(paths: StackPaths, ports: Ports) -> bool:
    """Whether there is one now. Never raises: a host without reserve still does its work."""
    if paths.reserve.exists():
        return True
    try:
        if ports.files.free_bytes(paths.data) < SIZE + ROOM:
            return False
        ports.files.preallocate(paths.reserve, SIZE)
    except (UpkeepError, OSError) as exc:
        log.warning("%s: %s", paths.name, exc)
        return False
    return True


def missing(paths: StackPaths, ports: Ports) -> str | None:
    """What to tell the operator when it is gone."""
    if paths.reserve.exists() or not paths.data.exists():
        return None
    free = room.free(ports.files, paths.data)
    return (
        f"Die Platte war voll: die Reserve {paths.reserve} ist aufgebraucht ({free} MB frei). "
        f"Ab {(SIZE + ROOM) // room.MEGABYTE} MB legt der nächste Vorgang sie neu an."
    )

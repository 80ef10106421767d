"""What must hold before every command and after every run: the audit log is complete, the reserve is there, the
application can read how things stand."""

from __future__ import annotations

import logging

from upkeep.errors import UpkeepError
from upkeep.layout import StackPaths
from upkeep.memory import audit, publication, reserve
from upkeep.memory.journal import Record
from upkeep.ports import Ports

log = logging.getLogger("upkeep.house")


def settle(paths: StackPaths, ports: Ports, running: Record | None = None) -> None:
    """`running`: the run that is about to begin. Never raises: what cannot be put right now is tried again next time,
    and `upkeep status` tells of it."""
    if not paths.data.exists():
        return
    publication.publish(paths, ports, running)
    reserve.ensure(paths, ports)
    try:
        audit.complete(paths, ports)
    except (UpkeepError, OSError) as exc:
        log.error("%s: %s", paths.name, exc)

"""How much CPU a container gets while others want it, too. One that starts takes what those who serve leave over: its
imports and first queries would else be what their callers wait for. Why so: docs/adr/0026.
"""

from __future__ import annotations

import logging

from upkeep.errors import UpkeepError
from upkeep.phases.surge import slots_now
from upkeep.runs.run import Run

SERVING = 1024  # CPU shares, as compose.yml gives them to every container
STARTING = 64

log = logging.getLogger("upkeep.run")


def make_light(run: Run, container_id: str) -> None:
    """Before it starts, or while it does."""
    _weigh(run, container_id, STARTING)


def make_even(run: Run, slot: str) -> None:
    """It is ready, and about to serve."""
    container = slots_now(run).get(slot)
    if container:
        _weigh(run, container.id, SERVING)


def _weigh(run: Run, container_id: str, shares: int) -> None:
    """Without it an update is slower for its callers, and works."""
    try:
        run.ports.docker.weigh(container_id, shares)
    except UpkeepError as exc:
        log.warning("%s: %s", run.record.id, exc)

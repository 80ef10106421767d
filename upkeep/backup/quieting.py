"""Keeping the writers of a volume still while it is read, and bringing them back whatever happens.

Whom it concerns is in the journal before anybody is touched: after a crash exactly those are brought back.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from upkeep.backup.record import Notes, notes
from upkeep.errors import UpkeepError
from upkeep.policy.backup import Quiesce, VolumeSource
from upkeep.runs.run import Run

GRACE = 30.0  # seconds for a container to end by itself


@contextmanager
def quiet(run: Run, volume: VolumeSource) -> Iterator[tuple[str, ...]]:
    """Ids of the containers that are kept still meanwhile. One that is paused or stopped already stays as it is."""
    writers = () if volume.quiesce is Quiesce.NONE else run.ports.neighbours.writers(volume.name)
    notes(run).quieted = [[container, str(volume.quiesce)] for container in writers]
    run.journal.save()
    try:
        for container in writers:
            _hold(run, container, volume.quiesce)
        yield writers
    finally:
        bring_back(run)


def bring_back(run: Run) -> None:
    """Again is fine."""
    known: Notes = notes(run)
    for container, how in known.quieted:
        if how == Quiesce.PAUSE:
            run.ports.neighbours.unpause(container)
        else:
            run.ports.docker.start(container)
    if known.quieted:
        known.quieted = []
        run.journal.save()


def leave_nobody_still(run: Run) -> None:
    """At any end of a run that saved something on its way; what does not work is a warning."""
    try:
        if run.record.backup:
            bring_back(run)
    except UpkeepError as exc:
        run.record.warnings.append(str(exc))


def _hold(run: Run, container: str, how: Quiesce) -> None:
    if how is Quiesce.PAUSE:
        run.ports.neighbours.pause(container)
    else:
        run.ports.docker.stop(container, GRACE)

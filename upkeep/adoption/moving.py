"""Copying and handing over data, in containers: the agent itself may only write below its own directories."""

from __future__ import annotations

import os
from pathlib import Path

from upkeep.errors import DiskFailed
from upkeep.ports.errand import THERE, Errand, Mount, exchange
from upkeep.runs.run import Run

LIMIT = 24 * 3600.0  # seconds for one directory: whoever has more data than that has another plan


def copy(run: Run, source: Path, target: Path) -> None:
    """With owners, times and attributes; what was in `target` before is gone. Durable when it returns."""
    for argv, mounts in exchange(source, target):
        _do(run, argv, mounts)
    os.sync()


def hand_over(run: Run, path: Path, user: int, group: int) -> None:
    _do(run, ("chown", "-Rh", f"{user}:{group}", THERE), (Mount(path, THERE, read_only=False),))


def stop(run: Run) -> None:
    """What a killed agent had under way must not go on writing."""
    run.ports.docker.remove(_name(run))


def _do(run: Run, argv: tuple[str, ...], mounts: tuple[Mount, ...]) -> None:
    image = run.plan.images.gate if run.plan.images else ""
    errand = Errand(_name(run), run.record.id, image, argv, mounts, moves_files=True)
    code, output = run.ports.docker.errand(errand, LIMIT)
    if code:
        place = mounts[-1].source
        raise DiskFailed(f"{argv[0]} ist an {place} gescheitert", observed=" · ".join(output.splitlines()[-3:]))


def _name(run: Run) -> str:
    return f"{run.paths.name}-data-{run.record.id}"

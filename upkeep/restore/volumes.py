"""The volumes' part of a restore. Only Docker knows where a volume lies, and only a container may write there: contents
are unpacked in the agent's own directory and exchanged by copying, behind the shut gate."""

from __future__ import annotations

from pathlib import Path

from upkeep.adoption.moving import copy
from upkeep.backup.reading import StoredBackup, source_of
from upkeep.backup.repository import of_policy
from upkeep.ports.occupants import Volume
from upkeep.restore.kept import folder
from upkeep.restore.progress import Hearing
from upkeep.restore.record import notes
from upkeep.runs.run import Run

NEW, OLD = "new", "old"


def place(run: Run, run_id: str, name: str, which: str) -> Path:
    return folder(run.paths, run_id) / which / name


def present(run: Run, name: str) -> Volume | None:
    return run.ports.neighbours.volume(name)


def stage(run: Run, backup: StoredBackup, name: str) -> str:
    """Again is fine. The directory itself is as the volume is now: a tar says nothing of what it is unpacked into."""
    source, target = source_of(backup.manifest, f"volume:{name}"), place(run, run.record.id, name, NEW)
    live = present(run, name)
    assert live is not None  # noqa: S101 - it was looked for
    run.ports.files.remove(target)
    with backup.stream(source.name, of_policy(run.policy).timeout) as stream:
        run.ports.unpacking.unpack(Hearing(run, stream, f"Volume {name}", source.read), target, Path(live.path))
    return f"{run.ports.stores.size(target) // (1024 * 1024)} MB"


def switch(run: Run, name: str) -> str:
    """Exactly what was there goes aside first, once: done again it would be what was just put in."""
    done, old = notes(run).copied, place(run, run.record.id, name, OLD)
    if name not in done:
        copy(run, Path(name), old)
        notes(run).set(copied=[*done, name])
        run.journal.save()
    copy(run, place(run, notes(run).source, name, notes(run).which), Path(name))
    return name


def switch_back(run: Run) -> None:
    for name in notes(run).copied:
        copy(run, place(run, run.record.id, name, OLD), Path(name))

"""The data of a stopped database, aside on this host and back: copies are made by containers, because only Docker knows
where a volume really lies and only root may touch it. A copy stays until somebody removes it, or KEPT days.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

from upkeep import room
from upkeep.errors import DatabaseFailed, Refused
from upkeep.ports.errand import COPY, HERE, THERE, Errand, Mount, exchange
from upkeep.runs.run import Run

KEPT = timedelta(days=14)
TIMEOUT = 4 * 3600.0
DATA = "/data/db"
SYNC = ("sync", "-f", THERE)


def volume(run: Run) -> str:
    """The volume (or directory) with the data, by the container that mounts it."""
    if "volume" not in run.record.database:
        found = (item for item in run.ports.docker.containers(run.paths.name) if item.role == "database")
        source = next((item.mounts[DATA] for item in found if DATA in item.mounts), None)
        if source is None:
            raise Refused("Die Daten der MongoDB liegen in keinem Volume", limit=f"ein Volume für {DATA}")
        run.record.database["volume"] = source
    return run.record.database["volume"]


def check_room(run: Run) -> int:
    """Megabytes of data; Refused when their copy would not fit."""
    said = _send(run, ("du", "-sk", HERE), Mount(volume(run), HERE))
    size = int(said.split()[-2]) // 1024 + 1 if len(said.split()) > 1 else 0
    room.demand(
        run.ports.files,
        run.paths.copies,
        size + run.policy.update.minimum_free_mb,
        "Zu wenig Platz für die Sicherheitskopie der Datenbank",
        "Platz schaffen und erneut versuchen; ältere Kopien liegen im selben Ordner.",
    )
    return size


def copy_aside(run: Run) -> str:
    """Again is fine: a copy that was cut short is begun anew."""
    began = run.ports.clock.monotonic()
    place = run.paths.copies / run.record.id
    run.ports.files.remove(place)
    about = run.record.database | {"stack": run.paths.name, "run": run.record.id, "at": run.now()}
    run.ports.files.write(place / "kopie.json", json.dumps(about, indent=1))
    target = Mount(place / "data", THERE, read_only=False)
    _send(run, COPY, Mount(volume(run), HERE), target)
    _send(run, SYNC, target)
    run.record.timings["copy_s"] = round(run.ports.clock.monotonic() - began, 3)
    return str(place)


def put_back(run: Run) -> None:
    """Exactly what was copied, and nothing else. Again is fine."""
    for argv, mounts in exchange(run.paths.copies / run.record.id / "data", volume(run)):
        _send(run, argv, *mounts)
    _send(run, SYNC, Mount(volume(run), THERE, read_only=False))


def drop_copy(run: Run) -> None:
    """The data are back where they were."""
    run.ports.files.remove(run.paths.copies / run.record.id)


def drop_old_copies(run: Run) -> None:
    """A run's id begins with its time."""
    for place in run.paths.copies.glob("*"):
        if _expired(place, run.ports.clock.now()):
            run.ports.files.remove(place)


def _expired(place: Path, now: datetime) -> bool:
    try:
        made = datetime.strptime(place.name[:15], "%Y%m%d-%H%M%S").replace(tzinfo=now.tzinfo)
    except ValueError:
        return False
    return now - made > KEPT


def stop_errands(run: Run) -> None:
    """Of an agent that was killed over one: nobody else may be at the data."""
    run.ports.docker.remove(_name(run))


def said_by(run: Run, argv: tuple[str, ...], image: str) -> tuple[int, str]:
    """What a program of an image says."""
    return run.ports.docker.errand(Errand(_name(run), run.record.id, image, argv), 60.0)


def _send(run: Run, argv: tuple[str, ...], *mounts: Mount) -> str:
    """A program of the image that runs now, as root, with these places and nothing else."""
    image = run.plan.images_before.mongodb if run.plan.images_before else None
    assert image is not None  # noqa: S101 - there is a database to step
    errand = Errand(_name(run), run.record.id, image, argv, mounts, moves_files=True)
    code, output = run.ports.docker.errand(errand, TIMEOUT)
    if code != 0:
        words = " · ".join(output.strip().splitlines()[-2:])
        raise DatabaseFailed("Die Daten der MongoDB lassen sich nicht kopieren", observed=f"{argv[0]}: {words}")
    return output


def _name(run: Run) -> str:
    return f"{run.paths.name}-errand-{run.record.id}"

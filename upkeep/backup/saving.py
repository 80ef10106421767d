"""The phases of a backup: one snapshot for each source, and last the manifest that makes a backup of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from upkeep import __version__
from upkeep.backup import memory, sources
from upkeep.backup.catalogue import MANIFEST, MANIFEST_FILE, tags
from upkeep.backup.database import save_database
from upkeep.backup.manifest import Manifest, Source
from upkeep.backup.quieting import quiet
from upkeep.backup.record import notes
from upkeep.backup.repository import of_policy, opened
from upkeep.backup.sources import Wanted
from upkeep.errors import Refused, RepositoryFailed
from upkeep.memory import pruning, state
from upkeep.ports.restic import Saved, Stream
from upkeep.restore.kept import drop_expired
from upkeep.room import MEGABYTE
from upkeep.runs.run import Run

SOON = 60.0
Taken = tuple[Saved, dict[str, Any]]


def save(run: Run, source: Wanted) -> str:
    """One source, as its own snapshot. What it was is in the journal."""
    began = run.now()
    snapshot, facts = _taken(run, source)
    kind = source.name.partition(":")[0]
    place = (source.name, kind, snapshot.id, snapshot.read, snapshot.added)
    notes(run).add(Source(*place, began, run.now(), facts))
    return f"{snapshot.read // MEGABYTE} MB, davon neu {snapshot.added // MEGABYTE} MB"


def _taken(run: Run, source: Wanted) -> Taken:
    if source.postgres or source.name == sources.DATABASE:
        return save_database(run, source, hearing(run, source))
    if source.volume is None:
        return _files(run)
    known = run.ports.neighbours.volume(source.volume.name)
    if known is None:
        raise Refused(
            f"Das Volume {source.volume.name} gibt es nicht",
            limit="ein Docker-Volume dieses Hosts (`docker volume ls`)",
            next_step="stack__backup_volumes im Inventar berichtigen.",
        )
    with quiet(run, source.volume) as still:
        snapshot = _of_files(run, source.name, (Path(known.path),), hearing(run, source))
    return snapshot, {"quiesce": str(source.volume.quiesce), "containers": list(still)}


def _files(run: Run) -> Taken:
    places = sources.files(run.paths, run.policy)
    snapshot = _of_files(run, sources.FILES, places, lambda read: None)
    return snapshot, {"paths": [str(path) for path in places]}


def _of_files(run: Run, name: str, places: tuple[Path, ...], told: Callable[[int], None]) -> Saved:
    return opened(run).save_files(places, tags(run.paths.name, notes(run).backup, name), time_left(run), told)


def hearing(run: Run, source: Wanted) -> Callable[[int], None]:
    """Tells the watchers how far a source is."""
    return lambda read: run.say(f"{source.title}: {read // MEGABYTE} MB gelesen")


def time_left(run: Run) -> float:
    """Seconds. Raises RepositoryFailed when there are none."""
    limit = of_policy(run.policy).timeout
    left = limit - run.seconds_since("backup")
    if left <= 0:
        raise RepositoryFailed("repository_slow", "Die Sicherung dauert zu lange", limit=f"{limit:g} s")
    return left


def seal(run: Run) -> str:
    """Without a manifest no backup. That of a run killed over it may be there or not: whoever resumes looks."""
    place = run.paths.backup / MANIFEST_FILE
    found = manifest(run)
    run.ports.files.write(place, found.text())
    marks = tags(run.paths.name, notes(run).backup, MANIFEST, len(found.sources))
    sealed = opened(run).save_stream(Stream(MANIFEST_FILE, ("cat", str(place))), marks, SOON, lambda read: None)
    notes(run).manifest = sealed.id
    run.ports.files.remove(place)
    return f"{len(found.sources)} Teile"


def manifest(run: Run) -> Manifest:
    known, written = state.load(run.paths), notes(run)
    release = known.release.public() if known.release else None
    versions = {"upkeep": __version__, "release": known.release.version if known.release else None}
    versions |= known.references
    return Manifest(
        stack=run.paths.name,
        host=of_policy(run.policy).target.host,
        run=written.backup,
        at=run.record.started_at,
        versions=versions,
        release=json.loads(json.dumps(release)),
        sources=written.sources,
        left_out=tuple(written.left_out),
    )


def remember(run: Run) -> str:
    """That there is one more, for whoever asks how old the last is."""
    found = notes(run).sources
    seconds = round(run.seconds_since("backup"), 1)
    read, added = sum(item.read for item in found), sum(item.added for item in found)
    last = memory.Last(notes(run).backup, run.now(), seconds, read, added)
    snapshots = [*(item.snapshot for item in found), *filter(None, (notes(run).manifest,))]
    known = replace(memory.recall(run.paths), last=last).with_made(notes(run).backup, snapshots)
    memory.remember(run.paths, known, run.ports.files)
    run.record.timings |= {"backup_s": seconds}
    pruning.journals(run.paths, run.ports.files)
    drop_expired(run)
    return f"{seconds:.1f} s"

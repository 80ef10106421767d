"""One backup, read back out of the repository: its manifest, compared with what is really there, and every source as a
stream of bytes. Nobody has to hold a database in memory, and nobody takes half a one for a whole.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from upkeep.backup.catalogue import MANIFEST_FILE, Backup, catalogue
from upkeep.backup.manifest import Manifest, Source, parse
from upkeep.backup.sources import ARCHIVE
from upkeep.errors import RepositoryFailed, UnknownBackup
from upkeep.ports.restic import Restic, Snapshot
from upkeep.ports.streamed import Readable

ANOTHER = "Eine andere Sicherung nehmen: `upkeep list {stack}`."


class StoredBackup(Protocol):
    """One backup, wherever it lies."""

    @property
    def manifest(self) -> Manifest: ...

    def stream(self, name: str, timeout: float) -> AbstractContextManager[Readable]:
        """What the source of this name in the manifest held. By its kind:

        mongodb: an archive as mongodump writes it · postgres: what `pg_dump -Fc` writes · volume: a tar of what is in
        it · files: a tar with the paths of the host (without the slash in front).

        The last read (of no bytes) raises RepositoryFailed when what came before is not what was saved.
        """


@dataclass(frozen=True)
class RepositoryBackup:
    restic: Restic
    manifest: Manifest
    backup: Backup

    def stream(self, name: str, timeout: float) -> AbstractContextManager[Readable]:
        source = source_of(self.manifest, name)
        snapshot = self.backup.sources[source.name]
        return proven(self.restic.stream(snapshot.id, _path(source, snapshot), timeout), source)


def stored(restic: Restic, stack: str, run: str | None, now: datetime) -> RepositoryBackup:
    """The backup that this run made, the newest whole one without `run`. Raises UnknownBackup, and RepositoryFailed for
    one that is not what Upkeep made."""
    snapshots = restic.snapshots()
    known = catalogue(snapshots, stack, now)
    backup = known.newest if run is None else known.of(run)
    if backup is None:
        raise _unknown(restic, stack, run, snapshots)
    if not backup.complete:
        raise UnknownBackup(
            f"Die Sicherung {backup.run} kam nie zu ihrem Ende",
            observed="kein Manifest" if backup.manifest is None else f"{len(backup.sources)} von {backup.holds} Teilen",
            next_step=ANOTHER.format(stack=stack),
        )
    return RepositoryBackup(restic, _manifest(restic, stack, backup), backup)


def source_of(manifest: Manifest, name: str) -> Source:
    """Raises UnknownBackup for a part that the backup does not have."""
    found = next((source for source in manifest.sources if source.name == name), None)
    if found is None:
        raise UnknownBackup(
            f"Die Sicherung {manifest.run} enthält „{name}“ nicht",
            limit=", ".join(source.name for source in manifest.sources),
        )
    return found


def _refuse_mismatch(manifest: Manifest, backup: Backup) -> None:
    """Raises RepositoryFailed when a snapshot is not the one that the manifest names."""
    wrong = [source.name for source in manifest.sources if not source.is_in(backup.sources)]
    if wrong:
        raise RepositoryFailed(
            "manifest",
            f"Die Sicherung {backup.run} ist nicht die, die Upkeep gemacht hat",
            observed=f"anderer Inhalt: {', '.join(wrong)}",
            next_step="Die Sicherung davor ist in `upkeep list`; wer hat Zugang zum Sicherungsziel?",
        )


@contextmanager
def proven(stream: AbstractContextManager[Readable], source: Source) -> Iterator[Readable]:
    """The stream, compared at its end with what the manifest says of it. Of trees of files only restic has a hash, and
    compares it itself."""
    with stream as readable:
        yield _Proven(readable, source) if "sha256" in source.facts else readable


class _Proven:
    def __init__(self, readable: Readable, source: Source) -> None:
        self._readable, self._source = readable, source
        self._digest, self._size = hashlib.sha256(), 0

    def read(self, size: int, /) -> bytes:
        data = self._readable.read(size)
        self._digest.update(data)
        self._size += len(data)
        if not data and size:
            self._compare()
        return data

    def _compare(self) -> None:
        facts = self._source.facts
        if (self._size, self._digest.hexdigest()) != (facts["bytes"], facts["sha256"]):
            raise RepositoryFailed(
                "backup_damaged",
                f"{self._source.name} ist nicht, was gesichert wurde",
                observed=f"{self._size} Bytes, SHA-256 {self._digest.hexdigest()[:12]}",
                limit=f"{facts['bytes']} Bytes, {str(facts['sha256'])[:12]}",
                next_step="Eine andere Sicherung nehmen; diese nicht zurückspielen.",
            )


def _path(source: Source, snapshot: Snapshot) -> str:
    if source.kind == "mongodb":
        return f"/{ARCHIVE}"
    if source.kind == "postgres":
        return f"/{source.facts['database']}.pgdump"
    return f"{snapshot.paths[0]}/" if source.kind == "volume" else "/"


def _manifest(restic: Restic, stack: str, backup: Backup) -> Manifest:
    assert backup.manifest is not None  # noqa: S101 - it is complete
    manifest = parse(restic.text(backup.manifest.id, f"/{MANIFEST_FILE}"), backup.run)
    if manifest.stack != stack:
        raise RepositoryFailed(
            "manifest", f"Das Manifest der Sicherung {backup.run} ist das eines anderen Stacks", observed=manifest.stack
        )
    _refuse_mismatch(manifest, backup)
    return manifest


def _unknown(restic: Restic, stack: str, run: str | None, snapshots: tuple[Snapshot, ...]) -> UnknownBackup:
    advice = f"Was da ist, zeigt `upkeep list {stack}`."
    if run is None:
        return UnknownBackup(f"Von „{stack}“ gibt es an {restic.shown} keine ganze Sicherung", next_step=advice)
    tags = {tag for item in snapshots if f"run={run}" in item.tags for tag in item.tags}
    others = sorted(tag.removeprefix("stack=") for tag in tags if tag.startswith("stack="))
    if others and stack not in others:
        what = f"Die Sicherung {run} gehört zu einem anderen Stack"
        return UnknownBackup(what, observed=", ".join(others), limit=stack, next_step=advice)
    if others:
        return UnknownBackup(f"Der Sicherung {run} ist nicht zu trauen: ihre Zeiten passen nicht", next_step=advice)
    return UnknownBackup(f"Eine Sicherung „{run}“ gibt es an {restic.shown} nicht", next_step=advice)

"""The folder of one database's backups: what lies there, what each is, what may go.

`<name>-<UTC>.dump` with `<name>-<UTC>.json` (written last: what has no such file is no backup),
`<name>-<UTC>.dump.sha256` for `sha256sum -c`, and `<name>-<UTC>.globals.sql`. An unfinished dump ends in `.part`.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from upkeep.errors import Busy, Refused

SCHEMA = 1
STAMP = "%Y%m%dT%H%M%SZ"
PART = ".part"
CHUNK = 1024 * 1024


@dataclass(frozen=True)
class Backup:
    """One complete backup. `counts` are rows per table in the snapshot that was dumped; `seconds` what it took,
    `live_size` the database's own bytes (0 in records that are older than this field)."""

    database: str
    taken_at: str
    kind: str
    server: str
    client: int
    place: str
    owner: str
    encoding: str
    collation: str
    character_type: str
    size: int
    sha256: str
    seconds: float
    with_passwords: bool | None
    counts: dict[str, int] = field(default_factory=dict)
    live_size: int = 0

    @property
    def moment(self) -> datetime:
        return datetime.strptime(self.taken_at, STAMP).replace(tzinfo=UTC)


class Folder:
    """The backups of `database` below `root`."""

    def __init__(self, root: Path, database: str) -> None:
        self.database = database
        self.path = root / database

    def dump_of(self, taken_at: str) -> Path:
        return self.path / f"{self.database}-{taken_at}.dump"

    def globals_of(self, taken_at: str) -> Path:
        return self.path / f"{self.database}-{taken_at}.globals.sql"

    def backups(self) -> list[Backup]:
        """Complete ones, the newest first. A record nobody can read is no backup."""
        found = [read_record(record) for record in self.path.glob(f"{self.database}-*.json")]
        return sorted((one for one in found if one), key=lambda one: one.taken_at, reverse=True)

    def keep(self, backup: Backup) -> None:
        """The record and the checksum: from now on it counts."""
        dump = self.dump_of(backup.taken_at)
        write(dump.with_name(f"{dump.name}.sha256"), f"{backup.sha256}  {dump.name}\n")
        record = json.dumps({"schema": SCHEMA, **asdict(backup)}, indent=2, ensure_ascii=False)
        write(dump.with_suffix(".json"), record + "\n")

    def expired(self, now: datetime, days: int) -> list[Backup]:
        """Older than `days`; the newest never, however old it is."""
        return [one for one in self.backups()[1:] if now - one.moment > timedelta(days=days)]

    def remove(self, backup: Backup) -> None:
        """The record first, so that a half-removed backup is none."""
        dump = self.dump_of(backup.taken_at)
        for path in (dump.with_suffix(".json"), dump.with_name(f"{dump.name}.sha256"), dump):
            path.unlink(missing_ok=True)
        self.globals_of(backup.taken_at).unlink(missing_ok=True)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """One at a time; what an earlier one left unfinished goes."""
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(self.path / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            _take(handle, self.database)
            for torn in self.path.glob(f"*{PART}"):
                torn.unlink()
            yield
        finally:
            os.close(handle)


def read_record(path: Path) -> Backup | None:
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        return Backup(**{name: value for name, value in told.items() if name != "schema"})
    except (OSError, ValueError, TypeError):
        return None


def sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def write(path: Path, text: str) -> None:
    """Whole or not at all, readable by the owner only."""
    unfinished = path.with_name(path.name + PART)
    handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        stream.write(text)
    settle(unfinished, path)


def settle(unfinished: Path, path: Path) -> None:
    """On the disk, then under its name."""
    for place in (unfinished, path.parent):
        if place == path.parent:
            unfinished.replace(path)
        handle = os.open(place, os.O_RDONLY)
        os.fsync(handle)
        os.close(handle)


def _take(handle: int, database: str) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as exc:
        raise Busy(
            f"Für „{database}“ läuft schon eine Sicherung oder Wiederherstellung",
            running={},
            next_step="Ihr Ende abwarten.",
        ) from exc


def nothing_there(folder: Folder) -> Refused:
    return Refused(f"In {folder.path} liegt keine vollständige Sicherung", next_step="Zuerst eine Sicherung machen.")

"""A backup: look → dump one snapshot → read it back in full → roles → checksum → its name → drop what is too old."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from upkeep.errors import DiskFailed
from upkeep.ports.clock import Clock
from upkeep.ports.files import Files
from upkeep.ports.postgres import PostgresPrograms
from upkeep.postgres import catalogue, counting
from upkeep.postgres.catalogue import PART, STAMP, Backup, Folder
from upkeep.postgres.growth import forecast
from upkeep.postgres.server import Database, Server, existing, look
from upkeep.room import MEGABYTE, demand

SPARE = 64  # megabytes


@dataclass(frozen=True)
class Wish:
    """`kind` is `regular` or `safety` (taken before a restore; same rules)."""

    database: str
    folder: Path
    keep_days: int = 30
    with_globals: bool = True
    kind: str = "regular"


@dataclass(frozen=True)
class Plan:
    server: Server
    database: Database
    expiring: tuple[str, ...]

    @property
    def message(self) -> str:
        old = f" {len(self.expiring)} alte würden entfernt." if self.expiring else ""
        size = f"{self.database.size / MEGABYTE:.1f} MB"
        return f"„{self.database.name}“ (PostgreSQL {self.server.version}, {size}) würde gesichert.{old}"


@dataclass(frozen=True)
class Report:
    backup: Backup
    dump: Path
    removed: tuple[str, ...]
    growth: str | None

    @property
    def message(self) -> str:
        made, removed = self.backup, f" {len(self.removed)} alte entfernt." if self.removed else ""
        return (
            f"„{made.database}“ gesichert und ganz zurückgelesen: {self.dump.name}, {made.size / MEGABYTE:.1f} MB, "
            f"{len(made.counts)} Tabellen, {sum(made.counts.values())} Zeilen, {made.seconds:.1f} s.{removed}"
            f"{f' {self.growth}' if self.growth else ''}"
        )


def plan(programs: PostgresPrograms, wish: Wish, now: datetime, files: Files) -> Plan:
    """What would happen. Refused or DatabaseFailed when it could not; writes nothing."""
    server = look(programs)
    database = existing(programs, wish.database)
    _demand_room(wish.folder, database, files)
    old = Folder(wish.folder, wish.database).expired(now, wish.keep_days)
    return Plan(server, database, tuple(one.taken_at for one in old))


def back_up(programs: PostgresPrograms, wish: Wish, clock: Clock, files: Files) -> Report:
    known = plan(programs, wish, clock.now(), files)
    folder = Folder(wish.folder, wish.database)
    try:
        with folder.locked():
            backup = _take(programs, wish, known, folder, clock)
            growth = forecast(folder.backups())
            removed = _retire(folder, clock.now(), wish.keep_days)
    except OSError as exc:
        raise DiskFailed(
            f"{folder.path} lässt sich nicht schreiben",
            observed=exc.strerror,
            next_step="Platz und Rechte prüfen. Die bisherigen Sicherungen sind unverändert.",
        ) from exc
    return Report(backup, folder.dump_of(backup.taken_at), removed, growth)


def _take(programs: PostgresPrograms, wish: Wish, known: Plan, folder: Folder, clock: Clock) -> Backup:
    began, taken_at = clock.monotonic(), _free_stamp(folder, clock)
    dump = folder.dump_of(taken_at)
    unfinished = dump.with_name(dump.name + PART)
    try:
        unfinished.touch(mode=0o600)
        with counting.snapshot(programs, wish.database) as view:
            programs.dump(wish.database, unfinished, view.name)
        programs.read_through(unfinished)
        if wish.with_globals:
            text = programs.globals(passwords=known.server.superuser)
            catalogue.write(folder.globals_of(taken_at), text)
        digest = catalogue.sha256(unfinished)
        catalogue.settle(unfinished, dump)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        folder.globals_of(taken_at).unlink(missing_ok=True)
        raise
    backup = Backup(
        database=wish.database,
        taken_at=taken_at,
        kind=wish.kind,
        server=known.server.version,
        client=known.server.client,
        place=programs.connection.place,
        owner=known.database.owner,
        encoding=known.database.encoding,
        collation=known.database.collation,
        character_type=known.database.character_type,
        size=dump.stat().st_size,
        sha256=digest,
        seconds=round(clock.monotonic() - began, 2),
        with_passwords=known.server.superuser if wish.with_globals else None,
        counts=view.counts,
        live_size=known.database.size,
    )
    folder.keep(backup)
    return backup


def _free_stamp(folder: Folder, clock: Clock) -> str:
    """Two backups within one second get two names."""
    while folder.dump_of(clock.now().strftime(STAMP)).exists():
        clock.sleep(0.2)
    return clock.now().strftime(STAMP)


def _retire(folder: Folder, now: datetime, days: int) -> tuple[str, ...]:
    """Only ever called after a backup that was read back: a good one always stays."""
    old = folder.expired(now, days)
    for backup in old:
        folder.remove(backup)
    return tuple(backup.taken_at for backup in old)


def _demand_room(root: Path, database: Database, files: Files) -> None:
    """As much as the database itself has: compressed, a dump is smaller."""
    needed = database.size // MEGABYTE + SPARE
    what = f"Zu wenig Platz für die Sicherung von „{database.name}“"
    demand(files, root, needed, what, "Platz schaffen oder einen anderen Ordner nehmen. Es wurde nichts verändert.")

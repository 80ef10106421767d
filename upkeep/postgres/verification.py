"""Is this file the backup it says it is? Checked before anything is touched."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from upkeep.errors import Refused
from upkeep.ports.postgres import PostgresPrograms, StatementFailed
from upkeep.postgres import catalogue
from upkeep.postgres.catalogue import Backup, Folder

_DATABASE = re.compile(r"^;\s+dbname: (.*)$", re.MULTILINE)
NEWEST = "newest"
OTHER_COPY = "Eine andere Sicherung nehmen (die vorige Datei im selben Ordner)."


@dataclass(frozen=True)
class Proof:
    """A dump that was read in full and belongs to `backup`."""

    dump: Path
    backup: Backup


def choose(root: Path, database: str, wanted: str) -> Path:
    """The newest complete backup, or the file that was named."""
    folder = Folder(root, database)
    if wanted != NEWEST:
        return Path(wanted) if Path(wanted).is_absolute() else folder.path / wanted
    found = folder.backups()
    if not found:
        raise catalogue.nothing_there(folder)
    return folder.dump_of(found[0].taken_at)


def verify(programs: PostgresPrograms, dump: Path, database: str) -> Proof:
    """Its record, its checksum, its database and every byte of it. Raises Refused."""
    backup = _record(dump)
    if backup.database != database:
        raise _foreign(dump, backup.database, database)
    _demand_checksum(dump, backup)
    try:
        listed = _DATABASE.search(programs.contents(dump))
        programs.read_through(dump)
    except StatementFailed as exc:
        raise Refused(f"{dump.name} ist beschädigt", observed=exc.observed, next_step=OTHER_COPY) from exc
    if listed and listed[1] != database:
        raise _foreign(dump, listed[1], database)
    return Proof(dump, backup)


def _record(dump: Path) -> Backup:
    if not dump.is_file():
        raise Refused(f"Die Sicherung {dump} gibt es nicht", next_step="Den Namen prüfen.")
    backup = catalogue.read_record(dump.with_suffix(".json"))
    if backup is None:
        raise Refused(
            f"Zu {dump.name} fehlt die Beschreibung oder sie ist unlesbar",
            limit=f"{dump.stem}.json im selben Ordner",
            next_step="Sicherungen mitsamt ihrer .json-Datei kopieren, oder eine andere nehmen.",
        )
    return backup


def _demand_checksum(dump: Path, backup: Backup) -> None:
    size = dump.stat().st_size
    if size != backup.size:
        raise Refused(
            f"{dump.name} ist unvollständig",
            observed=f"{size} Bytes",
            limit=f"{backup.size} Bytes",
            next_step=OTHER_COPY,
        )
    digest = catalogue.sha256(dump)
    if digest != backup.sha256:
        raise Refused(
            f"{dump.name} ist verändert",
            observed=f"sha256 {digest[:12]}…",
            limit=f"{backup.sha256[:12]}…",
            next_step=OTHER_COPY,
        )


def _foreign(dump: Path, found: str, wanted: str) -> Refused:
    return Refused(
        f"{dump.name} ist die Sicherung einer anderen Datenbank",
        observed=f"„{found}“",
        limit=f"„{wanted}“",
        next_step="Die richtige Datei oder die richtige Datenbank nennen.",
    )

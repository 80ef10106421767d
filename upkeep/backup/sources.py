"""What belongs to a backup of a stack, from its policy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from upkeep.errors import Refused
from upkeep.layout import StackPaths
from upkeep.policy.backup import PostgresSource, Quiesce, VolumeSource
from upkeep.policy.stack import Policy

DATABASE, FILES = "mongodb", "files"
ARCHIVE = "mongodb.archive"


@dataclass(frozen=True)
class Wanted:
    """One snapshot to be made. `title`: what it is to an operator. `volume` and `postgres` of such a one only."""

    name: str
    title: str
    volume: VolumeSource | None = None
    postgres: PostgresSource | None = None


def wanted(policy: Policy) -> Iterator[Wanted]:
    """Databases first: the files of an application may point to nothing, its database must not point to nothing."""
    if policy.mongodb:
        yield Wanted(DATABASE, f"MongoDB „{policy.mongodb.name}“")
    for item in postgres_of(policy):
        yield Wanted(f"postgres:{item.database}", f"PostgreSQL „{item.database}“", postgres=item)
    for volume in policy.backup.volumes if policy.backup else ():
        aside = {Quiesce.NONE: "", Quiesce.PAUSE: " (eingefroren)", Quiesce.STOP: " (angehalten)"}[volume.quiesce]
        yield Wanted(f"volume:{volume.name}", f"Volume {volume.name}{aside}", volume)
    yield Wanted(FILES, "Dateien und Geheimnisse des Stacks")


def postgres_of(policy: Policy) -> tuple[PostgresSource, ...]:
    return policy.backup.postgres if policy.backup else ()


def files(paths: StackPaths, policy: Policy) -> tuple[Path, ...]:
    """compose.yml, policy, release, gate, secrets; what the agent remembers; what the policy names. Refused when
    something that is named is not there."""
    more = policy.backup.files if policy.backup else ()
    if missing := [str(path) for path in more if not path.exists()]:
        raise Refused(
            f"Zu sichern wäre {', '.join(missing)}, aber das gibt es auf diesem Host nicht",
            next_step="stack__backup_files im Inventar berichtigen.",
        )
    known = (paths.home, paths.state_file, paths.maintenance_file, paths.audit_log, paths.audit_head, paths.releases)
    return (*(path for path in known if path.exists()), *more)

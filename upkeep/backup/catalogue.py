"""What lies in a repository, as backups: the snapshots of one run belong together, its manifest says that it is whole.

Snapshots are bound to a run by tags. A snapshot's own time is not believed: whoever may add snapshots may forge it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from upkeep.ports.clock import moment
from upkeep.ports.restic import Snapshot

MANIFEST = "manifest"
MANIFEST_FILE = "manifest.json"
RUN_ID = re.compile(r"([0-9]{8}-[0-9]{6})-[a-z]+-[0-9a-f]{4}")
EARLY = timedelta(minutes=5)
LATE = timedelta(days=2)  # more than any backup may take


@dataclass(frozen=True)
class Backup:
    """`at`: when its run began. `sources`: name → snapshot. `holds`: how many the manifest counts; None without one."""

    run: str
    at: datetime
    sources: dict[str, Snapshot]
    manifest: Snapshot | None
    holds: int | None

    @property
    def complete(self) -> bool:
        return self.manifest is not None and self.holds == len(self.sources)

    @property
    def snapshots(self) -> tuple[Snapshot, ...]:
        return (*self.sources.values(), *((self.manifest,) if self.manifest else ()))

    @property
    def read(self) -> int:
        return sum(item.read for item in self.sources.values())

    @property
    def added(self) -> int:
        return sum(item.added for item in self.snapshots)


@dataclass(frozen=True)
class Catalogue:
    """`backups` of one stack, oldest first. `strange`: what nobody of ours can have put there, in German."""

    backups: tuple[Backup, ...]
    strange: tuple[str, ...]

    @property
    def complete(self) -> tuple[Backup, ...]:
        return tuple(backup for backup in self.backups if backup.complete)

    @property
    def newest(self) -> Backup | None:
        return self.complete[-1] if self.complete else None

    def of(self, run: str) -> Backup | None:
        return next((backup for backup in self.backups if backup.run == run), None)


def tags(stack: str, run: str, source: str, holds: int | None = None) -> tuple[str, ...]:
    """What a snapshot of a run is marked with. `holds`: of a manifest, how many others belong to it."""
    count = () if holds is None else (f"holds={holds}",)
    return ("upkeep", f"stack={stack}", f"run={run}", f"source={source}", *count)


def catalogue(snapshots: Iterable[Snapshot], stack: str, now: datetime) -> Catalogue:
    """Of all snapshots of this host those of the stack; forged ones count for no backup."""
    found: dict[str, list[Snapshot]] = defaultdict(list)
    strange = []
    for snapshot in snapshots:
        marks = marks_of(snapshot)
        if marks.get("stack") not in (stack, None):
            continue
        if problem := _problem(snapshot, marks, now):
            strange.append(f"Schnappschuss {snapshot.id[:8]}: {problem}")
        else:
            found[marks["run"]].append(snapshot)
    return Catalogue(tuple(_backup(run, found[run]) for run in sorted(found)), tuple(strange))


def began(run: str) -> datetime | None:
    """When the run with this id began, which is in the id; None for what is no id."""
    match = RUN_ID.fullmatch(run)
    try:
        return datetime.strptime(match[1], "%Y%m%d-%H%M%S").replace(tzinfo=UTC) if match else None
    except ValueError:
        return None


def _backup(run: str, snapshots: list[Snapshot]) -> Backup:
    marked = [(marks_of(snapshot), snapshot) for snapshot in snapshots]
    manifests = [(marks, snapshot) for marks, snapshot in marked if marks.get("source") == MANIFEST]
    sources = {marks.get("source", ""): snapshot for marks, snapshot in marked if marks.get("source") != MANIFEST}
    at = began(run)
    assert at is not None  # noqa: S101 - others are strange
    if not manifests:
        return Backup(run, at, sources, None, None)
    marks, manifest = manifests[0]
    return Backup(run, at, sources, manifest, int(marks["holds"]) if marks.get("holds", "").isdecimal() else None)


def _problem(snapshot: Snapshot, marks: dict[str, str], now: datetime) -> str | None:
    taken, at = moment(snapshot.time), began(marks.get("run", ""))
    if at is None:
        return "nicht von Upkeep gemacht"
    if max(taken, at) > now + EARLY:
        return f"liegt in der Zukunft ({max(taken, at):%d.%m.%Y %H:%M} UTC)"
    if not at - EARLY <= taken <= at + LATE:
        return f"Zeit {taken:%d.%m.%Y %H:%M} UTC passt nicht zum Lauf {marks['run']}"
    return None


def marks_of(snapshot: Snapshot) -> dict[str, str]:
    """`stack=lager` → {"stack": "lager"}."""
    return {name: value for name, _, value in (tag.partition("=") for tag in snapshot.tags)}

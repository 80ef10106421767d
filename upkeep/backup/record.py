"""What the journal of a backup remembers beside its phases."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from upkeep.backup.manifest import Source, source
from upkeep.memory.state import Migrated, State
from upkeep.runs.run import Run


class Notes:
    """A view of `record.backup`: changes are in the journal with its next `save`."""

    def __init__(self, raw: dict[str, Any]) -> None:
        self._raw = raw

    @property
    def backup(self) -> str:
        """The name of the backup: the run's, unless this one is the run's second."""
        return str(self._raw["backup"])

    @property
    def sources(self) -> tuple[Source, ...]:
        return tuple(source(item) for item in self._raw["sources"])

    def add(self, source: Source) -> None:
        self._raw["sources"].append(asdict(source))

    @property
    def quieted(self) -> list[list[str]]:
        """[container id, how] of those that have to be brought back."""
        return list(self._raw["quieted"])

    @quieted.setter
    def quieted(self, containers: list[list[str]]) -> None:
        self._raw["quieted"] = containers

    @property
    def manifest(self) -> str | None:
        """Id of the manifest's snapshot."""
        found = self._raw.get("manifest")
        return str(found) if found else None

    @manifest.setter
    def manifest(self, snapshot: str) -> None:
        self._raw["manifest"] = snapshot

    @property
    def removed(self) -> int:
        """How many old backups this run has removed."""
        return int(self._raw["removed"])

    @removed.setter
    def removed(self, count: int) -> None:
        self._raw["removed"] = count

    def set_migrations(self, known: State) -> None:
        """What has been at these data, and which releases no longer fit them."""
        self._raw["migrations"] = {"migrated": known.migrated and asdict(known.migrated), "outdated": known.outdated}

    def as_saved(self, known: State) -> State:
        """The state of a stack that has these data again."""
        told = self._raw["migrations"]
        migrated = Migrated(**told["migrated"]) if told["migrated"] else None
        return replace(known, migrated=migrated, outdated=tuple(told["outdated"]))

    @property
    def left_out(self) -> list[str]:
        """What is not in the backup and why, in German."""
        return list(self._raw["left_out"])

    def leave_out(self, *texts: str) -> None:
        self._raw["left_out"].extend(texts)


def notes(run: Run) -> Notes:
    if run.record.backup is None:
        renew(run, run.record.id)
    raw = run.record.backup or {}
    raw.setdefault("backup", run.record.id)  # an agent before this one wrote none
    return Notes(raw)


def renew(run: Run, backup: str) -> None:
    """A backup of this name begins."""
    run.record.backup = {"backup": backup, "sources": [], "quieted": [], "left_out": [], "removed": 0}

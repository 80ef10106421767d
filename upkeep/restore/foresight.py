"""What a restore, or its undoing, would do, for check mode. Writes nothing."""

from __future__ import annotations

from typing import Any

from upkeep.backup.reading import source_of
from upkeep.layout import StackPaths
from upkeep.memory.journal import Operation
from upkeep.ports import Ports
from upkeep.restore.kept import demanded
from upkeep.restore.preflight import Prospect, prospect
from upkeep.restore.selection import database
from upkeep.room import MEGABYTE

CLOSED = ("Wartungsseite einschalten, Anwendung anhalten",)
OPENED = (
    "Anwendung starten und prüfen; wird sie nicht bereit: zurück zu den Daten von jetzt",
    "Wartungsseite ausschalten",
)


def of_restore(paths: StackPaths, ports: Ports, operation: Operation, options: dict[str, Any]) -> dict[str, Any]:
    """Raises Refused, and RepositoryFailed when the repository does not answer."""
    if operation is Operation.UNDO:
        kept = demanded(paths)
        exchanged = [f"MongoDB-Sammlung {live} zurücktauschen" for _, live in kept.pairs]
        exchanged += [f"PostgreSQL {live} zurücktauschen" for *_, live in kept.postgres]
        exchanged += [f"Volume {name} zurücktauschen" for name in kept.volumes]
        return _told([*CLOSED, *exchanged, *OPENED], f"Zurück: {kept.told}")
    found = prospect(paths, ports, options)
    return _told(_steps(found), f"Sicherung {found.backup.manifest.run} vom {found.at}, Version {found.label}")


def _steps(found: Prospect) -> list[str]:
    manifest, selection = found.backup.manifest, found.selection
    loaded, exchanged = [], []
    if selection.mongodb is not None and (source := database(manifest)):
        what = f"MongoDB {selection.mongodb}" if selection.mongodb else "MongoDB, alle Datenbanken"
        loaded.append(f"{what}: neben den laufenden Daten laden (Archiv {source.read // MEGABYTE + 1} MB)")
        exchanged.append(f"{what}: austauschen, alle Sammlungen in einem Augenblick")
    for name in selection.postgres:
        size = source_of(manifest, f"postgres:{name}").read // MEGABYTE + 1
        loaded.append(f"PostgreSQL {name}: neben der laufenden Datenbank laden (Sicherung {size} MB)")
        exchanged.append(f"PostgreSQL {name}: Datenbanken umbenennen, offene Verbindungen enden")
    for name in selection.volumes:
        size = source_of(manifest, f"volume:{name}").read // MEGABYTE + 1
        loaded.append(f"Volume {name}: neben den laufenden Daten auspacken ({size} MB)")
        exchanged.append(f"Volume {name}: austauschen")
    return ["Die Daten von jetzt sichern", *loaded, *CLOSED, *exchanged, *OPENED]


def _told(steps: list[str], message: str) -> dict[str, Any]:
    after = "".join(f"{step}\n" for step in steps)
    return {"changed": True, "diff": {"before": "", "after": after}, "steps": steps, "message": message}

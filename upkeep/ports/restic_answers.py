"""What restic answers: its lines of JSON, and what its exit codes mean to an operator."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from upkeep.errors import RepositoryFailed
from upkeep.ports.supervised import Ended

MISSING, LOCKED, WRONG_PASSWORD, INCOMPLETE = 10, 11, 12, 3

Told = Callable[[int], None]


@dataclass(frozen=True)
class Snapshot:
    """`id`: restic's hash of what it wrote down of it, so of all its content. `read`, `added`: bytes of the source, and
    stored in addition."""

    id: str
    time: str
    host: str
    tags: tuple[str, ...]
    paths: tuple[str, ...]
    read: int = 0
    added: int = 0


@dataclass(frozen=True)
class Saved:
    """What restic says of a snapshot it has just made; as in Snapshot."""

    id: str
    read: int
    added: int


KNOWN = {
    MISSING: (
        "repository_missing",
        "Am Sicherungsziel liegt kein Repository",
        "Ist die Platte oder Freigabe eingehängt, und stimmt die Adresse?",
    ),
    LOCKED: (
        "repository_locked",
        "Das Sicherungsziel ist von einem anderen Vorgang gesperrt",
        "Warten, bis er fertig ist. Sperren toter Vorgänge entfernt Upkeep selbst.",
    ),
    WRONG_PASSWORD: (
        "repository_password",
        "Das Passwort passt nicht zum Sicherungsziel",
        "Das Passwort im Inventar mit dem auf dem Wiederherstellungsblatt vergleichen.",
    ),
    INCOMPLETE: (
        "source_unreadable",
        "Ein Teil der Daten ließ sich nicht lesen, die Sicherung ist unvollständig",
        "Rechte und Platte prüfen, dann erneut sichern.",
    ),
}


class Progress:
    """Hears restic's lines of a backup; in the end it knows what was made."""

    def __init__(self, told: Told) -> None:
        self._told = told
        self.saved: Saved | None = None

    def __call__(self, line: str) -> None:
        said = message(line)
        if said.get("message_type") == "status":
            self._told(int(said.get("bytes_done") or 0))
        elif said.get("message_type") == "summary" and said.get("snapshot_id"):
            read, added = int(said.get("total_bytes_processed") or 0), int(said.get("data_added_packed") or 0)
            self.saved = Saved(str(said["snapshot_id"]), read, added)


def snapshot(raw: dict[str, Any]) -> Snapshot:
    seen = raw.get("summary") or {}
    return Snapshot(
        id=str(raw["id"]),
        time=str(raw["time"]),
        host=str(raw["hostname"]),
        tags=tuple(raw.get("tags") or ()),
        paths=tuple(raw.get("paths") or ()),
        read=int(seen.get("total_bytes_processed") or 0),
        added=int(seen.get("data_added_packed") or 0),
    )


def parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as exc:
        raise RepositoryFailed("repository", "restic antwortete unverständlich", observed=text[:200]) from exc


def message(line: str) -> dict[str, Any]:
    try:
        said = json.loads(line)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def last_words(ended: Ended) -> str | None:
    """The last thing that was complained of, in one line; the places of a stack trace have no blanks."""
    words = [line for line in ended.complaints if " " in line]
    if not words:
        return None
    said = message(words[-1])
    return str(said.get("message") or said.get("error") or words[-1])[:300]

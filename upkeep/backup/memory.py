"""What the agent remembers of a stack's backups between runs: the repository's identity, and what was proven when."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from upkeep.backup.catalogue import Catalogue
from upkeep.errors import BadRequest, JournalCorrupt
from upkeep.layout import StackPaths
from upkeep.ports.clock import moment, stamp
from upkeep.ports.files import Files

PARTS = 7  # the data is read in so many parts, each at least once in DUE
DUE = timedelta(days=6)  # by the daily check every part is at most seven days old


@dataclass(frozen=True)
class Last:
    """The last good backup."""

    run: str
    at: str
    seconds: float
    read: int
    added: int


@dataclass(frozen=True)
class Memory:
    """`repository`: its id, so that another one, or an empty place where a disk is not mounted, is noticed. `since`:
    when backups began here. `checked`: part of the data → when it was last read and found whole. `proven`: run id of
    the newest backup whose every byte was read since. `problem`: what the last check found."""

    repository: str | None = None
    since: str | None = None
    last: Last | None = None
    checked: dict[str, str] = field(default_factory=dict)
    proven: str | None = None
    problem: str | None = None

    def due(self, now: datetime) -> tuple[int, ...]:
        """Parts whose turn it is: those not read for DUE, at least the one that waits longest."""
        waiting = {part: moment(self.checked[str(part)]) for part in range(1, PARTS + 1) if str(part) in self.checked}
        late = [part for part in range(1, PARTS + 1) if part not in waiting or now - waiting[part] > DUE]
        return tuple(late) if late else (min(waiting, key=lambda part: waiting[part]),)

    def with_checked(self, parts: tuple[int, ...], began: datetime, known: Catalogue) -> Memory:
        """These parts were read, beginning then, and are whole."""
        checked = self.checked | {str(part): stamp(began) for part in parts}
        memory = replace(self, checked=checked, problem=None)
        if len(checked) < PARTS:
            return memory
        oldest = min(moment(text) for text in checked.values())
        whole = [item.run for item in known.complete if item.manifest and moment(item.manifest.time) <= oldest]
        return replace(memory, proven=max([*whole, *([self.proven] if self.proven else [])], default=None))

    def with_problem(self, problem: str) -> Memory:
        """Nothing counts as read or proven any more."""
        return replace(self, checked={}, proven=None, problem=problem)


def file(paths: StackPaths) -> Path:
    return paths.backup / "memory.json"


def recall(paths: StackPaths) -> Memory:
    """Raises JournalCorrupt."""
    try:
        raw = json.loads(file(paths).read_text(encoding="utf-8"))
        return Memory(**raw | {"last": Last(**raw["last"]) if raw["last"] else None})
    except FileNotFoundError:
        return Memory()
    except (OSError, ValueError, TypeError, KeyError) as exc:
        raise JournalCorrupt(
            f"{file(paths)} ist nicht lesbar",
            observed=type(exc).__name__,
            next_step="Die Sicherungen selbst sind unberührt. Die Datei löschen; die nächste Prüfung schreibt sie neu.",
        ) from exc


def remember(paths: StackPaths, memory: Memory, files: Files) -> None:
    files.write(file(paths), json.dumps(asdict(memory), indent=1))


def young_enough(memory: Memory, options: dict[str, Any], now: datetime) -> str | None:
    """What to say when the last backup is younger than somebody asks for (`unless_younger`, seconds). Raises
    BadRequest."""
    asked = options.get("unless_younger") or 0
    if isinstance(asked, bool) or not isinstance(asked, int | float) or asked < 0:
        raise BadRequest("unless_younger ist keine Dauer", observed=asked, limit="Sekunden")
    if memory.last is None or not asked:
        return None
    age = (now - moment(memory.last.at)).total_seconds()
    return f"Die letzte Sicherung ist erst {age / 60:.0f} Minuten alt." if age < asked else None


def overdue(memory: Memory, limit: float, now: datetime) -> str | None:
    """What to say when there is no good backup young enough; None while all is well or nothing was ever begun."""
    last = memory.last.at if memory.last else memory.since
    if last is None or (now - moment(last)).total_seconds() <= limit:
        return None
    hours = (now - moment(last)).total_seconds() / 3600
    what = "Die letzte Sicherung" if memory.last else "Noch keine Sicherung gelang; der erste Versuch"
    return f"{what} ist {hours:.0f} Stunden her (Grenze: {limit / 3600:.0f} Stunden)."

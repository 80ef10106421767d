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
class Drilled:
    """The last backup that was restored as a trial and worked. `run`: its id; `drill`: that of the trial; `at`: when
    that was over; `seconds`: until the application ran on it."""

    run: str
    drill: str
    at: str
    seconds: float


@dataclass(frozen=True)
class Memory:
    """`repository`: its id, so that another one, or an empty place where a disk is not mounted, is noticed. `since`:
    when backups began here. `checked`: part of the data → when it was last read and found whole. `proven`: run id of
    the newest backup whose every byte was read since. `problem`: what the last check found. `made`: run id → ids of
    the snapshots it made; None as long as nobody has counted. `strange`: what is there and not ours, or is gone."""

    repository: str | None = None
    since: str | None = None
    last: Last | None = None
    checked: dict[str, str] = field(default_factory=dict)
    proven: str | None = None
    problem: str | None = None
    drilled: Drilled | None = None
    made: dict[str, list[str]] | None = None
    strange: tuple[str, ...] = ()

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

    def with_drilled(self, drilled: Drilled) -> Memory:
        """What was restored whole was read whole."""
        return replace(self, drilled=drilled, proven=max(self.proven or "", drilled.run))

    def with_made(self, run: str, snapshots: list[str]) -> Memory:
        """Nothing as long as nobody has counted: then the first verification takes what is there."""
        return self if self.made is None else replace(self, made=self.made | {run: snapshots})

    def without(self, runs: set[str]) -> Memory:
        """These were removed on purpose."""
        if self.made is None:
            return self
        return replace(self, made={run: ids for run, ids in self.made.items() if run not in runs})

    def with_problem(self, problem: str) -> Memory:
        """Nothing counts as read or proven any more."""
        return replace(self, checked={}, proven=None, problem=problem)


def file(paths: StackPaths) -> Path:
    return paths.backup / "memory.json"


def recall(paths: StackPaths) -> Memory:
    """Raises JournalCorrupt."""
    try:
        raw = json.loads(file(paths).read_text(encoding="utf-8"))
        last, drilled = raw["last"], raw.get("drilled")
        own = {"last": Last(**last) if last else None, "drilled": Drilled(**drilled) if drilled else None}
        return Memory(**raw | own | {"strange": tuple(raw.get("strange", ()))})
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


def drill_overdue(memory: Memory, limit: float, now: datetime) -> str | None:
    """The same for trials; None also where nobody expects any (`limit` 0)."""
    last = memory.drilled.at if memory.drilled else memory.since
    if not limit or last is None or (now - moment(last)).total_seconds() <= limit:
        return None
    days = (now - moment(last)).total_seconds() / 86400
    what = "Die letzte geglückte Übung" if memory.drilled else "Noch keine Übung glückte; die erste Sicherung"
    return f"{what} ist {days:.0f} Tage her (Grenze: {limit / 86400:.0f} Tage)."

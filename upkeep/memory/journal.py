"""The journal of a run: its intents, completions and outcome, written durably. It is also the run's report."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

from upkeep.errors import JournalCorrupt, JournalTooNew, UnknownRun
from upkeep.layout import StackPaths
from upkeep.memory.release import Release
from upkeep.policy.commands import CommandReport, When
from upkeep.ports.files import Files

SCHEMA = 2


class Operation(StrEnum):
    DEPLOY = "deploy"
    UPDATE = "update"
    ROLLBACK = "rollback"
    CHECK = "check"
    REPAIR = "repair"
    ADOPT = "adopt"
    REMOVE = "remove"
    BACKUP = "backup"
    VERIFY = "verify"
    EXPORT = "export"
    DRILL = "drill"
    REKEY = "rekey"
    RESTORE = "restore"
    UNDO = "undo"


OF_BACKUPS = (Operation.BACKUP, Operation.VERIFY, Operation.EXPORT, Operation.DRILL, Operation.REKEY)
# They leave what runs as it is: no news for those who ask what changed, and not counted with what did.
QUIET = frozenset({Operation.CHECK, *OF_BACKUPS})
# They install nothing, so they have no files of their own.
WITHOUT_FILES = QUIET | {Operation.RESTORE, Operation.UNDO}


class Result(StrEnum):
    UPDATED = "updated"
    ROLLED_BACK = "rolled_back"
    FAILED = "failed"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass
class PhaseRecord:
    name: str
    title: str
    intent_at: str
    done_at: str | None = None
    detail: str = ""


@dataclass
class Record:
    """Everything a resumed run must know. `plan` is the plan's own serialisation, `marks` are moments (ISO 8601),
    `replaced` the containers that the run replaces, `prepared` those made to replace them, `replaced_gates`
    the gate's that were there when it began, `keeps_closed` says that the gate stays shut after the end, `commands`
    are the hooks and the migration, `reserve` says that there was one when it began."""

    id: str
    stack: str
    operation: Operation
    starter: str
    options: dict[str, Any]
    started_at: str
    finished_at: str | None = None
    result: Result | None = None
    before: Release | None = None
    after: Release | None = None
    phases: list[PhaseRecord] = field(default_factory=list)
    plan: dict[str, Any] | None = None
    percent: int = 0
    message: str = ""
    reason: str = ""
    code: str = ""
    last_logs: list[str] = field(default_factory=list)
    timings: dict[str, float] = field(default_factory=dict)
    marks: dict[str, str] = field(default_factory=dict)
    replaced: list[str] = field(default_factory=list)
    prepared: list[str] = field(default_factory=list)
    replaced_gates: list[str] = field(default_factory=list)
    database: dict[str, str] = field(default_factory=dict)
    going_back: bool = False
    keeps_closed: bool = False
    last_event: int = 0
    commands: list[CommandReport] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    reserve: bool = False
    takeover: dict[str, Any] | None = None
    backup: dict[str, Any] | None = None
    drill: dict[str, Any] | None = None
    restore: dict[str, Any] | None = None

    def command(self, when: When, number: int = 0) -> CommandReport | None:
        return next((item for item in self.commands if (item.when, item.number) == (when, number)), None)

    def phase(self, name: str) -> PhaseRecord | None:
        return next((phase for phase in self.phases if phase.name == name), None)

    def intended(self, name: str) -> bool:
        return self.phase(name) is not None

    def done(self, name: str) -> bool:
        phase = self.phase(name)
        return phase is not None and phase.done_at is not None

    @property
    def began_new(self) -> bool:
        """Whether a container of the new release was started, in either strategy."""
        return any(phase.name.startswith(("start", "replace:")) for phase in self.phases)

    def summary(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "stack": self.stack,
            "operation": self.operation,
            "starter": self.starter,
            "started_at": self.started_at,
            "finished_at": self.finished_at,
            "result": self.result,
            "from": self.before.public() if self.before else None,
            "to": self.after.public() if self.after else None,
            "phase": self.phases[-1].name if self.phases else "",
            "percent": self.percent,
            "message": self.message,
        }

    def report(self) -> dict[str, Any]:
        return self.summary() | {
            "phases": [asdict(phase) for phase in self.phases],
            "reason": self.reason,
            "code": self.code,
            "last_logs": self.last_logs,
            "commands": [asdict(command) for command in self.commands],
            "warnings": self.warnings,
            "timings": self.timings,
            "options": self.options,
            "drill": self.drill,
        }


def new_id(operation: Operation, now: datetime, newest: str = "") -> str:
    """Begins with its time, and never sorts before `newest` (the id before it), even if the clock was put back."""
    second = f"{now:%Y%m%d-%H%M%S}"
    if re.match(r"[0-9]{8}-[0-9]{6}-", newest) and newest[:15] >= second:
        second = f"{datetime.strptime(newest[:15], '%Y%m%d-%H%M%S') + timedelta(seconds=1):%Y%m%d-%H%M%S}"
    return f"{second}-{operation}-{secrets.token_hex(2)}"


def path_of(paths: StackPaths, run_id: str) -> Path:
    return paths.runs / f"{run_id}.json"


class Journal:
    """A record and the place where it lies. Every `save` is durable before it returns."""

    def __init__(self, record: Record, path: Path, files: Files) -> None:
        self.record = record
        self._path = path
        self._files = files

    def save(self) -> None:
        body = json.dumps({"schema": SCHEMA, **vars(self.record)}, sort_keys=True, default=vars)
        text = json.dumps({"checksum": hashlib.sha256(body.encode()).hexdigest(), "body": body})
        self._files.write(self._path, text)


def read(path: Path) -> Record:
    """Load and verify. Raises JournalCorrupt, and JournalTooNew for a schema newer than this version knows."""
    try:
        envelope = json.loads(path.read_text(encoding="utf-8"))
        body = envelope["body"]
        if hashlib.sha256(body.encode()).hexdigest() != envelope["checksum"]:
            raise JournalCorrupt(f"Das Journal {path} ist beschädigt", observed="Prüfsumme stimmt nicht")
        return _parse(_upgraded(json.loads(body), path))
    except FileNotFoundError as exc:
        raise UnknownRun(f"Einen Lauf {path.stem} gibt es nicht", next_step="Läufe zeigt `upkeep logs`.") from exc
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as exc:
        raise JournalCorrupt(f"Das Journal {path} ist beschädigt", observed=type(exc).__name__) from exc


def _upgraded(raw: dict[str, Any], path: Path) -> dict[str, Any]:
    """Version N reads N−1. A journal of a newer agent is left alone: this one cannot know what it means."""
    schema = raw.pop("schema")
    if schema == SCHEMA - 1:
        return _from_1(raw)
    if schema != SCHEMA:
        kind = JournalTooNew if schema > SCHEMA else JournalCorrupt
        raise kind(
            f"Das Journal {path} hat ein anderes Format",
            observed=f"Schema {schema}",
            limit=f"Schema {SCHEMA - 1} oder {SCHEMA}",
            next_step="Den Agenten auf die Version bringen, die es geschrieben hat.",
        )
    return raw


def _from_1(raw: dict[str, Any]) -> dict[str, Any]:
    """Schema 2 only adds fields, to the record and to its plan; their defaults mean „as it was before“."""
    return raw


def _parse(raw: dict[str, Any]) -> Record:
    raw["operation"] = Operation(raw["operation"])
    raw["result"] = Result(raw["result"]) if raw["result"] else None
    raw["before"] = Release.load(raw["before"])
    raw["after"] = Release.load(raw["after"])
    raw["phases"] = [PhaseRecord(**phase) for phase in raw["phases"]]
    raw["commands"] = [CommandReport(**item | {"when": When(item["when"])}) for item in raw.get("commands", ())]
    return Record(**raw)


def run_ids(paths: StackPaths) -> list[str]:
    """Ids of all journaled runs, oldest first (an id begins with its time)."""
    return sorted(path.stem for path in paths.runs.glob("*.json"))


def readings(paths: StackPaths, newest_first: bool = False) -> Iterator[tuple[str, Record | JournalCorrupt]]:
    """Every journal with its run's id: the record, or why it cannot be read (JournalTooNew among that)."""
    for run_id in sorted(run_ids(paths), reverse=newest_first):
        try:
            found: Record | JournalCorrupt = read(path_of(paths, run_id))
        except JournalCorrupt as exc:
            found = exc
        except UnknownRun:
            continue  # dropped meanwhile
        yield run_id, found


def readable(paths: StackPaths, newest_first: bool = False) -> Iterator[Record]:
    return (found for _, found in readings(paths, newest_first) if isinstance(found, Record))


def cut_short(paths: StackPaths) -> bool:
    """Whether there is a run that has not come to its end. Journals nobody can read do not count."""
    return any(record.finished_at is None for record in readable(paths))

"""What somebody has to come for, as it stands now: told from what the agent remembers, without asking anybody."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from upkeep.backup import memory
from upkeep.backup.memory import Memory
from upkeep.errors import JournalCorrupt, PolicyInvalid
from upkeep.layout import StackPaths
from upkeep.memory import journal
from upkeep.memory.journal import QUIET, Operation, Record, Result
from upkeep.policy import stack as policies
from upkeep.policy.backup import BackupPolicy
from upkeep.ports import Ports
from upkeep.ports.clock import moment
from upkeep.status import remembered

BAD = (Result.FAILED, Result.REFUSED)
JUDGED = "backup_alarm"  # a verification that only repeats what stands here by itself


@dataclass(frozen=True)
class Alarm:
    """`code`: which one, there is at most one of each. `mark`: while it stays the same, so does the alarm, whatever
    numbers its text names."""

    code: str
    title: str
    text: str
    mark: str = ""


def standing(paths: StackPaths, ports: Ports) -> tuple[Alarm, ...]:
    """Every alarm there is now."""
    newest = _newest(paths)
    return tuple(alarm for alarm in (*_of_application(paths, newest), *_of_backups(paths, ports, newest)) if alarm)


def _newest(paths: StackPaths) -> dict[Operation | None, Record]:
    """The newest run of each quiet operation that came to its end; under None that of all others."""
    found: dict[Operation | None, Record] = {}
    for record in journal.readable(paths, newest_first=True):
        if record.finished_at:
            found.setdefault(record.operation if record.operation in QUIET else None, record)
    return found


def _of_application(paths: StackPaths, newest: dict[Operation | None, Record]) -> Iterator[Alarm]:
    last, attention = newest.get(None), remembered(paths).attention
    if last is not None and last.keeps_closed:
        yield Alarm("closed", "Wartungsseite bleibt eingeschaltet", last.message, last.id)
    if attention:
        yield Alarm("attention", "Reparatur nötig", f"{attention} `upkeep repair {paths.name}`", attention)


def _of_backups(paths: StackPaths, ports: Ports, newest: dict[Operation | None, Record]) -> Iterator[Alarm | None]:
    try:
        policy = policies.read(paths.policy_file, paths.name).backup
        known = memory.recall(paths)
    except PolicyInvalid:
        return
    except JournalCorrupt as exc:
        yield Alarm("backup_memory", "Gedächtnis der Sicherungen unlesbar", str(exc))
        return
    if policy is None:
        return
    saved_since = _saved_since(newest.get(Operation.BACKUP), known)
    yield None if saved_since else _failed(newest, Operation.BACKUP, "Sicherung gescheitert")
    yield _failed(newest, Operation.VERIFY, "Prüfung der Sicherungen gescheitert")
    yield _failed(newest, Operation.DRILL, "Wiederherstellungsübung gescheitert")
    yield from _overdue(policy, known, ports)
    if known.strange:
        listed = "\n".join(f"· {text}." for text in known.strange)
        text = f"Wer hat Zugang zum Sicherungsziel? Gelöscht wird nichts davon.\n{listed}"
        yield Alarm("strange", "Fremdes am Sicherungsziel", text, "|".join(sorted(known.strange)))


def _overdue(policy: BackupPolicy, known: Memory, ports: Ports) -> Iterator[Alarm]:
    now = ports.clock.now()
    if text := memory.overdue(known, policy.overdue, now):
        yield Alarm("backup_overdue", "Sicherung überfällig", text)
    if text := memory.drill_overdue(known, policy.drill.overdue, now):
        yield Alarm("drill_overdue", "Wiederherstellungsübung überfällig", text)


def _failed(newest: dict[Operation | None, Record], operation: Operation, title: str) -> Alarm | None:
    last = newest.get(operation)
    if last is None or last.result not in BAD or last.code == JUDGED:
        return None
    return Alarm(f"{operation}_failed", title, f"{last.message}\nProtokoll: `upkeep logs {last.stack}`", last.code)


def _saved_since(failed: Record | None, known: Memory) -> bool:
    """An update has made one meanwhile."""
    if failed is None or known.last is None or failed.finished_at is None:
        return False
    return moment(known.last.at) > moment(failed.finished_at)

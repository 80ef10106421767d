"""What an application may show its admins of its backups, from what the agent remembers: nobody else is asked."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from upkeep.backup import memory
from upkeep.errors import UpkeepError
from upkeep.layout import StackPaths
from upkeep.memory import journal
from upkeep.memory.journal import Operation, Record
from upkeep.policy import stack as policies

KEPT = 12
GOOD = ("updated", "unchanged")


def news(paths: StackPaths, now: datetime) -> dict[str, Any] | None:
    """None for a stack without backups. `runs` are the newest good ones, oldest first; `drilled`: the last trial
    restore that worked; `problems`: in German, for people who cannot look at the host."""
    try:
        policy, known = policies.read(paths.policy_file, paths.name).backup, memory.recall(paths)
    except UpkeepError:
        return None
    if policy is None:
        return None
    records = [item for item in journal.readable(paths, newest_first=True) if item.finished_at]
    late = (memory.overdue(known, policy.overdue, now), memory.drill_overdue(known, policy.drill.overdue, now))
    failed = (_failed(records, Operation.BACKUP, "Sicherung"), _failed(records, Operation.DRILL, "Übung"))
    return {
        "last": {"at": known.last.at, "seconds": known.last.seconds, "size": known.last.read} if known.last else None,
        "drilled": {"at": known.drilled.at, "seconds": known.drilled.seconds} if known.drilled else None,
        "runs": [_shown(item) for item in records if _saved(item)][:KEPT][::-1],
        "problems": [text for text in (*late, *failed) if text],
        "report": paths.drill_report.exists(),
    }


def _failed(records: list[Record], operation: Operation, what: str) -> str | None:
    """The words of the journal are the operator's: they name the repository."""
    newest = next((item for item in records if item.operation is operation), None)
    if newest is None or newest.result in GOOD:
        return None
    return f"Die letzte {what} ist gescheitert; der Betreiber sieht die Ursache mit „upkeep history“."


def _saved(record: Record) -> bool:
    return record.operation is Operation.BACKUP and "backup_s" in record.timings and record.result in GOOD


def _shown(record: Record) -> dict[str, Any]:
    size = sum(int(item["read"]) for item in (record.backup or {}).get("sources", ()))
    return {"at": record.finished_at, "seconds": record.timings["backup_s"], "size": size}

"""public/system.json: what an application may show its admins of itself. The agent alone writes it.

Written when a run begins and when it has ended. It is news, not memory: whoever cannot write it goes on.
"""

from __future__ import annotations

import json
import logging
from datetime import datetime
from typing import Any

from upkeep import room
from upkeep.backup.news import news
from upkeep.errors import UpkeepError
from upkeep.layout import StackPaths
from upkeep.memory import journal, state
from upkeep.memory.journal import QUIET, Operation, Record
from upkeep.memory.release import Release
from upkeep.memory.state import State
from upkeep.policy import stack as policies
from upkeep.ports import Ports

KEPT = 20
NEEDED = 1  # megabytes: the reserve for a full disk is not given up for news

log = logging.getLogger("upkeep.publication")


def publish(paths: StackPaths, ports: Ports, running: Record | None) -> None:
    """For a stack that Ansible has placed. Never raises."""
    if not paths.policy_file.exists():
        return None
    try:
        if room.free(ports.files, paths.home) < NEEDED:
            return log.error("%s: kein Platz für %s", paths.name, paths.system_file)
        text = json.dumps(_content(paths, running, ports.clock.now()), ensure_ascii=False, indent=1)
        ports.files.write(paths.system_file, text + "\n", mode=0o644)
    except (UpkeepError, OSError) as exc:
        log.error("%s: %s", paths.name, exc)


def latest(paths: StackPaths) -> dict[str, Any]:
    """The newest run in what was published last, checks aside; empty when there is none."""
    try:
        return dict(json.loads(paths.system_file.read_text(encoding="utf-8"))["history"][0])
    except (OSError, ValueError, LookupError, TypeError):
        return {}


def _content(paths: StackPaths, running: Record | None, now: datetime) -> dict[str, Any]:
    known = _known(paths)
    ended = [record for record in journal.readable(paths, newest_first=True) if record.finished_at]
    runs = [record for record in ended if record.operation not in QUIET]
    last_check = next((record for record in ended if record.operation is Operation.CHECK), None)
    return {
        "stack": paths.name,
        "release": _release(known),
        "version": known.release.label if known.release else None,
        "available": _available(known),
        "checked": _checked(last_check),
        "actions": _actions(paths),
        "history": [_entry(record) for record in runs[:KEPT]],
        "running": _running(running),
        "backup": news(paths, now),
    }


def _known(paths: StackPaths) -> State:
    try:
        return state.load(paths)
    except UpkeepError:
        return State()


def _actions(paths: StackPaths) -> list[str]:
    """What the web door would start, were it asked."""
    try:
        return list(policies.read(paths.policy_file, paths.name).door.open_for)
    except UpkeepError:
        return []


def _release(known: State) -> dict[str, Any] | None:
    current = known.release
    return current.public() | {"notes": known.notes.get(current.digest)} if current else None


def _available(known: State) -> dict[str, Any] | None:
    """`held`: it was rolled back once and only comes when an operator insists."""
    offered = known.available
    if offered is None:
        return None
    facts = {"version": offered.label, "notes": known.notes.get(offered.digest), "checked_at": offered.since}
    return facts | {"held": offered.digest in known.held}


def _checked(record: Record | None) -> dict[str, Any] | None:
    if record is None:
        return None
    return {"run": record.id, "at": record.finished_at, "result": record.result, "message": record.message}


def _running(record: Record | None) -> dict[str, Any] | None:
    if record is None:
        return None
    return {"run": record.id, "operation": record.operation, "started_at": record.started_at}


def _entry(record: Record) -> dict[str, Any]:
    return {
        "run": record.id,
        "operation": record.operation,
        "result": record.result,
        "from": _label(record.before),
        "to": _label(record.after),
        "started_at": record.started_at,
        "seconds": _seconds(record),
        "message": record.message,
        "code": record.code,
    }


def _label(release: Release | None) -> str | None:
    return release.label if release else None


def _seconds(record: Record) -> float:
    began, ended = (datetime.fromisoformat(text) for text in (record.started_at, record.finished_at or ""))
    return round(max(0.0, (ended - began).total_seconds()), 1)

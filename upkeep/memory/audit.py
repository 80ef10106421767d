"""audit.log: who did what to a stack and how it ended, one line each, every line sealed by the hash of the one before.

Lines are only ever added. audit-head.json remembers the newest, so that lines cut off at the end are missed, too.
Of a line that a power cut tore the rest is dropped; its run's journal is there, and `complete` adds it again.
"""

from __future__ import annotations

import hashlib
import json
import logging
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from upkeep.errors import UpkeepError
from upkeep.layout import StackPaths
from upkeep.memory import journal
from upkeep.memory.journal import Record
from upkeep.memory.release import Release
from upkeep.ports import Ports
from upkeep.ports.clock import stamp

RUN, MAINTENANCE = "run", "maintenance"
_turn = threading.Lock()  # an operator's line and a run's may come at the same moment
log = logging.getLogger("upkeep.audit")

Line = dict[str, Any]


@dataclass(frozen=True)
class Chain:
    """The log as it is read. `problem`: the first thing wrong with it, None when the chain holds."""

    lines: int
    head: str | None
    problem: str | None

    def complaint(self, paths: StackPaths) -> str | None:
        """What to tell the operator of a chain that does not hold."""
        step = f"Nachsehen, wer {paths.audit_log} geändert hat; danach `upkeep repair {paths.name}`."
        return f"Das Protokoll ist nicht mehr lückenlos: {self.problem}. {step}" if self.problem else None

    def public(self) -> dict[str, Any]:
        return {"lines": self.lines, "head": self.head, "problem": self.problem}


def add_run(paths: StackPaths, ports: Ports, record: Record) -> None:
    """The line of a finished run, unless it is there. A failure is logged: `complete` adds the line later."""
    try:
        with _turn:
            if record.id not in _audited(paths):
                _append(paths, ports, _line_of(record))
    except UpkeepError as exc:
        log.error("%s: %s", record.id, exc)


def add_maintenance(paths: StackPaths, ports: Ports, on: bool, starter: str) -> None:
    """The line of an operator's wish; a full disk must not keep anybody from it."""
    line = _line(MAINTENANCE, stamp(ports.clock.now()), operation=f"maintenance {'on' if on else 'off'}")
    try:
        with _turn:
            _append(paths, ports, line | {"starter": starter})
    except UpkeepError as exc:
        log.error("%s: %s", paths.name, exc)


def complete(paths: StackPaths, ports: Ports) -> None:
    """After a crash between a run's end and its line: add what is missing, each once, in the order of the ends."""
    records = [record for record in journal.readable(paths) if record.finished_at]
    with _turn:
        known = _audited(paths)
        for record in sorted(records, key=lambda record: record.finished_at or ""):
            if record.id not in known:
                _append(paths, ports, _line_of(record))


def knows(paths: StackPaths, run_id: str) -> bool:
    """Whether this run is known to have ended."""
    return run_id in _audited(paths)


def head_after(paths: StackPaths, run_id: str) -> str | None:
    """The chain's head as it was when that run had ended."""
    return next((str(line["hash"]) for line in _lines(paths) if line.get("run") == run_id and "hash" in line), None)


def verify(paths: StackPaths) -> Chain:
    """Read all of it. A log that is not there yet holds."""
    lines = list(_lines(paths))
    problem = next(_problems(paths, lines), None)
    return Chain(len(lines), lines[-1].get("hash") if lines else None, problem)


def _problems(paths: StackPaths, lines: list[Line]) -> Iterator[str]:
    where, previous = paths.audit_log.name, ""
    for number, line in enumerate(lines, 1):
        if line.get("hash") != _seal(line):
            yield f"{where}, Zeile {number}: Inhalt und Prüfsumme passen nicht zusammen"
        if line.get("prev") != previous or line.get("n") != number:
            yield f"{where}, Zeile {number} schließt nicht an die Zeile davor an"
        previous = str(line.get("hash"))
    newest = _newest(paths)
    if newest and newest["n"] > len(lines):
        yield f"{where}, Zeile {len(lines) + 1} bis {newest['n']} fehlen"
    elif newest and lines[newest["n"] - 1].get("hash") != newest["hash"]:
        yield f"{where}, Zeile {newest['n']} ist nicht die, die der Agent geschrieben hat"


def _append(paths: StackPaths, ports: Ports, line: Line) -> None:
    last = next(reversed(list(_lines(paths))), None)
    newest = _newest(paths)
    if newest and (last is None or newest["n"] > int(last.get("n") or 0)):
        last = newest  # lines were cut off: the gap stays visible
    sealed = {"n": int(last["n"] or 0) + 1 if last else 1} | line | {"prev": str(last["hash"]) if last else ""}
    sealed["hash"] = _seal(sealed)
    ports.files.append(paths.audit_log, json.dumps(sealed) + "\n")
    head = json.dumps({"n": sealed["n"], "hash": sealed["hash"]})
    ports.files.write(paths.audit_head, head)


def _line_of(record: Record) -> Line:
    return _line(
        RUN,
        record.finished_at or "",
        run=record.id,
        operation=str(record.operation),
        starter=record.starter,
        result=str(record.result),
    ) | {"from": _named(record.before), "to": _named(record.after)}


def _line(event: str, at: str, **facts: str) -> Line:
    empty = dict.fromkeys(("run", "operation", "starter", "result", "from", "to"))
    return {"at": at, "event": event} | empty | facts


def _named(release: Release | None) -> str | None:
    return f"{release.version or ''}@{release.digest}" if release else None


def _seal(line: Line) -> str:
    body = {key: value for key, value in line.items() if key != "hash"}
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


def _audited(paths: StackPaths) -> set[str]:
    return {str(line["run"]) for line in _lines(paths) if line.get("run")}


def _lines(paths: StackPaths) -> Iterator[Line]:
    """Complete lines; one that is no JSON object comes as {"hash": None}, and nothing fits it."""
    try:
        text = paths.audit_log.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return
    for raw in text.split("\n")[:-1]:
        yield _parsed(raw)


def _parsed(raw: str) -> Line:
    try:
        line = json.loads(raw)
    except ValueError:
        line = None
    return line if isinstance(line, dict) and isinstance(line.get("n"), int) else {"n": 0, "hash": None}


def _newest(paths: StackPaths) -> Line | None:
    try:
        raw = json.loads(paths.audit_head.read_text(encoding="utf-8"))
        return {"n": int(raw["n"]), "hash": str(raw["hash"])}
    except (OSError, ValueError, KeyError, TypeError):
        return None

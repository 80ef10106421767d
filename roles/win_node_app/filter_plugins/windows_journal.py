"""The journal of an application on a Windows server: what runs, what was begun and how far it came.

Shape of `journal.json`: {schema, app, current, previous, maintenance: null | {reason, since}, releases: {version:
{sha256, reversible}}, history: [{at, operation, version, result, reason}], run: null | {id, operation, from, to, phase,
began, until, sha256, closed, migrated, reversible, backup}}. Until `opening` a broken-off run is undone, from then on
finished.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

SCHEMA = 1
KEPT_HISTORY = 50
PREFIX = re.compile(r"^(?:(?:Task|Action|Module) failed: )+")
Journal = dict[str, Any]


def journal_of(answer: Mapping[str, Any], app: str) -> Journal:
    """What a read of the file gave; `damaged` where it is no journal of this application."""
    fresh: Journal = {"schema": SCHEMA, "app": app, "current": "", "previous": "", "maintenance": None}
    fresh |= {"releases": {}, "history": [], "run": None}
    if not answer.get("content"):
        return fresh
    try:
        journal = json.loads(base64.b64decode(answer["content"]))
    except (ValueError, binascii.Error):
        return fresh | {"damaged": True}
    fits = isinstance(journal, dict) and journal.get("schema") == SCHEMA and journal.get("app") == app
    return fresh | journal if fits else fresh | {"damaged": True}


def journal_begun(journal: Journal, run: Mapping[str, Any], now: str, lease: int) -> Journal:
    """With a run (`id`, `operation`, `to`, …) in its first phase."""
    begun = {
        "from": journal["current"],
        "phase": "staging",
        "began": now,
        "closed": False,
        "migrated": False,
        "backup": "",
        **run,
    }
    return journal | {"run": begun | {"until": _later(now, lease)}}


def journal_at(journal: Journal, phase: str, now: str, lease: int, **facts: Any) -> Journal:
    """In its next phase: migrating, migrated, closing (`closed` from here on), opening."""
    facts |= {"closed": True} if phase == "closing" else {}
    return journal | {"run": journal["run"] | facts | {"phase": phase, "until": _later(now, lease)}}


def journal_ended(journal: Journal, result: str, now: str, reason: str = "") -> Journal:
    """`result`: updated, rolled_back, undone. Only `updated` changes what is current."""
    run = journal["run"]
    entry = {"at": now, "operation": run["operation"], "version": run["to"], "result": result, "reason": reason}
    ended = journal | {"run": None, "history": [*journal["history"], entry][-KEPT_HISTORY:]}
    if result != "updated":
        return ended
    previous = run["from"] if run["operation"] != "rollback" else ""
    return ended | {"current": run["to"], "previous": previous, "releases": _with(journal, run)}


def _with(journal: Journal, run: Mapping[str, Any]) -> dict[str, Any]:
    known = {run["to"]: {"sha256": run["sha256"], "reversible": run["reversible"]}} if run.get("sha256") else {}
    return journal["releases"] | known


def journal_closed(journal: Journal, reason: str | None, now: str) -> Journal:
    """With the operator's maintenance page on, or (None) off."""
    return journal | {"maintenance": None if reason is None else {"reason": reason, "since": now}}


def is_running(journal: Journal, now: str) -> bool:
    """Whether somebody else's run may still be at work."""
    return bool(journal["run"]) and journal["run"]["until"] > now


def is_older(version: str, than: str) -> bool:
    """By numbers: 1.9.0 is older than 1.10.0; a pre-release is older than its release."""
    return bool(than) and _key(version) < _key(than)


def _key(version: str) -> tuple[list[int], bool, str]:
    numbers, _, suffix = version.partition("-")
    return [int(part) if part.isdigit() else 0 for part in numbers.split(".")], not suffix, suffix


def spare_releases(found: list[dict[str, Any]], journal: Journal, keep: int) -> list[str]:
    """Folders to remove: all but the newest `keep`, never what runs or what a rollback leads to."""
    names = sorted((folder["filename"] for folder in found), key=_key, reverse=True)
    wanted = {journal["current"], journal["previous"]}
    older = [name for name in names if name not in wanted]
    room = max(0, keep - len([name for name in wanted if name in names]))
    return sorted(older[room:])


def failure_reason(failed: Mapping[str, Any]) -> str:
    """One sentence: what a failed task said, its program's last words or the last HTTP answer included."""
    items = [item for item in failed.get("results") or () if item.get("failed") or item.get("unreachable")]
    first = (items or [failed])[0]
    if "status_code" in first and "url" in first:
        return _unhealthy(first)
    said = PREFIX.sub("", str(first.get("msg") or "ohne Angabe eines Grundes"))
    last = str(first.get("stderr") or "").strip().splitlines()[-1:]
    sentence = " · ".join([said, *last])
    return sentence if sentence[-1] in ".!?" else f"{sentence}."


def _unhealthy(answer: Mapping[str, Any]) -> str:
    body = answer.get("json")
    version = body.get("version") if isinstance(body, Mapping) else None
    named = f", Version {version}" if version else ""
    tries = answer.get("attempts", 1)
    return f"{answer['url']} antwortete nach {tries} Versuchen mit HTTP {answer['status_code']}{named}."


def _later(now: str, seconds: int) -> str:
    return (datetime.fromisoformat(now) + timedelta(seconds=seconds)).isoformat()


class FilterModule:
    """What Ansible loads."""

    def filters(self) -> dict[str, Any]:
        functions = (journal_of, journal_begun, journal_at, journal_ended, journal_closed)
        functions += (is_running, is_older, spare_releases, failure_reason)
        return {function.__name__: function for function in functions}

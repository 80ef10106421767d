"""German words for what the agent's JSON says, and plain text out of whatever it carries.

Standard library only: Ansible ships this file as `ansible.module_utils.upkeep_wording`.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

Json = dict[str, Any]

OPERATIONS = {
    "deploy": "Ausrollen",
    "update": "Update",
    "rollback": "Zurückrollen",
    "check": "Prüfung",
    "repair": "Reparatur",
    "agent": "Wechsel des Agenten",
    "adopt": "Übernahme",
    "remove": "Entfernen",
    "backup": "Sicherung",
    "verify": "Prüfung der Sicherungen",
    "export": "Export",
    "drill": "Wiederherstellungsübung",
    "rekey": "Passwortwechsel der Sicherung",
    "restore": "Zurückspielen",
    "undo": "Rücknahme des Zurückspielens",
}
RESULTS = {
    "updated": "erledigt",
    "unchanged": "nichts zu tun",
    "rolled_back": "gescheitert, alte Version läuft wieder",
    "failed": "gescheitert",
    "refused": "abgelehnt",
}
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def plain(text: object) -> str:
    """Without control characters: container logs must not steer the operator's terminal."""
    return _CONTROL.sub("", str(text))


def clock(seconds: float) -> str:
    """83.2 → „1:23“."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02d}"


def version(release: Json | None) -> str:
    """A release's version; without a label the start of its digest."""
    if not release:
        return "–"
    return plain(release.get("version") or str(release.get("digest") or "?")[:19])


def spoken(iso: str | None, now: datetime) -> str:
    """ISO 8601 as „09:31“ (today) or „21.11.2026, 09:31“, in local time; the text itself if it is no date."""
    if not iso:
        return "–"
    try:
        moment = datetime.fromisoformat(iso).astimezone()
    except ValueError:
        return iso
    return f"{moment:%H:%M}" if moment.date() == now.astimezone().date() else f"{moment:%d.%m.%Y, %H:%M}"


def run_sentence(run: Json, now: datetime) -> str:
    """„Update, 09:30, von cli:anna: erledigt (1.0.0 → 1.1.0)“."""
    head = f"{OPERATIONS.get(run['operation'], run['operation'])}, {spoken(run.get('started_at'), now)}"
    head += f", von {plain(run.get('starter') or 'unbekannt')}"
    result = run.get("result")
    if result is None:
        return f"{head}: läuft, {run.get('percent') or 0} % ({plain(run.get('message') or run.get('phase') or '')})"
    return f"{head}: {RESULTS.get(result, result)}{_change(run)}"


def run_words(run: Json) -> tuple[str, str, str]:
    """Operation, versions and result of a run, for a table."""
    operation, result = str(run["operation"]), run.get("result")
    ended = RESULTS.get(result, str(result)) if result else "läuft"
    return OPERATIONS.get(operation, operation), _change(run).strip(" ()") or "–", ended


def duration(run: Json) -> str:
    """„0:28“ from start to end, „–“ while it runs."""
    try:
        began, ended = datetime.fromisoformat(run["started_at"]), datetime.fromisoformat(run["finished_at"])
    except (TypeError, ValueError):
        return "–"
    return clock(max(0.0, (ended - began).total_seconds()))


def _change(run: Json) -> str:
    before, after = run.get("from"), run.get("to")
    if not after:
        return ""
    moved = before and before.get("digest") != after.get("digest")
    return f" ({version(before)} → {version(after)})" if moved else f" ({version(after)})"

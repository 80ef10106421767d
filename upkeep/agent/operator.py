"""The operator's own maintenance: on and off, with check mode and diff."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from upkeep.errors import BadRequest
from upkeep.gate import maintenance
from upkeep.gate.maintenance import OPERATOR, Maintenance, Notice
from upkeep.layout import StackPaths
from upkeep.memory import audit
from upkeep.ports import Ports
from upkeep.ports.clock import stamp

# What the page says when the operator has no words of their own; the stack's texts speak of an update.
TITLE = "Wartungsarbeiten"
TEXT = "Das System ist bald wieder für Sie da."


def set_maintenance(paths: StackPaths, ports: Ports, wish: dict[str, Any], run_active: bool) -> dict[str, Any]:
    """{"changed", "diff", "maintenance"}. Off also removes what a failed run left behind, unless one is at work."""
    on = wish.get("on")
    if not isinstance(on, bool):
        raise BadRequest("on fehlt", observed=on, limit="true oder false")
    now = stamp(ports.clock.now())
    present = maintenance.load(paths)
    wanted = _turned(present, on, wish, now, run_active)
    if wanted != present and wish.get("check") is not True:
        audit.add_maintenance(paths, ports, on, str(wish.get("starter") or "unbekannt")[:100])
        maintenance.change(paths, ports, lambda fresh: _turned(fresh, on, wish, now, run_active))
    return {
        "changed": wanted != present,
        "diff": {"before": _described(present), "after": _described(wanted)},
        "maintenance": wanted.public(),
    }


def _turned(present: Maintenance, on: bool, wish: dict[str, Any], now: str, run_active: bool) -> Maintenance:
    if not on:
        return replace(present, operator=None, run=present.run if run_active else None)
    since = present.operator.since if present.operator else now
    return replace(
        present,
        operator=Notice(
            owner=OPERATOR,
            reason=_text(wish, "reason") or "",
            title=_text(wish, "title") or TITLE,
            text=_text(wish, "text") or TEXT,
            since=since,
            until=_until(wish),
        ),
    )


def _text(wish: dict[str, Any], key: str) -> str | None:
    value = wish.get(key)
    if value is None:
        return None
    if not isinstance(value, str) or len(value) > 500:
        raise BadRequest(f"{key} ist ungültig", limit="Text mit höchstens 500 Zeichen")
    return " ".join(value.split())


def _until(wish: dict[str, Any]) -> str | None:
    """In the host's local time: the page shows hours and minutes as they are written."""
    text = _text(wish, "until")
    if not text:
        return None
    try:
        end = datetime.fromisoformat(text)  # without an offset it is this host's local time
    except ValueError as exc:
        raise BadRequest("until ist kein Zeitpunkt", observed=text, limit="2026-11-21T18:30:00+01:00") from exc
    return end.astimezone().isoformat(timespec="minutes")


def _described(state: Maintenance) -> str:
    notice = state.notice
    if notice is None:
        return "Wartung: aus\n"
    lines = [f"Wartung: an ({notice.owner})", f"Titel: {notice.title}", f"Text: {notice.text}"]
    lines += [f"Grund: {notice.reason}"] if notice.reason else []
    lines += [f"bis: {notice.until}"] if notice.until else []
    return "\n".join(lines) + "\n"

"""A trial notice by every way, for whoever has just set one up."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from upkeep.errors import Refused
from upkeep.notify.notice import Kind, Notice
from upkeep.ports import Ports
from upkeep.ports.clock import stamp

TEXT = "So meldet sich Upkeep, wenn jemand kommen muss. Diese Nachricht wurde mit `upkeep notify --test` ausgelöst."


def trial(ports: Ports) -> dict[str, Any]:
    """{"deliveries": [{"way", "problem"}]}. Refused when no way is set up."""
    told = ports.notify.send(Notice(Kind.TEST, "test", "Benachrichtigung", TEXT, stamp(ports.clock.now())))
    if not told:
        raise Refused(
            "Auf diesem Host ist keine Benachrichtigung eingerichtet",
            next_step="upkeep_agent__notify_mail oder …_webhook im Inventar setzen (docs/alarme.md).",
        )
    return {"deliveries": [asdict(delivery) for delivery in told]}

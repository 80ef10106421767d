"""nonces.json: the tickets that were taken. None is taken twice, whatever happens to the agent in between."""

from __future__ import annotations

import json
import logging
import threading

from upkeep.errors import NotAdmitted
from upkeep.layout import StackPaths
from upkeep.ports import Ports
from upkeep.tickets.ticket import Ticket

MOST = 8  # within WINDOW seconds
WINDOW = 60.0
KEPT = 500  # at that pace more than an hour's: a clock that was put back revives none
_turn = threading.Lock()

log = logging.getLogger("upkeep.door")


def spend(paths: StackPaths, ports: Ports, ticket: Ticket) -> None:
    """Durable before it returns. Raises NotAdmitted, and DiskFailed: then nothing may be begun."""
    now = ports.clock.now().timestamp()
    with _turn:
        since, spent = _load(paths, ports, now)
        if ticket.nonce in spent or ticket.issued < since:
            raise NotAdmitted("ticket_used", "Das Ticket wurde schon benutzt", next_step="Ein neues holen.")
        if sum(abs(now - at) < WINDOW for at in spent.values()) >= MOST:
            most = f"Aus dem Browser gehen höchstens {MOST} Aufträge in {WINDOW:g} s"
            raise NotAdmitted("too_many", most, next_step="Bitte eine Minute warten.")
        _save(paths, ports, since, spent | {ticket.nonce: now})


def _load(paths: StackPaths, ports: Ports, now: float) -> tuple[float, dict[str, float]]:
    """Since when it is complete, and nonce → when it was spent. Of a damaged one nobody knows what it held: it begins
    anew, and what was issued before counts as spent."""
    try:
        raw = json.loads(paths.nonces.read_text(encoding="utf-8"))
        return float(raw["since"]), {str(nonce): float(at) for nonce, at in raw["spent"].items()}
    except FileNotFoundError:
        return 0.0, {}
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as exc:
        log.error("%s ist beschädigt (%s) und wird neu begonnen", paths.nonces, type(exc).__name__)
    _save(paths, ports, now, {})
    return now, {}


def _save(paths: StackPaths, ports: Ports, since: float, spent: dict[str, float]) -> None:
    kept = dict(list(spent.items())[-KEPT:])
    ports.files.write(paths.nonces, json.dumps({"since": since, "spent": kept}))

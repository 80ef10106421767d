"""Who may have something done through the web door: the right page, a good ticket, once."""

from __future__ import annotations

from upkeep.errors import NotAdmitted, UpkeepError
from upkeep.layout import StackPaths
from upkeep.policy import stack as policies
from upkeep.policy.door import DoorPolicy
from upkeep.ports import Ports
from upkeep.tickets import nonces, ticket
from upkeep.tickets.actions import Action
from upkeep.tickets.ticket import Ticket


def admit(paths: StackPaths, ports: Ports, action: Action, origin: str, text: str) -> Ticket:
    """The ticket, spent from now on. Raises NotAdmitted; what it says is fit for strangers."""
    door, keys = _settings(paths)
    if action not in door.open_for:
        raise _closed()
    if origin not in door.origins:
        raise NotAdmitted("origin", "Diese Seite darf das nicht", observed=origin[:100] or "keine Herkunft")
    good = ticket.read(text, keys, paths.name, action, ports.clock.now().timestamp())
    nonces.spend(paths, ports, good)
    return good


def _settings(paths: StackPaths) -> tuple[DoorPolicy, tuple[str, ...]]:
    try:
        door = policies.read(paths.policy_file, paths.name).door
        files = paths.ticket_keys
        found = tuple(key for file in files for key in ticket.keys(file.read_text(encoding="utf-8"), str(file)))
    except (UpkeepError, OSError, ValueError) as exc:
        raise _closed() from exc
    if not found:
        raise _closed()
    return door, found


def _closed() -> NotAdmitted:
    return NotAdmitted("door_closed", "Das ist über die Tür nicht erlaubt")

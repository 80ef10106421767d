"""The verbs of the public socket: how things stand, and with a ticket one of the few things that may be started."""

from __future__ import annotations

import logging
from functools import partial
from typing import Any

from upkeep import status as statuses
from upkeep.agent.admission import admit
from upkeep.agent.api import NAME, Reply, Request, Verb
from upkeep.agent.desk import Desk
from upkeep.agent.order import Order
from upkeep.errors import BadRequest, UpkeepError
from upkeep.memory.journal import Operation
from upkeep.tickets.actions import Action

# To what the last check found, else to what the channel offers, without force: nothing of that comes from outside.
OPERATIONS = {
    Action.START_UPDATE: Operation.UPDATE,
    Action.CHECK_UPDATE: Operation.CHECK,
    Action.START_BACKUP: Operation.BACKUP,
}

log = logging.getLogger("upkeep.door")


def public(desk: Desk, request: Request, name: str) -> Any:
    return statuses.public(desk.layout.stack(name), desk.running(name))


def act(action: Action, desk: Desk, request: Request, name: str) -> Any:
    try:
        run = desk.start(name, _order(action, desk, request, name))
    except UpkeepError as exc:
        log.warning("Tür von %s: %s abgelehnt (%s): %s", name, action, exc.code, exc.__cause__ or exc)
        raise
    return Reply(202, {"run": run})


def _order(action: Action, desk: Desk, request: Request, name: str) -> Order:
    origin, ticket = request.body.get("origin"), request.body.get("ticket")
    if not isinstance(origin, str) or not isinstance(ticket, str):
        raise BadRequest("origin und ticket fehlen", limit="zwei Texte")
    good = admit(desk.layout.stack(name), desk.ports, action, origin, ticket)
    target = None if action is Action.START_BACKUP else "available"
    return Order(OPERATIONS[action], good.starter, {"to": target, "force": False})


PUBLIC_VERBS: tuple[tuple[str, str, Verb], ...] = (
    ("GET", f"/v1/public/{NAME}", public),
    *(("POST", f"/v1/public/{NAME}/{action}", partial(act, action)) for action in OPERATIONS),
)

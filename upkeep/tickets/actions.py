"""What the web door can be asked to do, and what agent and door say alike of tickets. Standard library only: the door
reads this, too."""

from __future__ import annotations

from enum import StrEnum
from http import HTTPStatus

LONGEST_TICKET = 1024  # characters

# How the refusal of a ticket is told, by its code.
REFUSED = {
    "ticket_invalid": HTTPStatus.UNAUTHORIZED,
    "ticket_expired": HTTPStatus.UNAUTHORIZED,
    "ticket_early": HTTPStatus.UNAUTHORIZED,
    "ticket_used": HTTPStatus.UNAUTHORIZED,
    "ticket_other": HTTPStatus.FORBIDDEN,
    "origin": HTTPStatus.FORBIDDEN,
    "door_closed": HTTPStatus.FORBIDDEN,
    "too_many": HTTPStatus.TOO_MANY_REQUESTS,
}


class Action(StrEnum):
    """Named like the last part of its path, `POST /api/system/<action>`, and in the ticket that allows it."""

    START_UPDATE = "start-update"
    CHECK_UPDATE = "check-update"
    START_BACKUP = "start-backup"

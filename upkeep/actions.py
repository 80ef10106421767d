"""What the web door can be asked to do. Standard library only: the door itself reads this, too."""

from __future__ import annotations

from enum import StrEnum


class Action(StrEnum):
    """Named like the last part of its path, `POST /api/system/<action>`, and in the ticket that allows it."""

    START_UPDATE = "start-update"
    CHECK_UPDATE = "check-update"

"""What the web door of a stack may start, and from whose pages."""

from __future__ import annotations

import re
from dataclasses import dataclass

from upkeep.policy.fields import Fields
from upkeep.tickets.actions import Action

# As browsers write it: scheme and host in lower case, no path, no default port.
_HOST = r"(?:[a-z0-9-]+(?:\.[a-z0-9-]+)*|\[[0-9a-f:.]+\])"
_ORIGIN = re.compile(rf"(?:http://{_HOST}(?!:80$)|https://{_HOST}(?!:443$))(?::[1-9][0-9]{{0,4}})?")


@dataclass(frozen=True)
class DoorPolicy:
    """`origins`: addresses of the application as its users' browsers see them; without one the door starts nothing."""

    origins: tuple[str, ...] = ()
    actions: tuple[Action, ...] = ()

    @property
    def open_for(self) -> tuple[Action, ...]:
        return self.actions if self.origins else ()


def parse(fields: Fields) -> DoorPolicy:
    origins = fields.texts("origins", ())
    for origin in origins:
        if not _ORIGIN.fullmatch(origin):
            raise fields.wrong("origins", origin, "Adresse ohne Pfad, zum Beispiel https://lager.example.de")
    actions = fields.texts("actions", tuple(Action))
    for action in actions:
        if action not in tuple(Action):
            raise fields.wrong("actions", action, " oder ".join(Action))
    return fields.finish(DoorPolicy(origins, tuple(Action(action) for action in actions)))

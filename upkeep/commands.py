"""Commands a policy names: the migration, in the new image; the hooks, on the host itself."""

from __future__ import annotations

import shutil
from dataclasses import dataclass

from upkeep.fields import Fields

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True)
class MigrationPolicy:
    """What brings the data to the new release, once per update. `command`: argv behind the image's entrypoint.
    `timeout` in seconds. `compatible`: the release before works on the migrated data (the migration only adds)."""

    command: tuple[str, ...]
    timeout: float
    compatible: bool


@dataclass(frozen=True)
class Hook:
    """A program of the host, run by the agent as root. `timeout` in seconds."""

    command: tuple[str, ...]
    timeout: float

    @property
    def program(self) -> str | None:
        """Where the program lies; None when there is no such executable."""
        return shutil.which(self.command[0], path=PATH)


@dataclass(frozen=True)
class HooksPolicy:
    """`before` an update touches anything, `after` it is over, `alarm` when it leaves the gate shut."""

    before: tuple[Hook, ...] = ()
    after: tuple[Hook, ...] = ()
    alarm: tuple[Hook, ...] = ()


def migration(fields: Fields) -> MigrationPolicy:
    compatible = fields.take("compatible", True)
    if not isinstance(compatible, bool):
        raise fields.wrong("compatible", compatible, "true oder false")
    return fields.finish(MigrationPolicy(_argv(fields), fields.seconds("timeout", 1, 86400, 600), compatible))


def hooks(fields: Fields) -> HooksPolicy:
    return fields.finish(
        HooksPolicy(
            before=tuple(_hook(item) for item in fields.sections("before", ())),
            after=tuple(_hook(item) for item in fields.sections("after", ())),
            alarm=tuple(_hook(item) for item in fields.sections("alarm", ())),
        )
    )


def _hook(fields: Fields) -> Hook:
    command = _argv(fields)
    if "/" in command[0] and not command[0].startswith("/"):
        raise fields.wrong("command", command[0], "Programm mit vollem Pfad, zum Beispiel /usr/local/sbin/pruefen")
    return fields.finish(Hook(command, fields.seconds("timeout", 1, 3600, 60)))


def _argv(fields: Fields) -> tuple[str, ...]:
    words = fields.take("command")
    good = isinstance(words, list | tuple) and all(isinstance(word, str) for word in words)
    if not good or not words or not words[0]:
        raise fields.wrong("command", words, "Liste: Programm und seine Argumente als Texte")
    return tuple(words)

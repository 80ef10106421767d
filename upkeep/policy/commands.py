"""Commands a policy names: the migration, in the new image; the hooks, on the host itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from upkeep.policy.fields import Fields


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


@dataclass(frozen=True)
class Inside:
    """A program of the application, run in its container. `timeout` in seconds."""

    command: tuple[str, ...]
    timeout: float


@dataclass(frozen=True)
class HooksPolicy:
    """`before` an update touches anything, `after` it is over, `alarm` when it leaves the gate shut."""

    before: tuple[Hook, ...] = ()
    after: tuple[Hook, ...] = ()
    alarm: tuple[Hook, ...] = ()

    @property
    def all(self) -> tuple[Hook, ...]:
        return (*self.before, *self.after, *self.alarm)


class When(StrEnum):
    BEFORE = "before"
    AFTER = "after"
    ALARM = "alarm"
    MIGRATION = "migration"


@dataclass
class CommandReport:
    """What became of one command in a run. Without `ended_at` it was under way when the agent was killed (or still
    is). `problem` is German and empty when all went well; `output` are the last lines, without secrets."""

    when: When
    number: int
    command: list[str]
    begun_at: str
    ended_at: str | None = None
    exit_code: int | None = None
    seconds: float = 0.0
    problem: str = ""
    output: list[str] = field(default_factory=list)
    container: str = ""

    @property
    def program(self) -> str:
        return self.command[0]


def migration(fields: Fields) -> MigrationPolicy:
    compatible = fields.flag("compatible", True)
    return fields.finish(MigrationPolicy(_argv(fields), fields.seconds("timeout", 1, 86400, 600), compatible))


def hooks(fields: Fields) -> HooksPolicy:
    return fields.finish(
        HooksPolicy(
            before=tuple(_of_host(item) for item in fields.sections("before", ())),
            after=tuple(_of_host(item) for item in fields.sections("after", ())),
            alarm=tuple(_of_host(item) for item in fields.sections("alarm", ())),
        )
    )


def inside(fields: Fields) -> Inside:
    return fields.finish(Inside(_argv(fields), fields.seconds("timeout", 1, 86400, 600)))


def _of_host(fields: Fields) -> Hook:
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

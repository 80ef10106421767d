"""What a trial restore has to prove, from stack.yml."""

from __future__ import annotations

from dataclasses import dataclass

from upkeep.policy import commands
from upkeep.policy.commands import Inside
from upkeep.policy.fields import Fields


@dataclass(frozen=True)
class DrillPolicy:
    """`check`: a command of the application that judges its own data, run in its container. `overdue`: without a good
    trial for so long somebody is told (seconds; 0: none are expected)."""

    check: Inside | None = None
    overdue: float = 0


def parse(fields: Fields) -> DrillPolicy:
    check = commands.inside(fields.section("check")) if fields.has("check") else None
    fields.take("check", None)
    return fields.finish(DrillPolicy(check, fields.seconds("overdue", 0, 366 * 86400, 0)))

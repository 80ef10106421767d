"""The part of stack.yml that says how a release may be exchanged for another."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from upkeep.policy.fields import Fields

LONGEST_PAUSE = 30.0  # callers wait that long without giving up


class Strategy(StrEnum):
    RECREATE = "recreate"
    ROLLING = "rolling"


@dataclass(frozen=True)
class UpdatePolicy:
    """All times in seconds. `bake`: how long a new release is watched while it serves. `bake_errors`: the highest share
    of 5xx answers in that time. `pause`: how long the gate holds requests before it shows the maintenance page.
    `drain_path`: where a slot is told that its drain begins (None: it hears SIGTERM). `surge`: a rolling run serves
    with one container more meanwhile."""

    strategy: Strategy
    surge: bool
    ready_count: int
    ready_interval: float
    ready_timeout: float
    drain_timeout: float
    stop_timeout: float
    pull_timeout: float
    probation: float
    minimum_free_mb: int
    backup_before: bool
    bake: float
    bake_errors: float
    pause: float
    drain_path: str | None


def parse(fields: Fields, slots: int) -> UpdatePolicy:
    strategy = Strategy(fields.choice("strategy", tuple(Strategy), "recreate"))
    if strategy is Strategy.ROLLING and slots < 2:
        raise fields.wrong("strategy", f"rolling mit {slots} Slot", "recreate, oder mindestens 2 Slots (app.slots)")
    return fields.finish(
        UpdatePolicy(
            strategy=strategy,
            surge=fields.flag("surge", False) and strategy is Strategy.ROLLING,
            ready_count=fields.integer("ready_count", 1, 100, 3),
            ready_interval=fields.seconds("ready_interval", 0.05, 60, 0.25),
            ready_timeout=fields.seconds("ready_timeout", 1, 86400, 120),
            drain_timeout=fields.seconds("drain_timeout", 0, 3600, 30),
            stop_timeout=fields.seconds("stop_timeout", 1, 3600, 15),
            pull_timeout=fields.seconds("pull_timeout", 1, 86400, 900),
            probation=fields.seconds("probation", 0, 3600, 0),
            minimum_free_mb=fields.integer("minimum_free_mb", 0, 10_000_000, 1024),
            backup_before=fields.choice("backup", ("never", "before_update"), "never") == "before_update",
            bake=fields.seconds("bake", 0, 3600, 30),
            bake_errors=fields.share("bake_errors", 0.05),
            pause=fields.seconds("pause", 0, LONGEST_PAUSE, 0),
            drain_path=fields.path_text("drain_path"),
        )
    )

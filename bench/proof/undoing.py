"""Ways back under load: whatever was acknowledged, also by the release that had to go, must be there afterwards."""

from __future__ import annotations

import asyncio
from dataclasses import asdict, dataclass
from typing import Any

from bench.proof import rolling
from bench.proof.quiet import told
from bench.proof.rolling import Update, run
from bench.proof.stage import FAULT_AFTER, NEW, OLD, Stage
from bench.proof.stretch import Stretch
from workshop.progress import say

RATE = 100
BAKE_SECONDS = 15
BEFORE_AND_AFTER = 1.5
MIGRATION = {"command": ["python3", "/app/probes.py", "migrate"], "timeout": 60, "compatible": True}


@dataclass(frozen=True)
class Way:
    """`version`: the release that turns bad in its bake window, or "" for a rollback that an operator asks for."""

    strategy: str
    migration: bool
    version: str

    @property
    def name(self) -> str:
        return f"{self.strategy}-{'migration-' if self.migration else ''}{'bake' if self.version else 'rollback'}"

    @property
    def title(self) -> str:
        after = " nach verträglicher Migration" if self.migration else ""
        what = "zurück im Beobachtungsfenster" if self.version else "`upkeep rollback`"
        return f"{self.strategy}: {what}{after}"

    @property
    def policy(self) -> dict[str, Any]:
        migration = {"migration": MIGRATION} if self.migration else {}
        rules = {"strategy": self.strategy, "bake": BAKE_SECONDS if self.version else 0}
        return rolling.POLICY | rolling.SHORT | rules | migration


WAYS = tuple(
    Way(strategy, migration, f"1.{2 + number}.0" if bake else "")
    for number, (strategy, migration, bake) in enumerate(
        (strategy, migration, bake)
        for strategy in ("rolling", "recreate")
        for migration, bake in ((False, False), (False, True), (True, True))
    )
)


@dataclass(frozen=True)
class Undone:
    """`migrated`: whether the migration really ran (None: there was none); `release`: what serves afterwards."""

    stretch: Stretch
    runs: list[Update]
    release: str
    migrated: bool | None

    def dump(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def load(cls, raw: dict[str, Any]) -> Undone:
        return cls(**{**raw, "stretch": Stretch.load(raw["stretch"]), "runs": [Update(**one) for one in raw["runs"]]})


def undo(stage: Stage, way: Way) -> Undone:
    stage.policy(way.policy)
    if way.version:
        stage.ground.release(way.version, fault_after=FAULT_AFTER)
    runs: list[Update] = []

    async def there_and_back() -> None:
        await asyncio.sleep(BEFORE_AND_AFTER)
        runs.append(await run(stage, "update", "--to", way.version or NEW, "--force"))
        if not way.version:
            await asyncio.sleep(BEFORE_AND_AFTER)
            runs.append(await run(stage, "rollback"))
        await asyncio.sleep(BEFORE_AND_AFTER)

    stretch = stage.stretch(RATE, there_and_back)
    say(f"  {way.title}: {told(stretch)}; {stretch.outcomes}; {stretch.accounts}")
    migrated = stage.migrated(way.version) if way.migration else None
    return Undone(stretch, runs, stage.release, migrated)


def is_back(undone: Undone) -> bool:
    return undone.release == OLD

"""The steps of every story, read from the code: rehearsed per strategy, and counted against what the source mentions.

A rehearsal tells the real story with phases that do nothing; so nobody keeps a list of steps up to date by hand.
"""

from __future__ import annotations

import ast
import copy
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import upkeep
from upkeep.adoption.memory import Takeover
from upkeep.layout import Layout
from upkeep.memory.journal import Journal, Operation, PhaseRecord, Record, Result
from upkeep.memory.release import Release
from upkeep.plans.plan import GateChange, Plan
from upkeep.policy import stack as policy
from upkeep.ports import Ports
from upkeep.runs.progress import Progress
from upkeep.runs.run import Run
from upkeep.stories import update

STORIES = (
    "stories/execution.py",
    "stories/update.py",
    "stories/rolling.py",
    "stories/database.py",
    "adoption/story.py",
    "stories/removal.py",
    "phases/repairing.py",
)
FORWARD, BACK = "vorwärts", "zurück"
OLD = Release("registry.test/app@sha256:1", "sha256:1", "1.0.0", snapshot="alt")
NEW = Release("registry.test/app@sha256:2", "sha256:2", "1.1.0")


class Nothing:
    """A port to nowhere: there is nothing, and every wish is granted."""

    def __getattr__(self, name: str) -> Any:
        return lambda *words, **more: ()


def nowhere() -> Ports:
    nothing: Any = Nothing()
    names = ("docker", "compose", "probe", "mongo", "registry", "files", "sockets", "programs", "neighbours", "stores")
    names += ("notify",)
    return Ports(**dict.fromkeys(names, nothing), gate=lambda paths: nothing)


class Rehearsal(Run):
    """Every phase succeeds at once and leaves its name."""

    def phase(self, name: str, title: str, percent: int, action: Any) -> None:
        if not self.record.done(name):
            self.record.phases.append(PhaseRecord(name, title, "", ""))

    def finish(self, result: Result, message: str) -> None:
        self.record.result = result

    @property
    def names(self) -> list[str]:
        return [item.name for item in self.record.phases]


def rehearsal(wanted: dict[str, Any], before: dict[str, Any], operation: Operation, database: bool) -> Rehearsal:
    """A run from policy `before` to policy `wanted` that does everything a run can have to do. Touches nothing."""
    raws = (copy.deepcopy(raw) | {"hooks": {}} for raw in (wanted, before))
    parsed, former = (policy.parse(raw, raw["stack"]) for raw in raws)
    paths, ports = Layout(Path("/nonexistent")).paths(parsed.stack), nowhere()
    record = Record("0", paths.name, operation, "", {}, "2026-01-01T00:00:00Z")
    record.takeover = Takeover("alt", "", (), (), (), "", 0, 0).dump()
    journal = Journal(record, Path("/nonexistent"), ports.files)
    run = Rehearsal(paths, ports, journal, Progress(ports.clock, record.started_at))
    plan = Plan(OLD, NEW, None, None, slots=True, gate=GateChange.REPLACE, strategy=parsed.update.strategy)
    plan = replace(plan, migrates=parsed.migration is not None, before=("x",), after=("x",))
    if database:
        plan = replace(plan, slots=False, services=("mongodb",), gate=GateChange.NONE, database="mongo:6.0")
        record.database = {"from": "6.0.4", "to": "6.0.5"}
    run.__dict__ |= {"plan": plan, "policy": parsed, "policy_before": former}
    return run


def of_story(
    wanted: dict[str, Any], before: dict[str, Any], operation: Operation = Operation.UPDATE, database: bool = False
) -> dict[str, list[str]]:
    """Direction → names of the phases in their order. Backward is the whole way, from after the commit's eve."""
    run = rehearsal(wanted, before, operation, database)
    update.forward(run)
    forward = run.names
    if database:  # once the gate is open, data are not taken back any more
        run.record.phases = [item for item in run.record.phases if item.name != "open"]
    update.back(run)
    return {FORWARD: ["plan", *forward], BACK: [name for name in run.names if name not in forward]}


def plain(name: str) -> str:
    """`drain:app-1` is the step `drain` of any slot."""
    return re.sub(r":.*", ":*", name)


def mentioned() -> set[str]:
    """Patterns of all phase names in the sources that tell of a release's exchange: `drain:app-1` is found as `*:*`."""
    found: set[str] = set()
    for file in (Path(upkeep.__file__).parent / name for name in STORIES):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "phase":
                found |= {_pattern(word) for word in node.args[:1] if len(node.args) > 1}
    return found - {""}


def _pattern(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "*" for part in node.values)
    return ""


def unmatched(patterns: set[str], names: set[str]) -> set[str]:
    """Patterns that none of these names bears."""
    wanted = {pattern: re.compile(re.escape(pattern).replace(r"\*", ".+")) for pattern in patterns}
    return {pattern for pattern, form in wanted.items() if not any(form.fullmatch(name) for name in names)}

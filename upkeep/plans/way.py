"""The way a run goes: slot by slot where the policy says so and nothing forbids it, else with the gate shut."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from upkeep.composition import GATE
from upkeep.memory.journal import Operation
from upkeep.plans.accounts import changed_in_place
from upkeep.plans.plan import Plan
from upkeep.plans.situation import Situation
from upkeep.policy import stack as policies
from upkeep.policy.stack import Policy, Strategy
from upkeep.ports.containers import running_of
from upkeep.versions import ranges as versions


def chosen(situation: Situation, plan: Plan) -> Plan:
    """The plan with its strategy. A first install has nobody to serve meanwhile: it needs no slot by slot."""
    policy = _policy_of(situation, plan.source)
    if plan.first or not plan.changed or policy.update.strategy is Strategy.RECREATE:
        return plan
    reason = next(_obstacles(situation, plan, policy), "")
    return replace(plan, strategy=Strategy.RECREATE if reason else Strategy.ROLLING, closed_because=reason)


def accompanied(situation: Situation, plan: Plan, operation: Operation) -> Plan:
    """The plan with the commands that go along: the migration, only forward and only to another release; the hooks."""
    policy = _policy_of(situation, plan.source)
    if not plan.changed or plan.target is None:
        return plan
    backward = operation is Operation.ROLLBACK or (
        plan.release is not None and versions.older(plan.target.version, plan.release.version)
    )
    return replace(
        plan,
        migrates=policy.migration is not None and plan.new_digest and not backward,
        before=tuple(hook.command[0] for hook in policy.hooks.before),
        after=tuple(hook.command[0] for hook in policy.hooks.after),
    )


def _obstacles(situation: Situation, plan: Plan, policy: Policy) -> Iterator[str]:
    """What two releases side by side, or one gate for both, would not survive."""
    before = _policy_of(situation, plan.release.snapshot if plan.release else None)
    if plan.new_digest and policy.migration and not policy.migration.compatible:
        yield "die Migration ist nicht abwärtsverträglich"
    if plan.services:
        yield f"{', '.join(plan.services)} wird neu gestartet"
    if plan.accounts and (names := changed_in_place(before, plan.hashes, situation.state.hashes)):
        yield f"der Zugang {', '.join(names)} zur Datenbank ändert sich unter seinem Namen"
    if (policy.app.port, policy.app.health_path) != (before.app.port, before.app.health_path):
        yield "Port oder Health-Pfad der Anwendung ändern sich"
    if running_of(situation.ports.docker.containers(situation.paths.name), GATE) is None:
        yield "das Gate läuft nicht"


def _policy_of(situation: Situation, snapshot: str | None) -> Policy:
    if snapshot is None:
        return situation.policy
    return policies.read(situation.paths.snapshot(snapshot).policy_file, situation.paths.name)

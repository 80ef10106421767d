"""Phases of one slot's containers: the new release in place of the old, the old one back, a slot no longer wanted."""

from __future__ import annotations

from upkeep.gate import rotation
from upkeep.phases.gate import relabel
from upkeep.phases.prepare import app_containers
from upkeep.phases.weight import make_light
from upkeep.ports.docker import Container
from upkeep.runs.run import Run


def replace_slot(run: Run, slot: str) -> str:
    """The prepared container, or else a fresh one by compose, also when only a secret's content changed."""
    new, old = _new(run, slot), _old(run, slot)
    if new and new[0].id in run.record.prepared:
        _stop(run, [item for item in old if not item.at_rest])
        make_light(run, new[0].id)
        run.ports.docker.start(new[0].id)
        return "vorbereiteter Container"
    stop_timeout = run.policy.update.stop_timeout
    run.ports.compose.up(run.project(), (slot,), stop_timeout=stop_timeout, force=bool(old), orphans=False)
    return "neuer Container"


def return_slot(run: Run, slot: str) -> str:
    """The very container that served before where it still exists, from its own compose.yml."""
    for item in _new(run, slot):
        _stop(run, [item])
        run.ports.docker.remove(item.id)
    stop_timeout = run.policy_before.update.stop_timeout
    run.ports.compose.up(run.project_before(), (slot,), stop_timeout=stop_timeout, orphans=False)
    return run.plan.release.label if run.plan.release else ""


def retire_slot(run: Run, slot: str) -> str:
    containers = [item for item in app_containers(run) if item.service == slot]
    _stop(run, [item for item in containers if not item.at_rest])
    for item in containers:
        run.ports.docker.remove(item.id)
    relabel(run, slot, None)
    rotation.forget(run.paths, run.ports, slot)
    return "entfernt" if containers else ""


def _stop(run: Run, containers: list[Container]) -> None:
    for item in containers:
        run.ports.docker.stop(item.id, run.policy.update.stop_timeout)


def _new(run: Run, slot: str) -> list[Container]:
    return [item for item in app_containers(run) if item.service == slot and item.id not in run.record.replaced]


def _old(run: Run, slot: str) -> list[Container]:
    return [item for item in app_containers(run) if item.service == slot and item.id in run.record.replaced]

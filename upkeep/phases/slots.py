"""Phases around the app's slots: stop them, start them as the new release, put the old one back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from upkeep import composition
from upkeep.composition import GATE
from upkeep.memory import release, state
from upkeep.phases.database import bring_up
from upkeep.phases.gate_change import return_gate
from upkeep.phases.patience import await_docker
from upkeep.phases.prepare import app_containers, discard_new
from upkeep.runs.run import Run


def stop_slots(run: Run) -> str:
    """All at once: two versions of an app that cannot run twice must never meet."""
    running = [item for item in app_containers(run) if not item.at_rest]
    timeout = run.policy.update.stop_timeout
    if len(running) == 1:
        run.ports.docker.stop(running[0].id, timeout)
    elif running:
        with ThreadPoolExecutor(len(running)) as pool:
            list(pool.map(lambda item: run.ports.docker.stop(item.id, timeout), running))
    return ", ".join(sorted(item.service for item in running)) or "nichts lief"


def start_slots(run: Run) -> str:
    """The prepared containers, or else fresh ones by compose, also when only a secret's content changed."""
    slots = run.policy.app.slot_names
    present = {item.id for item in app_containers(run)}
    if run.record.prepared and present.issuperset(run.record.prepared):
        _start_all(run, run.record.prepared)
        return ", ".join(slots)
    still_old = bool(present & set(run.record.replaced))
    run.ports.compose.up(run.project(), slots, stop_timeout=run.policy.update.stop_timeout, force=still_old)
    return ", ".join(slots)


def _start_all(run: Run, ids: list[str]) -> None:
    with ThreadPoolExecutor(len(ids)) as pool:
        list(pool.map(run.ports.docker.start, ids))


def restore(run: Run) -> str:
    """The release before, from its own compose.yml. Of a first install nothing keeps running."""
    await_docker(run.ports)
    if run.plan.first:
        return stop_slots(run)
    if run.record.intended("switch"):
        restore_env(run)
    project, policy = run.project_before(), run.policy_before
    compose = composition.read(project.file, run.paths.home)
    if run.record.intended("switch") and run.plan.services:
        others = tuple(name for name in compose.services if name != GATE and name not in policy.app.slot_names)
        bring_up(run, project, policy, others)
    if run.plan.window:
        discard_new(run)
        run.ports.compose.up(project, policy.app.slot_names, stop_timeout=policy.update.stop_timeout)
    if not run.plan.rolling:
        return_gate(run)
    return run.plan.release.label if run.plan.release else ""


def restore_env(run: Run) -> None:
    images = run.plan.images_before
    if images:
        written = release.write(run.paths, images, run.ports.files)
        run.remember(replace(state.load(run.paths), images=images, env_hash=written))

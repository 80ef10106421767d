"""Phase prepare: the new containers are made while the old ones serve. compose makes them (a second container of the
service), and the closed window holds none of its work: containers are only stopped, started (by id) and probed.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable

from upkeep import composition
from upkeep.composition import Composition
from upkeep.errors import UpkeepError
from upkeep.ports.compose import Project
from upkeep.ports.containers import Container
from upkeep.runs.run import Run

SINGULAR = ("container_name", "ports")  # what two containers cannot have at the same time

log = logging.getLogger("upkeep.run")


def prepare(run: Run) -> str:
    slots = run.policy.app.slot_names
    if not _possible(run, slots):
        return "nicht im Voraus"
    _discard_leftovers(run)
    candidate = run.snapshot.directory / "release.env"
    run.ports.compose.create(Project(run.paths.name, run.paths.home, candidate, run.snapshot.compose_file), slots)
    run.record.prepared = [item.id for item in _new(run)]
    return ", ".join(slots)


def _possible(run: Run, slots: tuple[str, ...]) -> bool:
    """Only where nothing else changes, and the old containers leave nothing of their own behind."""
    if run.plan.first or run.plan.services or run.plan.accounts:
        return False
    old = [item for item in app_containers(run) if item.id in run.record.replaced and item.running]
    if sorted(item.service for item in old) != sorted(slots) or any(item.anonymous_volumes for item in old):
        return False
    compose = composition.read(run.snapshot.compose_file, run.paths.home)
    before = composition.read(run.project_before().file, run.paths.home)
    return _same_surroundings(compose, before) and not any(
        key in compose.services[slot] for slot in slots for key in SINGULAR
    )


def _same_surroundings(compose: Composition, before: Composition) -> bool:
    return all(compose.document.get(key) == before.document.get(key) for key in ("networks", "volumes"))


def _discard_leftovers(run: Run) -> None:
    """What a dead run made and never started, beside the container that serves."""
    containers = app_containers(run)
    serving = {item.service for item in containers if item.running}
    for item in containers:
        if item.at_rest and item.service in serving:
            run.ports.docker.remove(item.id)


def discard_new(run: Run) -> None:
    """Remove slots' containers that this run made; what was there before stays."""
    for item in _new(run):
        run.ports.docker.remove(item.id)


def discard_quietly(run: Run) -> None:
    """After a failure that touched nothing: nothing may be left lying about either."""
    try:
        for item in _new(run):
            if item.at_rest:
                run.ports.docker.remove(item.id)
    except UpkeepError as exc:
        log.warning("%s: %s", run.record.id, exc)


def remove_old(run: Run) -> None:
    """The replaced containers, once others serve in their place; these get the usual names."""
    containers = app_containers(run)
    running = {item.service: item for item in containers if item.running}
    for item in containers:
        if item.id in run.record.replaced and item.at_rest and item.service in running:
            run.ports.docker.remove(item.id)
    _give_names(run, running.values())


def leave_one(run: Run) -> str:
    """One container of each slot, for whatever comes next: the new one where it was started, else the old."""
    if not run.record.intended("start"):
        discard_new(run)
        return "die der alten Version"
    new = {item.service: item for item in _new(run)}
    for item in app_containers(run):
        if item.id in run.record.replaced and item.service in new:
            run.ports.docker.remove(item.id)
    _give_names(run, new.values())
    return "die der neuen Version"


def _give_names(run: Run, containers: Iterable[Container]) -> None:
    """A prepared container was number two of its service: whoever was killed before this finds it by its own number."""
    for item in containers:
        name = f"{run.paths.name}-{item.service}-1"
        if item.id in run.record.prepared and item.name != name:
            run.ports.docker.rename(item.id, name)


def app_containers(run: Run) -> list[Container]:
    return [item for item in run.ports.docker.containers(run.paths.name) if item.role == "app"]


def _new(run: Run) -> list[Container]:
    return [item for item in app_containers(run) if item.id not in run.record.replaced]

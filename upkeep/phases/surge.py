"""The spare slot of a rolling run: the new release in one container more, so that as many slots as before serve while
one is exchanged, and a release that does not get ready is found out before anybody leaves.

It is a one-off container that bears the run's id. At the gate it is a server that is off unless a run puts it in: a
gate that restarts forgets it, and the other slots serve on. Why so: docs/adr/0026.
"""

from __future__ import annotations

import logging
from dataclasses import replace

from upkeep.errors import UpkeepError
from upkeep.phases.gate import known, relabel
from upkeep.phases.patience import with_gate
from upkeep.ports.compose import OneOff
from upkeep.ports.containers import RUN, Container, by_service
from upkeep.runs.run import Run

SURGE = "app-surge"  # its name at the gate
ROLE = "surge"
STARTED, RETIRED = f"start:{SURGE}", f"retire:{SURGE}"

log = logging.getLogger("upkeep.run")


def slots_now(run: Run) -> dict[str, Container]:
    """The container that counts for each service, the spare slot's among them while there is one."""
    found = by_service(run.ports.docker.containers(run.paths.name))
    mine = _mine(run) if run.record.intended(STARTED) else None
    return found | {SURGE: mine} if mine else found


def start_surge(run: Run, slot: str) -> str:
    """Whatever a dead run left of one goes first. Raises ComposeFailed."""
    for item in _all(run):
        if item.run == run.record.id and item.running:
            return "läuft schon"
        run.ports.docker.remove(item.id)
    one_off = OneOff(
        name=f"{run.paths.name}-{slot}-{run.record.id}",
        command=(),
        labels={RUN: run.record.id, "upkeep.stack": run.paths.name, "upkeep.role": ROLE, "upkeep.slot": slot},
        environment={"UPKEEP_SLOT": slot},
    )
    run.ports.compose.run(run.project(), run.policy.app.slot_names[0], one_off)
    return "zusätzlicher Container"


def retire_surge(run: Run, slot: str) -> str:
    """Off at the gate first, then gone."""
    relabel(run, slot, None)
    if known(run, slot):
        with_gate(run.ports, lambda: run.ports.gate(run.paths).switch_off(slot))
    found = _all(run)
    for item in found:
        if item.running:
            run.ports.docker.stop(item.id, run.policy.update.stop_timeout)
        run.ports.docker.remove(item.id)
    return "entfernt" if found else ""


def retire_quietly(run: Run) -> None:
    """When a run gives up: what has to go is not among those who serve on."""
    if not run.record.intended(STARTED) or run.record.done(RETIRED):
        return
    try:
        retire_surge(run, SURGE)
    except UpkeepError as exc:
        log.warning("%s: %s", run.record.id, exc)


def _all(run: Run) -> list[Container]:
    return [item for item in run.ports.docker.one_offs(run.paths.name) if item.role == ROLE]


def _mine(run: Run) -> Container | None:
    """Under the name it has at the gate; compose counts it to the slot it was made like."""
    found = next((item for item in _all(run) if item.run == run.record.id), None)
    return replace(found, service=SURGE) if found else None

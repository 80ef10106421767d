"""Phase gate: another configuration is reloaded without a pause, another container takes over in well under a second.

The new container is made while the old one serves, so that the pause holds nothing but a stop and a start. Why the two
cannot overlap: docs/adr/0008.
"""

from __future__ import annotations

from dataclasses import replace

from upkeep.composition import GATE
from upkeep.errors import NotReady
from upkeep.gate import files as gate_files
from upkeep.gate import maintenance
from upkeep.gate.maintenance import Notice
from upkeep.layout import Snapshot
from upkeep.phases.gate import running_gate
from upkeep.plans.plan import GateChange
from upkeep.ports.compose import Project
from upkeep.ports.docker import Container
from upkeep.runs.run import Run

TIMEOUT = 10.0  # what HAProxy has accepted starts in a fraction of a second
LOOK_INTERVAL = 0.02
FAREWELL = 0.5  # the old gate's time to finish what it has begun


def change_gate(run: Run) -> str:
    """Behind shut doors where there is a window; a gate that starts reads its map files and stays shut."""
    change = run.plan.gate
    if change is GateChange.NONE:
        return ""
    _put_files(run, run.snapshot)
    if change is GateChange.RELOAD and (gate := running_gate(run)):
        return _reload(run, gate)
    return _replace(run, run.project())


def return_gate(run: Run) -> str:
    """On the way back, if this run changed it."""
    if not run.record.intended("gate") or run.plan.gate is GateChange.NONE:
        return ""
    restore_gate(run, run.project_before(), run.snapshot_before)
    return "wie zuvor"


def restore_gate(run: Run, project: Project, snapshot: Snapshot) -> None:
    """As it was before this run: its files, its container. Where the container stayed, the files are loaded again."""
    _put_files(run, snapshot)
    new, old = _new_and_old(run)
    if not old:
        return _bring_up(run, project)
    for item in new:
        run.ports.docker.remove(item.id)
    if old[0].running:
        _reload(run, old[0])
    else:
        run.ports.docker.start(old[0].id)
        _await_worker(run, None)
    return None


def _put_files(run: Run, snapshot: Snapshot) -> None:
    gate_files.copy(gate_files.of_release(run.paths, snapshot), run.paths.gate_directory, run.ports.files)


def _reload(run: Run, container: Container) -> str:
    gate = run.ports.gate(run.paths)
    before = gate.worker()
    run.ports.docker.signal(container.id, "SIGUSR2")
    _await_worker(run, before)
    return "neu geladen"


def _replace(run: Run, project: Project) -> str:
    new, old = _new_and_old(run)
    if not run.record.replaced_gates:
        _bring_up(run, project)
        return "gestartet"
    if not new:
        run.ports.compose.create(project, (GATE,))
        new, old = _new_and_old(run)
    _hand_over(run, old, new[0])
    return "ersetzt"


def _bring_up(run: Run, project: Project) -> None:
    """compose finds out what to do: there was no gate when this run began, or nobody wrote down which."""
    run.ports.compose.up(project, (GATE,), stop_timeout=None)
    _await_worker(run, None)


def _hand_over(run: Run, old: list[Container], new: Container) -> None:
    """Who comes meanwhile is told to wait; what has begun is answered; only then one stops and the other starts."""
    begin = run.ports.clock.monotonic()
    if not run.plan.window:
        _shut(run)
    for item in old:
        if not item.at_rest:
            run.ports.docker.stop(item.id, 0)
    if not new.running:
        run.ports.docker.start(new.id)
    _await_worker(run, None)
    if not run.plan.window:
        maintenance.change(run.paths, run.ports, lambda present: present.without_run(run.record.id))
    run.record.timings["gate_s"] = round(run.ports.clock.monotonic() - begin, 3)
    for item in old:
        run.ports.docker.remove(item.id)
    name = f"{run.paths.name}-{GATE}-1"  # compose numbers them; people know the one
    if new.name != name:
        run.ports.docker.rename(new.id, name)


def _shut(run: Run) -> None:
    gate, clock, look = run.ports.gate(run.paths), run.ports.clock, run.policy.maintenance
    notice = Notice(run.owner, "gate", look.title, look.text, since=run.now())
    if not maintenance.change(run.paths, run.ports, lambda present: replace(present, run=notice)):
        return
    deadline = clock.monotonic() + FAREWELL
    while gate.in_flight() and clock.monotonic() < deadline:
        clock.sleep(LOOK_INTERVAL)


def _new_and_old(run: Run) -> tuple[list[Container], list[Container]]:
    """The gate's containers this run made, and those that were there before."""
    replaced = run.record.replaced_gates
    if not replaced:
        return [], []
    gates = [item for item in run.ports.docker.containers(run.paths.name) if item.service == GATE]
    return [item for item in gates if item.id not in replaced], [item for item in gates if item.id in replaced]


def _await_worker(run: Run, former: str | None) -> None:
    """Until a worker other than `former` answers."""
    gate, clock = run.ports.gate(run.paths), run.ports.clock
    deadline = clock.monotonic() + TIMEOUT
    while gate.worker() in (None, former):
        if clock.monotonic() > deadline:
            raise NotReady(
                f"Das Gate ist nach {TIMEOUT:g} s nicht bereit",
                observed="läuft" if running_gate(run) else "läuft nicht",
                next_step=f"`docker logs {run.paths.name}-gate-1` ansehen.",
            )
        clock.sleep(LOOK_INTERVAL)

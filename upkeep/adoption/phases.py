"""What a takeover does to the old project and to the data. Each phase may be entered again after a crash."""

from __future__ import annotations

from pathlib import Path

from upkeep.adoption import memory, moving
from upkeep.adoption.memory import Adopted, Takeover
from upkeep.errors import DiskFailed, NotReady
from upkeep.gate import maintenance
from upkeep.memory import state
from upkeep.memory.state import State
from upkeep.phases.patience import await_docker
from upkeep.ports.neighbours import Occupant
from upkeep.ports.stores import Census
from upkeep.runs.run import Run

NO_RESTART = "no"
REVIVAL_TIMEOUT = 60.0
PROBE_TIMEOUT = 3.0


def takeover(run: Run) -> Takeover:
    return Takeover.load(run.record.takeover or {})


def retire(run: Run) -> str:
    """Stopped, not removed; without a restart policy, so that no reboot brings two applications to the same data."""
    taken = takeover(run)
    for item in taken.containers:
        run.ports.neighbours.set_restart(item.id, NO_RESTART)
    for item in taken.containers:
        run.ports.docker.stop(item.id, item.grace)
    return ", ".join(item.service for item in taken.containers)


def copy_data(run: Run) -> str:
    """Nobody writes now. The copy is what the way back restores, so it is compared byte by byte."""
    seen = []
    for store in takeover(run).stores:
        source, copy = Path(store.path), Path(store.copy)
        run.say(f"{store.label} wird kopiert")
        copy.mkdir(parents=True, exist_ok=True)
        moving.copy(run, source, copy)
        before, kept = run.ports.stores.census(source), run.ports.stores.census(copy)
        if before != kept:
            raise DiskFailed(
                f"Die Kopie von {store.label} stimmt nicht", observed=_counted(kept), limit=_counted(before)
            )
        seen.append(f"{store.label}: {_counted(before)}, sha256 {before.checksum}")
    return "; ".join(seen)


def _counted(census: Census) -> str:
    return f"{census.entries} Einträge, {census.size} Bytes"


def hand_over(run: Run) -> str:
    """The application's user may write what the old one, often root, has left."""
    taken = takeover(run)
    owned = [store for store in taken.stores if store.owned]
    for store in owned:
        moving.hand_over(run, Path(store.path), taken.user, taken.group)
    return ", ".join(store.label for store in owned)


def remember(run: Run) -> str:
    """The copy of this run stays until somebody removes it; those of attempts before it go."""
    taken, place = takeover(run), memory.copies(run.paths, run.record.id)
    copies = str(place) if taken.stores else ""
    for other in place.parent.glob("*"):
        if other != place:
            run.ports.files.remove(other)
    memory.remember(run.paths, Adopted(taken.project, taken.directory, run.now(), copies), run.ports.files)
    return taken.project


# --- the way back


def withdraw(run: Run) -> str:
    """Nothing of the stack runs any more, and its ports are free."""
    await_docker(run.ports)
    moving.stop(run)
    run.ports.compose.down(run.paths.name, run.policy.update.stop_timeout)
    return ""


def give_back(run: Run) -> str:
    """The data as they were when the old project stopped: no user has been let in since."""
    if not run.record.done("copy") or not (run.record.intended("own") or run.record.intended("switch")):
        return "Daten unberührt"
    stores = takeover(run).stores
    for store in stores:
        source, copy = Path(store.path), Path(store.copy)
        wanted = run.ports.stores.census(copy)
        moving.copy(run, copy, source)
        if run.ports.stores.census(source) != wanted:
            raise DiskFailed(f"{store.label} ließ sich nicht zurückspielen", next_step=f"Die Kopie liegt in {copy}.")
    return ", ".join(store.label for store in stores)


def revive(run: Run) -> str:
    """The old containers, in the opposite order, with the restart policies they had."""
    taken = takeover(run)
    for item in reversed(taken.containers):
        if item.ran:
            run.ports.docker.start(item.id)
        run.ports.neighbours.set_restart(item.id, item.restart)
    _await_old(run, taken)
    return taken.project


def _await_old(run: Run, taken: Takeover) -> None:
    wanted = {item.id for item in taken.containers if item.ran}
    deadline = run.ports.clock.monotonic() + REVIVAL_TIMEOUT
    while problem := _problem(run, taken, wanted):
        if run.ports.clock.monotonic() > deadline:
            raise NotReady(f"Das alte Projekt ist nach {REVIVAL_TIMEOUT:g} s nicht bereit", observed=problem)
        run.ports.clock.sleep(0.5)


def _problem(run: Run, taken: Takeover, wanted: set[str]) -> str | None:
    occupants = run.ports.neighbours.occupants(taken.project)
    for item in occupants:
        if item.id in wanted and (not item.running or item.healthy is False):
            return f"{item.service} {item.state}"
    app = next((item for item in occupants if item.id == taken.app and item.id in wanted), None)
    return _silent(run, app) if app else None


def _silent(run: Run, app: Occupant) -> str | None:
    """Whatever it answers on the port it says it has: an old application need not know our health path."""
    ports = [opening.container_port for opening in app.openings] or list(app.exposed)
    if not ports or not app.address:
        return None
    answer = run.ports.probe.get(app.address, ports[0], run.policy.app.health_path, PROBE_TIMEOUT)
    return f"{app.service}: {answer}" if answer.status is None else None


def forget(run: Run) -> str:
    """As if the stack had never been tried: the next attempt is a first one again."""
    known = state.load(run.paths)
    run.remember(State(held=known.held, owned=known.owned))
    run.ports.files.remove(run.paths.release_env)
    run.ports.files.remove(memory.copies(run.paths, run.record.id))
    maintenance.change(run.paths, run.ports, lambda present: present.without_run(run.record.id))
    return ""

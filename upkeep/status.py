"""What a stack is doing: for `upkeep status`, for health checks, for the door. Reads only."""

from __future__ import annotations

from typing import Any

from upkeep import composition
from upkeep.backup import memory
from upkeep.composition import GATE
from upkeep.errors import JournalCorrupt, UpkeepError
from upkeep.gate import maintenance, rotation
from upkeep.gate.maintenance import Maintenance
from upkeep.layout import StackPaths
from upkeep.memory import audit, journal, publication, release, reserve, state
from upkeep.memory.journal import QUIET, Record
from upkeep.memory.release import Release
from upkeep.memory.state import State
from upkeep.policy import stack as policies
from upkeep.policy.stack import AppPolicy
from upkeep.ports import Ports
from upkeep.ports.containers import Container, running_of
from upkeep.runs import lock

PROBE_TIMEOUT = 2.0


def status(paths: StackPaths, ports: Ports, running: Record | None) -> dict[str, Any]:
    """The whole answer for one stack; what cannot be read becomes a line of drift instead of an error."""
    known = remembered(paths)
    drift: list[str] = [*([known.attention] if known.attention else []), *_set_aside(paths, known)]
    containers = _containers(paths, ports, drift)
    app = _app(paths, drift)
    chain = audit.verify(paths)
    drift += [text for text in (chain.complaint(paths), reserve.missing(paths, ports)) if text]
    return {
        "stack": paths.name,
        "release": known.release.public() if known.release else None,
        "previous": known.previous.public() if known.previous else None,
        "available": known.available.public() if known.available else None,
        "held": list(known.held),
        "held_versions": known.held_versions,
        "slots": slots(containers, app, ports, known.release),
        "maintenance": _maintenance(paths, drift).public(),
        "gate": {"state": gate_state(paths, ports, containers)},
        "running": running.summary() if running else None,
        "last_run": last_run(paths),
        "attention": known.attention,
        "audit": chain.public(),
        "drift": drift + _drift(paths, known, containers) + _backups(paths, ports),
    }


def remembered(paths: StackPaths) -> State:
    """The state; of one nobody can read only that it needs attention."""
    try:
        return state.load(paths)
    except JournalCorrupt as exc:
        return State(attention=str(exc))


def _set_aside(paths: StackPaths, known: State) -> list[str]:
    """Damaged journals of runs that had ended: nothing depends on them."""
    names = sorted(path.stem for path in paths.runs.glob("*.corrupt"))
    step = f"`upkeep repair {paths.name}` räumt es beiseite."
    return [f"Das Journal {name} ist beschädigt. {step}" for name in names if name not in (known.attention or "")]


def _maintenance(paths: StackPaths, drift: list[str]) -> Maintenance:
    try:
        return maintenance.load(paths)
    except JournalCorrupt as exc:
        drift.append(str(exc))
        return Maintenance()


def slots(
    containers: tuple[Container, ...], app: AppPolicy | None, ports: Ports, expected: Release | None
) -> list[dict[str, Any]]:
    found = sorted((item for item in containers if item.role == "app"), key=lambda item: item.service)
    return [_slot(item, app, ports, expected) for item in found]


def _slot(item: Container, app: AppPolicy | None, ports: Ports, expected: Release | None) -> dict[str, Any]:
    version = expected.version if expected and expected.digest == item.digest else None
    answer = {"name": item.service, "state": item.state, "digest": item.digest, "version": version, "health": "unknown"}
    if app is None or not item.running or not item.address:
        return answer | {"health": "unknown" if app is None else "not_running"}
    probed = ports.probe.get(item.address, app.port, app.health_path, PROBE_TIMEOUT)
    shown = probed.version or version
    return answer | {"health": "ready" if probed.status == 200 else str(probed), "version": shown}


def gate_state(paths: StackPaths, ports: Ports, containers: tuple[Container, ...]) -> str:
    """`open`, `maintenance`, `silent` (runs, but does not answer) or `absent`."""
    if not ports.gate(paths).answers():
        return "silent" if running_of(containers, GATE) else "absent"
    return "maintenance" if _maintenance(paths, []).on else "open"


def last_run(paths: StackPaths) -> dict[str, Any] | None:
    """The newest finished run that was not just a check (if there is one), else the newest finished."""
    newest: Record | None = None
    for record in journal.readable(paths, newest_first=True):
        if record.finished_at and record.operation not in QUIET:
            return record.summary()
        newest = newest or (record if record.finished_at else None)
    return newest.summary() if newest else None


def public(paths: StackPaths, running: Record | None) -> dict[str, Any]:
    """What anybody at the gate may know: phase and percent of a run or how the last one ended, notice, version; `mixed`
    while a run has slots of two releases answer in turn."""
    shown = _maintenance(paths, []).public()
    current = remembered(paths).release
    busy = running is not None and running.operation not in QUIET
    latest = publication.latest(paths)
    return {
        "phase": running.phases[-1].title if running and busy and running.phases else "",
        "percent": running.percent if running and busy else 0,
        "title": shown["title"] or "",
        "text": shown["text"] or "",
        "until": shown["until"],
        "running": busy,
        "mixed": busy and len(rotation.releases(paths)) > 1,
        "release": current.version if current else None,
        "instance": running.id if running and busy else latest.get("run"),
        "result": None if busy else latest.get("result"),
    }


def holder(paths: StackPaths) -> dict[str, Any]:
    return lock.read_holder(paths.lock_file)


def _containers(paths: StackPaths, ports: Ports, drift: list[str]) -> tuple[Container, ...]:
    try:
        return ports.docker.containers(paths.name)
    except UpkeepError as exc:
        drift.append(str(exc))
        return ()


def _app(paths: StackPaths, drift: list[str]) -> AppPolicy | None:
    try:
        return policies.read(paths.policy_file, paths.name).app
    except UpkeepError as exc:
        drift.append(str(exc))
        return None


def _drift(paths: StackPaths, known: State, containers: tuple[Container, ...]) -> list[str]:
    """Where the host differs from what was deployed."""
    if known.release is None:
        return []
    found = []
    if release.edited_by_hand(paths, known.env_hash):
        found.append(f"{paths.release_env} wurde von Hand geändert.")
    if known.migrated and known.overtaken:
        found.append(
            f"{known.release.label} passt nicht mehr zu den Daten; umgestellt hat sie {known.migrated.version}."
        )
    found += _compose_drift(paths, known.release)
    for item in containers:
        if item.role == "app" and item.digest != known.release.digest:
            found.append(
                f"{item.service} läuft mit {item.digest or 'unbekanntem Abbild'} statt {known.release.digest}."
            )
        if not item.running:
            found.append(f"{item.service} läuft nicht ({item.state}).")
    return found


def _backups(paths: StackPaths, ports: Ports) -> list[str]:
    """What the agent knows of them by itself; the repository is not asked."""
    try:
        policy, known = policies.read(paths.policy_file, paths.name).backup, memory.recall(paths)
    except UpkeepError:
        return []
    if policy is None:
        return []
    now = ports.clock.now()
    late = (memory.overdue(known, policy.overdue, now), memory.drill_overdue(known, policy.drill.overdue, now))
    return [text for text in (*late, known.problem, *known.strange) if text]


def _compose_drift(paths: StackPaths, current: Release) -> list[str]:
    try:
        wanted = composition.read(paths.compose_file, paths.home)
        deployed = composition.read(paths.snapshot(current.snapshot or "").compose_file, paths.home)
    except (UpkeepError, JournalCorrupt) as exc:
        return [str(exc)]
    changed = sorted(wanted.changed_since(deployed))
    return [f"compose.yml wurde geändert, aber noch nicht ausgerollt: {', '.join(changed)}."] if changed else []

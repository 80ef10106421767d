"""Taking a stack off the host: its containers and networks, and, when asked, its data. Doing it twice changes nothing.

Files that Ansible placed are Ansible's to remove, afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from upkeep import composition
from upkeep.errors import BadRequest, PolicyInvalid, Refused, UpkeepError
from upkeep.gate import maintenance
from upkeep.layout import StackPaths
from upkeep.memory import pruning, state
from upkeep.memory.journal import Result
from upkeep.memory.state import State
from upkeep.phases.patience import await_docker
from upkeep.ports import Ports
from upkeep.runs.failure import blame
from upkeep.runs.run import Run

STOP_TIMEOUT = 30.0
DELETE = "delete"


@dataclass(frozen=True)
class Estate:
    """What is there of a stack. `volumes`: those in Docker, `directories`: of the host, which nobody ever deletes."""

    containers: tuple[str, ...]
    volumes: tuple[str, ...]
    directories: tuple[str, ...]
    images: tuple[str, ...]


def estate(paths: StackPaths, ports: Ports) -> Estate:
    mounts = [mount for document in _documents(paths) for mount in _mounts(document, paths)]
    named = {name for name, _ in mounts if name} | set(ports.neighbours.volumes_of(paths.name))
    containers = ports.neighbours.occupants(paths.name)
    return Estate(
        containers=tuple(sorted(item.name for item in containers)),
        volumes=tuple(sorted(name for name in named if ports.neighbours.volume(name))),
        directories=tuple(sorted({path for _, path in mounts if path})),
        images=_images(paths),
    )


def _documents(paths: StackPaths) -> Iterator[dict[str, Any]]:
    """What Ansible placed, and what ran last: after a removal only that is left."""
    files = [paths.compose_file, *sorted(paths.releases.glob("*/compose.yml"))]
    for file in files:
        if file.exists():
            try:
                yield composition.read(file, paths.home).document
            except PolicyInvalid:
                continue


def _mounts(document: dict[str, Any], paths: StackPaths) -> Iterator[tuple[str, str]]:
    """(volume, "") or ("", directory) for what the services keep data in; the gate's mounts are not data, nor is what
    lies with the stack's own files."""
    declared = document.get("volumes") or {}
    for name, body in declared.items():
        yield str((body or {}).get("name") or f"{paths.name}_{name}"), ""
    for name, service in document["services"].items():
        for item in service.get("volumes") or () if name != composition.GATE else ():
            if isinstance(item, dict) and item.get("type") == "bind":
                source = Path(str(item.get("source")))
                if not source.is_relative_to(paths.home):
                    yield "", str(source)


def _images(paths: StackPaths) -> tuple[str, ...]:
    try:
        return state.load(paths).owned
    except UpkeepError:
        return ()


def deletes(options: dict[str, Any], stack: str) -> bool:
    """Whether the data go, too. Whoever wants that types the stack's name."""
    wanted = options.get("data") or "keep"
    if wanted not in ("keep", DELETE):
        raise BadRequest("data ist nicht bekannt", observed=wanted, limit=f"keep oder {DELETE}")
    if wanted == DELETE and options.get("confirm") != stack:
        raise Refused(
            f"Die Daten von „{stack}“ werden so nicht gelöscht",
            observed=f"confirm={options.get('confirm') or ''}",
            limit=f"confirm={stack}",
            next_step="Das Löschen der Daten bestätigt, wer den Namen des Stacks angibt.",
        )
    return wanted == DELETE


def answer(paths: StackPaths, ports: Ports, options: dict[str, Any]) -> dict[str, Any]:
    """What a removal would do; writes nothing."""
    found, delete = estate(paths, ports), deletes(options, paths.name)
    steps = [f"Container entfernen: {', '.join(found.containers)}"] if found.containers else []
    steps += [f"Volume löschen: {name}" for name in found.volumes] if delete else []
    steps += [f"Abbild löschen: {name}" for name in found.images] if delete else []
    return {
        "changed": bool(steps),
        "diff": {"before": "".join(f"{step}\n" for step in steps), "after": ""},
        "steps": steps,
        "message": f"„{paths.name}“ wird entfernt" if steps else f"Von „{paths.name}“ läuft hier nichts.",
        "kept": {"volumes": [] if delete else list(found.volumes), "directories": list(found.directories)},
    }


def execute(run: Run) -> None:
    """Also the way on after a crash; never raises for what can go wrong."""
    try:
        delete = deletes(run.record.options, run.paths.name)
        run.phase("down", "Container und Netze werden entfernt", 20, _take_down)
        if delete:
            run.phase("delete", "Daten werden gelöscht", 60, _delete)
        run.finish(Result.UPDATED, f"„{run.paths.name}“ ist entfernt{', auch die Daten' if delete else ''}.")
    except Exception as exc:  # whatever it was: the journal gets an end
        reason = blame(run.record, exc)
        refused = isinstance(exc, Refused)
        note = "" if refused else " Der Rest ist noch da; den Aufruf wiederholen."
        run.finish(Result.REFUSED if refused else Result.FAILED, f"{reason}{note}")


def _take_down(run: Run) -> str:
    await_docker(run.ports)
    names = estate(run.paths, run.ports).containers
    run.ports.compose.down(run.paths.name, STOP_TIMEOUT)
    maintenance.change(run.paths, run.ports, lambda present: maintenance.Maintenance())
    return ", ".join(names)


def _delete(run: Run) -> str:
    found = estate(run.paths, run.ports)
    used = [name for name in found.volumes if not run.ports.neighbours.remove_volume(name)]
    if used:
        raise Refused(
            f"Diese Volumes benutzt noch jemand: {', '.join(used)}",
            next_step=f"Nachsehen mit `docker ps -a --filter volume={used[0]}`.",
        )
    run.remember(State(owned=found.images))
    pruning.images(run.paths, run.ports)
    return ", ".join(found.volumes)

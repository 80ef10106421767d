"""What of a stack may go: its own images, that no release needs, no other stack knows and no container uses; old
journals."""

from __future__ import annotations

import json
from dataclasses import replace

from upkeep.layout import StackPaths
from upkeep.memory import journal, state
from upkeep.memory.journal import QUIET
from upkeep.memory.release import Images, Release
from upkeep.ports import Ports
from upkeep.ports.files import Files

KEPT_RUNS = 50
KEPT_QUIET = 20


def journals(paths: StackPaths, files: Files) -> None:
    """Keep the newest. What timers begin is counted by itself, so that it does not push the history out."""
    runs = journal.run_ids(paths)
    for operation in QUIET:
        own = [run_id for run_id in runs if f"-{operation}-" in run_id]
        runs = [run_id for run_id in runs if run_id not in own]
        for run_id in own[:-KEPT_QUIET]:
            files.remove(journal.path_of(paths, run_id))
    for run_id in runs[:-KEPT_RUNS]:
        files.remove(journal.path_of(paths, run_id))


def images(paths: StackPaths, ports: Ports) -> list[str]:
    """Remove them; returns what is gone. The caller holds the stack's lock, so no run needs another one."""
    known = state.load(paths)
    spare = set(known.owned) - _needed(known.images, known.previous) - _needed_elsewhere(paths)
    if not spare:
        return []
    spare -= _in_use(ports, spare)
    gone = [image for image in sorted(spare) if ports.docker.remove_image(image) or ports.docker.image(image) is None]
    state.save(paths, replace(known, owned=tuple(image for image in known.owned if image not in gone)), ports.files)
    return gone


def _in_use(ports: Ports, names: set[str]) -> set[str]:
    """By name, or by another name of the same image."""
    used = ports.docker.images_in_use()
    found = {name: ports.docker.image(name) for name in names}
    return {name for name, image in found.items() if name in used or (image and image.id in used)}


def _needed(current: Images | None, previous: Release | None) -> set[str]:
    return set(current.all if current else ()) | ({previous.image} if previous else set())


def _needed_elsewhere(paths: StackPaths) -> set[str]:
    needed: set[str] = set()
    for file in paths.data.parent.glob("*/state.json"):
        if file == paths.state_file:
            continue
        try:
            needed |= set(json.loads(file.read_text(encoding="utf-8")).get("owned", ()))
        except (OSError, ValueError, AttributeError):
            continue
    return needed

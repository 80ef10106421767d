"""The gate's files three times over: as Ansible wants them (gate-wanted/), as the gate reads them (gate/), and as each
release ran with them (its snapshot). Only what HAProxy has accepted goes from one to the next."""

from __future__ import annotations

from pathlib import Path

from upkeep import composition
from upkeep.layout import Snapshot, StackPaths
from upkeep.ports.files import Files

MAPS = "maps"  # the agent's own, in the gate's directory: never part of a release


def wanted(paths: StackPaths) -> Path:
    """Where the files to come lie. Roles of the version before placed them where the gate reads them."""
    return paths.gate_wanted if paths.gate_wanted.is_dir() else paths.gate_directory


def of_release(paths: StackPaths, snapshot: Snapshot) -> Path:
    """The files a release ran with; releases of the version before kept none, so those in use are theirs."""
    return snapshot.gate_directory if snapshot.gate_directory.is_dir() else paths.gate_directory


def listing(directory: Path) -> dict[str, str]:
    """Relative path → content."""
    found = (path for path in sorted(directory.rglob("*")) if path.is_file())
    named = {str(path.relative_to(directory)): path for path in found}
    return {name: path.read_text(encoding="utf-8") for name, path in named.items() if not name.startswith(f"{MAPS}/")}


def fingerprint(directory: Path) -> str:
    return composition.content_hash((), listing(directory))


def copy(origin: Path, target: Path, files: Files) -> None:
    """Make `target` hold what `origin` holds, each file in one step. The gate's numeric user reads them."""
    if origin == target:
        return
    there, here = listing(origin), listing(target)
    for name in here.keys() - there.keys():
        files.remove(target / name)
    for name, text in there.items():
        if here.get(name) != text:
            files.write(target / name, text, mode=0o644)

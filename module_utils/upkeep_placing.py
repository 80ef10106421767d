"""Brings a tree of files (upkeep_tree) to the disk: what differs, how to show it, how to write it.

All new contents are staged beside their targets and synced before the first of them is renamed into place: a full
disk or a killed process leaves every file as it was, or as it shall be.
"""

from __future__ import annotations

import contextlib
import grp
import os
import pwd
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ansible.module_utils.upkeep_tree import Directory, File, Node, Tree

_DIFF_LIMIT = 100_000
_SECRET = "(geheimer Inhalt)\n"  # noqa: S105 (what is shown instead of one)
_NEW_SECRET = "(neuer geheimer Inhalt)\n"  # noqa: S105


class PlacingFailed(Exception):
    """The disk said no. The message is German and says what is changed by now."""


@dataclass(frozen=True)
class Change:
    """One path that differs. `kind`: directory, attributes, content, remove. The texts are safe to show."""

    kind: str
    path: Path
    before: str
    after: str
    node: Node | None = None


def plan(tree: Tree) -> list[Change]:
    """What differs from the disk, in the order in which it is to be done. Reads only."""
    nodes = [change for node in (*tree.directories, *tree.files) for change in _node_changes(node)]
    gone = [Change("remove", path, "vorhanden\n", "") for path in tree.absent if os.path.lexists(path)]
    return nodes + gone


def diffs(changes: list[Change]) -> list[dict[str, str]]:
    """In the shape of Ansible's template module."""
    return [
        {"before_header": str(c.path), "after_header": str(c.path), "before": c.before, "after": c.after}
        for c in changes
    ]


def carry_out(changes: list[Change]) -> None:
    """Raises PlacingFailed."""
    files = [change for change in changes if change.kind == "content"]
    try:
        _each(changes, "directory", _make_directory)
        staged = _stage(files)
    except OSError as error:
        raise PlacingFailed(f"Keine Datei wurde geändert: {_reason(error)}.") from error
    try:
        for change in files:
            staged[change.path].rename(change.path)
        _each(changes, "attributes", _set_attributes)
        _each(changes, "remove", _remove)
        for parent in {change.path.parent for change in changes}:
            _sync(parent)
    except OSError as error:
        raise PlacingFailed(f"Nur ein Teil wurde geschrieben: {_reason(error)}. Derselbe Aufruf setzt fort.") from error


def _node_changes(node: Node) -> Iterator[Change]:
    try:
        found = os.lstat(node.path)
    except (FileNotFoundError, NotADirectoryError):
        found = None
    attributes = _attributes(node.mode, node.uid, node.gid)
    if isinstance(node, Directory):
        if found is None:
            yield Change("directory", node.path, "", f"Verzeichnis, {attributes}", node)
    elif isinstance(node, File):
        if found is None or not stat.S_ISREG(found.st_mode):
            yield Change("content", node.path, "", _shown(node, node.content, _NEW_SECRET), node)
            return
        before = node.path.read_bytes()
        if before != node.content:
            yield Change(
                "content", node.path, _shown(node, before, _SECRET), _shown(node, node.content, _NEW_SECRET), node
            )
    if found is not None and node.attributes_differ(found):
        yield Change(
            "attributes",
            node.path,
            _attributes(stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid),
            attributes,
            node,
        )


def _shown(file: File, content: bytes, instead: str) -> str:
    if file.secret:
        return instead
    if b"\0" in content or len(content) > _DIFF_LIMIT:
        return f"({len(content)} Bytes, hier nicht gezeigt)\n"
    return content.decode("utf-8", "replace")


def _attributes(mode: int, uid: int, gid: int) -> str:
    return f"Rechte {mode:04o}, {_name(pwd.getpwuid, uid)}:{_name(grp.getgrgid, gid)}\n"


def _name(lookup: Callable[[int], tuple], number: int) -> str:
    try:
        return lookup(number)[0]
    except (KeyError, OverflowError):
        return str(number) if number >= 0 else "noch nicht vorhanden"


def _each(changes: list[Change], kind: str, do: Callable[[Change], None]) -> None:
    for change in changes:
        if change.kind == kind:
            do(change)


def _make_directory(change: Change) -> None:
    change.path.mkdir(mode=0o700)
    _set_attributes(change)


def _set_attributes(change: Change) -> None:
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    with _opened(change.path, flags) as descriptor:
        _own(descriptor, change.node)


def _stage(files: list[Change]) -> dict[Path, Path]:
    """Write every new content beside its target. On an error nothing of it stays behind."""
    staged: dict[Path, Path] = {}
    try:
        for change in files:
            staged[change.path] = change.path.with_name(f".{change.path.name}.upkeep-new")
            _write(staged[change.path], change.node)
    except OSError:
        for temporary in staged.values():
            temporary.unlink(missing_ok=True)
        raise
    return staged


def _write(temporary: Path, file: File) -> None:
    temporary.unlink(missing_ok=True)  # left by a killed predecessor
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with _opened(temporary, flags) as descriptor:
        content = memoryview(file.content)
        while content:
            content = content[os.write(descriptor, content) :]
        _own(descriptor, file)
        os.fsync(descriptor)


def _own(descriptor: int, node: Node) -> None:
    os.fchown(descriptor, node.uid, node.gid)
    os.fchmod(descriptor, node.mode)


def _remove(change: Change) -> None:
    if change.path.is_dir() and not change.path.is_symlink():
        change.path.rmdir()
    else:
        change.path.unlink()


def _sync(directory: Path) -> None:
    with contextlib.suppress(FileNotFoundError), _opened(directory, os.O_RDONLY | os.O_DIRECTORY) as descriptor:
        os.fsync(descriptor)


@contextlib.contextmanager
def _opened(path: Path, flags: int) -> Iterator[int]:
    descriptor = os.open(path, flags, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _reason(error: OSError) -> str:
    return f"{error.filename or error.filename2 or 'Schreiben'}: {error.strerror}"

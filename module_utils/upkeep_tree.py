"""A tree of files as one wish: parse and validate all of it, compare it with the disk, then write what differs.

Standard library only. Nothing is written before everything is valid; each file appears whole or not at all.
Secret contents never leave this module: not in problems, not in diffs.
"""

from __future__ import annotations

import base64
import binascii
import grp
import os
import pwd
import re
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_MODE = re.compile(r"[0-7]{4}")
_FILE_KEYS = {"path", "content", "src_b64", "mode", "owner", "group", "secret"}
_DIRECTORY_KEYS = {"path", "mode", "owner", "group"}
SOMEBODY = -1  # an owner that does not exist yet; only check mode lives with that

Raw = dict[str, Any]


class TreeInvalid(Exception):
    """The wish cannot be fulfilled as written. The message is German and names every problem, never a content."""


@dataclass(frozen=True)
class Node:
    path: Path
    mode: int
    uid: int
    gid: int

    def attributes_differ(self, found: os.stat_result) -> bool:
        return (stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid) != (self.mode, self.uid, self.gid)


@dataclass(frozen=True)
class File(Node):
    content: bytes = field(repr=False)
    secret: bool


@dataclass(frozen=True)
class Directory(Node):
    pass


@dataclass
class Tree:
    """The parsed wish. `problems` make it invalid; `doubts` are what an earlier task would have provided."""

    files: list[File] = field(default_factory=list)
    directories: list[Directory] = field(default_factory=list)
    absent: list[Path] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)


def parse(files: list[Raw], directories: list[Raw], absent: list[str], check_mode: bool = False) -> Tree:
    """Raises TreeInvalid. In check mode what an earlier task would have made (owner, directory) may be missing."""
    tree = Tree()
    for number, raw in enumerate(directories, 1):
        node = _node(tree, raw, f"directories, Eintrag {number}", _DIRECTORY_KEYS, "0755")
        tree.directories += [Directory(*node)] if node else []
    for number, raw in enumerate(files, 1):
        node = _node(tree, raw, f"files, Eintrag {number}", _FILE_KEYS, "0644")
        content = _content(tree, raw, f"files, Eintrag {number}")
        tree.files += [File(*node, content, raw.get("secret") is True)] if node and content is not None else []
    tree.absent = [path for raw in absent if (path := _path(tree, raw, "absent"))]
    tree.directories.sort(key=lambda node: len(node.path.parts))
    tree.absent.sort(key=lambda path: -len(path.parts))
    _check_paths(tree)
    _check_kinds(tree)
    problems = tree.problems if check_mode else tree.problems + tree.doubts
    if problems:
        raise TreeInvalid("Nichts wurde geschrieben. " + "\n".join(problems))
    return tree


def _node(tree: Tree, raw: Raw, where: str, keys: set[str], mode: str) -> tuple[Path, int, int, int] | None:
    unknown = sorted(set(raw) - keys)
    if unknown:
        tree.problems.append(f"{where}: unbekannt: {', '.join(unknown)}. Erlaubt: {', '.join(sorted(keys))}.")
    path = _path(tree, raw.get("path"), where)
    wanted = raw.get("mode", mode)
    if not isinstance(wanted, str) or not _MODE.fullmatch(wanted):
        shown = repr(wanted) if isinstance(wanted, (str, int)) else f"vom Typ {type(wanted).__name__}"
        tree.problems.append(f'{path or where}: mode {shown}; nötig sind vier Oktalziffern als Text, etwa "0644".')
        return None
    uid = _identity(tree, raw.get("owner", "root"), "Benutzer", path)
    gid = _identity(tree, raw.get("group", "root"), "Gruppe", path)
    return (path, int(wanted, 8), uid, gid) if path else None


def _path(tree: Tree, raw: object, where: str) -> Path | None:
    if not isinstance(raw, str) or not raw.startswith("/") or os.path.normpath(raw) != raw or raw in ("/", "//"):
        shown = repr(raw) if isinstance(raw, str) else f"vom Typ {type(raw).__name__}"
        tree.problems.append(f"{where}: path {shown}; nötig ist ein vollständiger Pfad ohne „..“ und doppelte „/“.")
        return None
    return Path(raw)


def _identity(tree: Tree, raw: object, kind: str, path: Path | None) -> int:
    name = str(raw)
    if name.isdecimal():
        return int(name)
    try:
        return pwd.getpwnam(name).pw_uid if kind == "Benutzer" else grp.getgrnam(name).gr_gid
    except KeyError:
        tree.doubts.append(f"{path}: {kind} „{name}“ gibt es auf diesem Host nicht.")
        return SOMEBODY


def _content(tree: Tree, raw: Raw, where: str) -> bytes | None:
    name = raw.get("path", where)
    given = [key for key in ("content", "src_b64") if raw.get(key) is not None]
    problem = ""
    if len(given) != 1 or not isinstance(raw[given[0]], str):
        problem = f"{name}: nötig ist genau eins von content und src_b64, als Text."
    if not isinstance(raw.get("secret", False), bool):
        problem = f"{name}: secret muss true oder false sein."
    try:
        content = b"" if problem else _decoded(given[0], raw[given[0]])
    except binascii.Error:
        problem = f"{name}: src_b64 ist kein Base64."
    if not problem and raw.get("secret") and not content.strip():
        problem = f"{name}: das Geheimnis ist leer. Fehlt es im Tresor? `make secrets` legt fehlende an."
    tree.problems += [problem] if problem else []
    return None if problem else content


def _decoded(kind: str, text: str) -> bytes:
    return base64.b64decode(text, validate=True) if kind == "src_b64" else text.encode("utf-8", "surrogateescape")


def _check_paths(tree: Tree) -> None:
    wanted = [node.path for node in (*tree.directories, *tree.files)] + tree.absent
    for path in sorted({path for path in wanted if wanted.count(path) > 1}):
        tree.problems.append(f"{path}: mehrfach genannt.")
    made = {directory.path for directory in tree.directories}
    for node in (*tree.directories, *tree.files):
        if node.path.parent not in made and not node.path.parent.is_dir():
            tree.doubts.append(
                f"{node.path}: das Verzeichnis {node.path.parent} fehlt. Bitte unter directories nennen."
            )


def _check_kinds(tree: Tree) -> None:
    for file in tree.files:
        if file.path.is_dir() and not file.path.is_symlink():
            tree.problems.append(f"{file.path}: soll eine Datei werden, ist aber ein Verzeichnis.")
    for directory in tree.directories:
        if directory.path.is_symlink() or (directory.path.exists() and not directory.path.is_dir()):
            tree.problems.append(f"{directory.path}: soll ein Verzeichnis werden, ist aber keins.")
    for path in tree.absent:
        if path.is_dir() and not path.is_symlink() and set(path.iterdir()) - set(tree.absent):
            tree.problems.append(f"{path}: soll weg, ist aber ein Verzeichnis, in dem noch etwas liegt.")

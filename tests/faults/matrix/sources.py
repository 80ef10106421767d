"""What a result depends on: everything the agent imports, wherever it does so, and what stands around it in a cell."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PACKAGES = {"upkeep": ROOT / "upkeep", "onhost": ROOT / "tests/faults/onhost"}


@dataclass(frozen=True)
class Book:
    """`entries`: what is started on a host, with all it imports; `files`: what stands around it in a cell."""

    entries: tuple[str, ...]
    files: tuple[str, ...]


# Of the modules here only those that decide what is done; the others order and tell.
STAND = ("tests/integration/upkeep/host.py", "tests/integration/upkeep/stack.py")
APP = ("tests/integration/upkeep/tinyapp/app.py", "tests/integration/upkeep/tinyapp/Dockerfile")
HERE = "tests/faults/matrix"
ENGINE_MODULES = ("broken", "campaign", "grounds", "lane", "own_registry", "scenes", "tasks")
DATA_MODULES = ("grounds", "lane", *(f"data/{name}" for name in ("campaign", "ground", "lane", "scenes")))
ENGINE = Book(("onhost.agent", "onhost.cell"), (*APP, *STAND, *(f"{HERE}/{name}.py" for name in ENGINE_MODULES)))
DATA = Book(("onhost.data.agent", "onhost.data.cell"), (*APP, *STAND, *(f"{HERE}/{name}.py" for name in DATA_MODULES)))


def fingerprint(book: Book = ENGINE) -> str:
    """Another one whenever a result could be another one."""
    digest = hashlib.sha256()
    for file in sorted(sources(book)):
        digest.update(f"{file.relative_to(ROOT)}\0".encode() + file.read_bytes())
    return digest.hexdigest()[:12]


def sources(book: Book = ENGINE) -> set[Path]:
    found = {ROOT / name for name in book.files}
    waiting = [file for name in book.entries for file in _files_of(name)]
    while waiting:
        file = waiting.pop()
        if file not in found:
            found.add(file)
            waiting += [other for name in _imported_by(file) for other in _files_of(name)]
    return found


def _imported_by(file: Path) -> Iterator[str]:
    """Full names; `from a import b` may mean module a.b."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _files_of(name: str) -> Iterator[Path]:
    """A module's file and those of the packages it lies in; nothing for what is not ours."""
    top, *rest = name.split(".")
    place = PACKAGES.get(top)
    for part in (None, *rest):
        if place is None:
            return
        place = place if part is None else place / part
        for file in (place / "__init__.py", place.with_suffix(".py")):
            if file.exists():
                yield file

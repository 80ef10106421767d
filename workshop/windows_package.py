"""Builds a release package for Windows servers from the source of a SvelteKit application with Prisma.

`python -m workshop.windows_package SOURCE TARGET [VERSION]`: installs what package-lock.json says, runs the scripts
`lint`, `test:unit` and `build:production`, adds the production node_modules for Windows and writes
<name>-<version>.zip with manifest.json inside and the hash beside it. The servers need no npm and no internet
afterwards (docs/anwendungsvertrag-windows.md).
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from workshop.progress import say

BIN = Path(sys.executable).parent
SCRIPTS = ("lint", "test:unit", "build:production")
SHIPPED = ("build", "prisma", "prisma.config.mjs", "package.json")
LEFT_OUT = shutil.ignore_patterns("node_modules", "build", ".svelte-kit", "generated")
WINDOWS = ("--omit=dev", "--os=win32", "--cpu=x64")
# Engines for other databases, maps, types and the command line's web pages: three quarters of what npm brings.
NEEDLESS = re.compile(
    r"\.(map|d\.ts|d\.mts|d\.cts|md)$"
    r"|[._](mysql|sqlite|sqlserver|cockroachdb)\b"
    r"|^@prisma/client/(generator-build|runtime/(react-native|edge|wasm-engine-edge|binary|library))"
    r"|^prisma/build/(public/|query_engine)"
    r"|^typescript/|^effect/src/",
)


def build(source: Path, target: Path, version: str = "") -> Path:
    """The zip. `version` replaces the one in package.json."""
    with tempfile.TemporaryDirectory(prefix="upkeep-package-") as folder:
        tree = Path(folder) / "app"
        shutil.copytree(source, tree, ignore=LEFT_OUT)
        about = describe(tree, version)
        produce(tree)
        stage = Path(folder) / "stage"
        collect(tree, stage)
        path = pack(stage, target, about)
    say(f"{path} ({path.stat().st_size / 1_000_000:.1f} MB)")
    return path


def describe(tree: Path, version: str) -> dict[str, Any]:
    """package.json, with the wanted version written into it before anything is built."""
    file = tree / "package.json"
    about: dict[str, Any] = json.loads(file.read_text())
    if version:
        about["version"] = version
        file.write_text(json.dumps(about, indent=2) + "\n")
    return about


def produce(tree: Path) -> None:
    """Minified code without console calls, compressed assets; then only what runs on Windows stays installed."""
    say("Pakete für den Bau (npm ci)")
    npm(tree, "ci", "--ignore-scripts")
    for script in SCRIPTS:
        say(f"npm run {script}")
        npm(tree, "run", "--silent", script)
    say("Pakete für Windows (npm ci --omit=dev --os=win32)")
    npm(tree, "ci", "--ignore-scripts", *WINDOWS)


def npm(tree: Path, *words: str) -> None:
    ended = subprocess.run(
        [str(BIN / "npm"), *words],
        cwd=tree,
        env=os.environ | {"PATH": f"{BIN}:{os.environ['PATH']}"},
        check=False,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    if ended.returncode != 0:
        raise SystemExit(f"npm {' '.join(words)} ist gescheitert:\n{(ended.stdout + ended.stderr)[-4000:]}")


def collect(tree: Path, stage: Path) -> None:
    stage.mkdir()
    for name in SHIPPED:
        place = tree / name
        if place.is_dir():
            shutil.copytree(place, stage / name)
        elif place.exists():
            shutil.copy2(place, stage / name)
    modules = tree / "node_modules"
    for file in files_of(modules):
        name = file.relative_to(modules).as_posix()
        if not NEEDLESS.search(name) and not name.startswith((".bin/", ".package-lock.json")):
            copy = stage / "node_modules" / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(file, copy)


def pack(stage: Path, target: Path, about: dict[str, Any]) -> Path:
    """The zip, whole before it gets its name, and its hash beside it."""
    target.mkdir(parents=True, exist_ok=True)
    path = target / f"{about['name']}-{about['version']}.zip"
    unfinished = path.with_name(f"{path.name}.part")
    with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr("manifest.json", json.dumps(manifest(stage, about), indent=1))
        for file in files_of(stage):
            archive.write(file, file.relative_to(stage).as_posix())
    unfinished.replace(path)
    path.with_name(f"{path.name}.sha256").write_text(f"{digest(path)}  {path.name}\n")
    return path


def manifest(stage: Path, about: dict[str, Any]) -> dict[str, Any]:
    listed = [
        {"path": file.relative_to(stage).as_posix(), "sha256": digest(file), "size": file.stat().st_size}
        for file in files_of(stage)
    ]
    return {
        "app": about["name"],
        "version": about["version"],
        "built_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "node": about["engines"]["node"],
        "migrations": any((stage / "prisma" / "migrations").glob("*/migration.sql")),
        "backward_compatible": about["upkeep"]["backwardCompatible"],
        "files": listed,
    }


def files_of(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


def digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


if __name__ == "__main__":
    build(Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve(), *sys.argv[3:4])

"""Small release packages, good and bad."""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path
from typing import Any

ENGINE = "node_modules/@prisma/engines/schema-engine-windows.exe"
FILES = {
    "build/index.js": "// the application",
    "build/client/favicon.svg": "<svg/>",
    "node_modules/prisma/build/index.js": "// prisma",
    ENGINE: "MZ",
    "prisma/schema.prisma": "model Label {}",
    "prisma/migrations/0001_init/migration.sql": "CREATE TABLE label ();",
    "prisma/seed.mjs": "// the first user",
    "package.json": "{}",
}


def make_package(
    folder: Path,
    version: str,
    *,
    app: str = "etikettendruck",
    files: dict[str, str] | None = None,
    without: tuple[str, ...] = (),
    manifest: dict[str, Any] | None = None,
    **flags: bool,
) -> Path:
    """`flags`: migrations (default true), backward_compatible (default true)."""
    content = {name: text for name, text in (FILES | (files or {})).items() if name not in without}
    listed = [{"path": name, "size": len(text), "sha256": _digest(text.encode())} for name, text in content.items()]
    said = {"app": app, "version": version, "built_at": "2026-11-21T10:00:00Z", "node": "24.19.0", "files": listed}
    said |= {"migrations": True, "backward_compatible": True} | flags | (manifest or {})
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{app}-{version}.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in content.items():
            archive.writestr(zipfile.ZipInfo(name), text)  # no time in it: the same package twice is the same
        archive.writestr(zipfile.ZipInfo("manifest.json"), json.dumps(said))
    seal(path)
    return path


def seal(path: Path) -> None:
    path.with_name(path.name + ".sha256").write_text(f"{_digest(path.read_bytes())}  {path.name}\n")


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()

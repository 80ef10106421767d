"""A release package for a Windows server: a zip with its manifest, and the hash beside it. Read and judged in full."""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from upkeep.errors import Refused

MANIFEST = "manifest.json"
SEED = "prisma/seed.mjs"
VERSION = re.compile(r"\d+(\.\d+){1,3}(-[0-9A-Za-z.]+)?")
APP = re.compile(r"[a-z0-9][a-z0-9-]{0,60}")
# Not possible as a file name on Windows.
FORBIDDEN = re.compile(r'[<>:"|?*\\\x00-\x1f]')
DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
LONGEST = 180  # with C:\inetpub\<app>\releases\<version>\ before it Windows takes 259
ENGINE = re.compile(r"schema-engine-windows[^/]*\.exe$")
# The same engine as WebAssembly, together with the configuration that makes Prisma use it (ADR 0042).
ENGINE_PORTABLE = {"node_modules/prisma/build/schema_engine_bg.wasm", "prisma.config.mjs"}
BLOCK = 1 << 20


class PackageRefused(Refused):
    """No package that may go on a server."""

    code = "package_refused"


@dataclass(frozen=True)
class WindowsPackage:
    """What the manifest says and the files prove; `sha256` is the zip's."""

    app: str
    version: str
    sha256: str
    built_at: str
    node: str
    files: int
    migrations: bool
    backward_compatible: bool
    seeds: bool


def read_package(path: Path, app: str) -> WindowsPackage:
    """Raises PackageRefused unless it is a whole, unchanged package of this application."""
    if not path.is_file():
        raise PackageRefused(f"Paket nicht gefunden: {path}", next_step="Den Pfad prüfen oder das Paket bauen.")
    digest = _checked_digest(path)
    try:
        with zipfile.ZipFile(path) as archive:
            manifest = _manifest(archive)
            _is_of(manifest, app)
            _names_are_safe(archive)
            _files_are_as_listed(archive, manifest["files"])
            _has_what_it_needs(archive, manifest)
    except zipfile.BadZipFile as error:
        raise PackageRefused(f"{path.name} ist kein heiles Zip-Archiv", observed=str(error)) from error
    return _described(manifest, digest)


def _described(manifest: Mapping[str, Any], digest: str) -> WindowsPackage:
    return WindowsPackage(
        app=manifest["app"],
        version=manifest["version"],
        sha256=digest,
        built_at=str(manifest.get("built_at", "")),
        node=str(manifest.get("node", "")),
        files=len(manifest["files"]),
        migrations=manifest["migrations"],
        backward_compatible=manifest["backward_compatible"],
        seeds=any(file["path"] == SEED for file in manifest["files"]),
    )


def _checked_digest(path: Path) -> str:
    beside = path.with_name(f"{path.name}.sha256")
    if not beside.is_file():
        raise PackageRefused(f"Neben dem Paket fehlt {beside.name}", next_step="Beide Dateien zusammen kopieren.")
    wanted = (beside.read_text(errors="replace").split() or [""])[0].lower()
    with path.open("rb") as file:
        found = _digest(file)
    if found != wanted:
        raise PackageRefused(f"{path.name} ist nicht das, was gebaut wurde", observed=found, limit=wanted)
    return found


def _digest(file: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while block := file.read(BLOCK):
        digest.update(block)
    return digest.hexdigest()


def _manifest(archive: zipfile.ZipFile) -> dict[str, Any]:
    try:
        manifest = json.loads(archive.read(MANIFEST))
    except KeyError as error:
        raise PackageRefused(f"Im Paket fehlt {MANIFEST}") from error
    except ValueError as error:
        raise PackageRefused(f"{MANIFEST} ist kein JSON", observed=str(error)) from error
    problems = list(_manifest_problems(manifest))
    if problems:
        raise PackageRefused(f"{MANIFEST} taugt nicht", observed=", ".join(problems))
    assert isinstance(manifest, dict)  # noqa: S101 - for the type checker; said above
    return manifest


def _manifest_problems(manifest: object) -> Iterator[str]:
    if not isinstance(manifest, dict):
        yield "kein Objekt"
        return
    if not APP.fullmatch(str(manifest.get("app", ""))):
        yield f"app {manifest.get('app')!r}"
    if not VERSION.fullmatch(str(manifest.get("version", ""))):
        yield f"version {manifest.get('version')!r}"
    for flag in ("migrations", "backward_compatible"):
        if not isinstance(manifest.get(flag), bool):
            yield f"{flag} ist nicht true oder false"
    files = manifest.get("files")
    if not isinstance(files, list) or not all(isinstance(file, dict) and _is_listed(file) for file in files):
        yield "files ist keine Liste aus path, size, sha256"


def _is_listed(file: Mapping[str, Any]) -> bool:
    return (
        isinstance(file.get("path"), str) and isinstance(file.get("size"), int) and isinstance(file.get("sha256"), str)
    )


def _is_of(manifest: Mapping[str, Any], app: str) -> None:
    if manifest["app"] != app:
        raise PackageRefused("Das Paket gehört zu einer anderen Anwendung", observed=manifest["app"], limit=app)


def _names_are_safe(archive: zipfile.ZipFile) -> None:
    seen: dict[str, str] = {}
    for name in archive.namelist():
        parts = name.rstrip("/").split("/")
        if any(_is_bad(part) for part in parts):
            raise PackageRefused("Das Paket enthält einen Namen, den es nicht geben darf", observed=name)
        if len(name) > LONGEST:
            raise PackageRefused("Ein Pfad im Paket ist zu lang für Windows", observed=name, limit=f"{LONGEST} Zeichen")
        if seen.setdefault(name.lower(), name) != name:
            raise PackageRefused(
                "Zwei Namen im Paket sind für Windows derselbe", observed=f"{name}, {seen[name.lower()]}"
            )


def _is_bad(part: str) -> bool:
    return part in ("", ".", "..") or bool(FORBIDDEN.search(part) or DEVICES.fullmatch(part)) or part[-1] in ". "


def _files_are_as_listed(archive: zipfile.ZipFile, files: list[dict[str, Any]]) -> None:
    present = {info.filename for info in archive.infolist() if not info.is_dir()} - {MANIFEST}
    listed = {file["path"] for file in files}
    if present != listed:
        odd = sorted(present ^ listed)[0]
        raise PackageRefused("Paket und Manifest nennen nicht dieselben Dateien", observed=odd)
    for file in files:
        with archive.open(file["path"]) as content:
            if _digest(content) != file["sha256"]:
                raise PackageRefused("Eine Datei im Paket ist verändert", observed=file["path"])


def _has_what_it_needs(archive: zipfile.ZipFile, manifest: Mapping[str, Any]) -> None:
    names = archive.namelist()
    missing = [] if "build/index.js" in names else ["build/index.js"]
    if not any(name.startswith("node_modules/") for name in names):
        missing.append("node_modules")
    if manifest["migrations"]:
        missing += _missing_for_migrations(names)
    if missing:
        step = "Das Paket neu bauen: die Server haben kein Internet."
        raise PackageRefused("Dem Paket fehlt etwas", observed=", ".join(missing), next_step=step)


def _missing_for_migrations(names: list[str]) -> list[str]:
    missing = [] if any(name.startswith("prisma/migrations/") for name in names) else ["prisma/migrations"]
    if "node_modules/prisma/build/index.js" not in names:
        missing.append("node_modules/prisma/build/index.js")
    if not (any(ENGINE.search(name) for name in names) or set(names) >= ENGINE_PORTABLE):
        missing.append("schema-engine-windows.exe oder prisma.config.mjs mit schema_engine_bg.wasm")
    return missing

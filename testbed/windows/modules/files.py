"""Files of a simulated host."""

from __future__ import annotations

import base64
import fnmatch
import hashlib
import re
import shutil
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from testbed.windows.modules.registry import Answer, ModuleFailed, models

if TYPE_CHECKING:
    from testbed.windows.host import Host


@models("ansible.windows.win_file")
def win_file(host: Host, p: dict[str, Any], check: bool) -> Answer:
    place, exists = host.disk.place(p["path"]), host.disk.exists(p["path"])
    match p["state"]:
        case "directory":
            if place.is_file():
                raise ModuleFailed(f"path {p['path']} is not a directory")
            if not check:
                place.mkdir(parents=True, exist_ok=True)
            return {"changed": not exists}
        case "absent":
            if not check:
                host.disk.remove(p["path"])
            return {"changed": exists}
    raise ModuleFailed(f"win_file mit state={p['state']} ist nicht nachgebildet")


@models("ansible.windows.win_stat")
def win_stat(host: Host, p: dict[str, Any], check: bool) -> Answer:
    place = host.disk.place(p["path"])
    facts: dict[str, Any] = {"exists": place.exists()}
    if place.exists():
        facts |= {"isdir": place.is_dir(), "isreg": place.is_file(), "size": place.stat().st_size, "path": p["path"]}
    if place.is_file() and p["get_checksum"]:
        facts["checksum"] = _digest(place, p["checksum_algorithm"])
    return {"stat": facts}


@models("ansible.windows.slurp")
def slurp(host: Host, p: dict[str, Any], check: bool) -> Answer:
    place = host.disk.place(p["src"])
    if not place.is_file():
        raise ModuleFailed(f"Path {p['src']} is not found")
    return {"content": base64.b64encode(place.read_bytes()).decode(), "encoding": "base64"}


@models("ansible.windows.win_find")
def win_find(host: Host, p: dict[str, Any], check: bool) -> Answer:
    found = []
    for folder in p["paths"]:
        place = host.disk.place(folder)
        entries = sorted(place.rglob("*") if p["recurse"] else place.iterdir()) if place.is_dir() else []
        found += [_found(folder, entry, place) for entry in entries if _is_wanted(entry, p)]
    return {"files": found, "matched": len(found), "examined": len(found)}


def _is_wanted(entry: Path, p: dict[str, Any]) -> bool:
    kind = p["file_type"]
    patterns = p["patterns"] or ["*"]
    named = any(fnmatch.fnmatch(entry.name.lower(), pattern.lower()) for pattern in patterns)
    return named and (kind == "any" or (kind == "directory") == entry.is_dir())


def _found(folder: str, entry: Path, place: Path) -> dict[str, Any]:
    status = entry.stat()
    path = "\\".join([folder.rstrip("\\"), *entry.relative_to(place).parts])
    times = {"lastwritetime": status.st_mtime, "creationtime": status.st_ctime}
    return {"path": path, "filename": entry.name, "isdir": entry.is_dir(), "size": status.st_size, **times}


@models("ansible.windows.win_copy")
def win_copy(host: Host, p: dict[str, Any], check: bool) -> Answer:
    match p["_copy_mode"]:
        case "single":
            return _copy_single(host, p, check)
        case "query":
            return _differing(host, p)
    raise ModuleFailed(f"win_copy auf die Art „{p['_copy_mode']}“ ist nicht nachgebildet")


def _copy_single(host: Host, p: dict[str, Any], check: bool) -> Answer:
    source, target = host.disk.place(p["src"]), host.disk.place(p["dest"])
    if p["dest"].endswith("\\") or target.is_dir():
        target = target / p["_original_basename"]
    if not target.parent.is_dir():
        raise ModuleFailed(f"Destination directory '{p['dest']}' does not exist")
    changed = not target.exists() or _digest(target, "sha1") != _digest(source, "sha1")
    if not check:
        shutil.copyfile(source, target)
    return {"changed": changed, "dest": p["dest"], "operation": "file_copy"}


def _differing(host: Host, p: dict[str, Any]) -> Answer:
    """What the action plugin has to send."""
    different = [file for file in p["files"] or [] if _is_different(host, p["dest"], file)]
    return {"changed": bool(different), "files": different, "directories": [], "symlinks": []}


def _is_different(host: Host, folder: str, file: dict[str, Any]) -> bool:
    place = host.disk.place(f"{folder}\\{file['dest']}")
    return not place.is_file() or _digest(place, "sha1") != file["checksum"]


@models("community.windows.win_lineinfile")
def win_lineinfile(host: Host, p: dict[str, Any], check: bool) -> Answer:
    if p["state"] != "present" or not p["regexp"] or not p["line"]:
        raise ModuleFailed("nur state=present mit regexp und line ist nachgebildet")
    place = host.disk.place(p["path"])
    if not place.is_file():
        raise ModuleFailed(f"Path {p['path']} does not exist !")
    before = place.read_text().splitlines()
    hit = next((index for index, line in enumerate(before) if re.search(p["regexp"], line)), len(before))
    after = [*before[:hit], p["line"], *before[hit + 1 :]]
    if not check:
        place.write_text("\n".join(after) + "\n")
    return {"changed": after != before}


@models("community.windows.win_unzip")
def win_unzip(host: Host, p: dict[str, Any], check: bool) -> Answer:
    source = host.disk.place(p["src"])
    if p["creates"] and host.disk.exists(p["creates"]):
        return {"changed": False, "skipped": True}
    if not zipfile.is_zipfile(source):
        raise ModuleFailed(f"Error unzipping '{p['src']}' to '{p['dest']}': not a zip archive")
    if not check:
        with zipfile.ZipFile(source) as archive:
            for name in archive.namelist():
                if not name.endswith("/"):
                    host.disk.write(f"{p['dest']}\\{name}", archive.read(name))
    return {"changed": True}


@models("community.windows.win_zip")
def win_zip(host: Host, p: dict[str, Any], check: bool) -> Answer:
    """Like the real one, it leaves an archive alone that is there already."""
    source, target = host.disk.place(p["src"].removesuffix("\\*")), host.disk.place(p["dest"])
    if not source.exists():
        raise ModuleFailed(f"src '{p['src']}' does not exist.")
    if target.exists():
        return {"changed": False, "msg": "dest already exists"}
    if not check:
        with zipfile.ZipFile(target, "w") as archive:
            for file in sorted(source.rglob("*")):
                archive.write(file, file.relative_to(source))
    return {"changed": True}


def _digest(place: Path, algorithm: str) -> str:
    return hashlib.new(algorithm, place.read_bytes()).hexdigest()

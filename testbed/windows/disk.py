"""The file system of a simulated host: Windows paths, case-insensitive, in a folder of this machine."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

DRIVE = re.compile(r"^([A-Za-z]):[\\/]*(.*)$")
FORBIDDEN = re.compile(r'[<>:"|?*]')
LONGEST = 259  # MAX_PATH without the closing zero


class BadPath(Exception):
    """Windows would not take this path."""


class Disk:
    """`root` holds a folder per drive."""

    def __init__(self, root: Path):
        self.root = root

    def place(self, path: str) -> Path:
        """Where a Windows path lies on this machine; an existing entry is found whatever its case."""
        drive = DRIVE.match(path.strip("\"'"))
        if not drive:
            raise BadPath(f"kein absoluter Windows-Pfad: {path!r}")
        if len(path) > LONGEST:
            raise BadPath(f"Pfad hat {len(path)} Zeichen, möglich sind {LONGEST}: {path}")
        place = self.root / drive.group(1).upper()
        place.mkdir(parents=True, exist_ok=True)
        for name in re.split(r"[\\/]+", drive.group(2)):
            if name not in ("", "."):
                place = _entry(place, name, path)
        return place

    def write(self, path: str, content: str | bytes) -> None:
        place = self.place(path)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content.encode() if isinstance(content, str) else content)

    def read(self, path: str) -> str:
        return self.place(path).read_text()

    def exists(self, path: str) -> bool:
        return self.place(path).exists()

    def remove(self, path: str) -> None:
        place = self.place(path)
        if place.is_dir():
            shutil.rmtree(place)
        else:
            place.unlink(missing_ok=True)


def _entry(folder: Path, name: str, path: str) -> Path:
    if name == ".." or FORBIDDEN.search(name) or name.rstrip(". ") != name:
        raise BadPath(f"unzulässiger Name {name!r} in {path!r}")
    exact = folder / name
    if exact.exists() or not folder.is_dir():
        return exact
    return next((entry for entry in folder.iterdir() if entry.name.lower() == name.lower()), exact)

"""Writing files so that a power cut leaves either the old or the new content, and measuring disks."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import Protocol

from upkeep.errors import DiskFailed


class Files(Protocol):
    def write(self, path: Path, text: str, mode: int = 0o600) -> None:
        """Replace the file atomically and durably. Missing directories are made. Raises DiskFailed."""

    def remove(self, path: Path) -> None:
        """Remove a file or a whole directory; nothing there is fine."""

    def free_bytes(self, path: Path) -> int:
        """Free bytes of the file system that holds `path` (or its nearest existing parent)."""


class DiskFiles:
    """The real ones: temp file, fsync, rename, fsync of the directory."""

    def write(self, path: Path, text: str, mode: int = 0o600) -> None:
        try:
            self._write(path, text, mode)
        except OSError as exc:
            raise DiskFailed(
                f"{path} lässt sich nicht schreiben",
                observed=exc.strerror,
                next_step="Platz und Rechte prüfen (`df -h`), danach geht es mit dem nächsten Aufruf weiter.",
            ) from exc

    def _write(self, path: Path, text: str, mode: int) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                stream.write(text)
                stream.flush()
                os.fchmod(stream.fileno(), mode)
                os.fsync(stream.fileno())
            Path(name).replace(path)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                Path(name).unlink()
            raise
        _sync_directory(path.parent)

    def remove(self, path: Path) -> None:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)

    def free_bytes(self, path: Path) -> int:
        while not path.exists():
            path = path.parent
        return shutil.disk_usage(path).free


def _sync_directory(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

"""Writing files so that a power cut leaves either the old or the new content, and measuring disks."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

from upkeep.errors import DiskFailed
from upkeep.layout import Layout

FULL = (errno.ENOSPC, errno.EDQUOT)

log = logging.getLogger("upkeep.files")

UNFINISHED = ".unfinished"  # ends the name of a file that is being written


class Files(Protocol):
    def write(self, path: Path, text: str, mode: int = 0o600) -> None:
        """Replace the file atomically and durably. Missing directories are made. Raises DiskFailed."""

    def append(self, path: Path, text: str) -> None:
        """Add whole lines at the end, durably; what a power cut left of an unfinished line goes. Raises DiskFailed."""

    def preallocate(self, path: Path, size: int) -> None:
        """A file of that many bytes which the disk really holds. Raises DiskFailed."""

    def remove(self, path: Path) -> None:
        """Remove a file or a whole directory; nothing there is fine."""

    def drop_torn(self, directory: Path) -> None:
        """Remove what writes left below it that never came to their end. Nobody may be writing there."""

    def free_bytes(self, path: Path) -> int:
        """Free bytes of the file system that holds `path` (or its nearest existing parent)."""


class DiskFiles:
    """The real ones: temp file, fsync, rename, fsync of the directory. On a full disk `reserve_of` names the file that
    is given up, once, before a write is tried again."""

    def __init__(self, reserve_of: Callable[[Path], Path | None] | None = None) -> None:
        self._reserve_of = reserve_of or Layout().reserve_of

    def write(self, path: Path, text: str, mode: int = 0o600) -> None:
        self._with_reserve(path, lambda: self._write(path, text, mode))

    def append(self, path: Path, text: str) -> None:
        self._with_reserve(path, lambda: _append(path, text.encode()))

    def preallocate(self, path: Path, size: int) -> None:
        """No reserve is given up for it."""
        with _failures(path):
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            try:
                os.posix_fallocate(handle, 0, size)
            except OSError:
                path.unlink()
                raise
            finally:
                os.close(handle)

    def _with_reserve(self, path: Path, act: Callable[[], None]) -> None:
        with _failures(path):
            try:
                act()
            except OSError as exc:
                if exc.errno not in FULL or not self._give_up_reserve(path):
                    raise
                act()

    def _give_up_reserve(self, path: Path) -> bool:
        reserve = self._reserve_of(path)
        if reserve is None or not reserve.exists():
            return False
        log.error("Kein Platz für %s: die Reserve %s wird freigegeben", path, reserve)
        reserve.unlink(missing_ok=True)
        return True

    def _write(self, path: Path, text: str, mode: int) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=UNFINISHED)
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

    def drop_torn(self, directory: Path) -> None:
        for torn in directory.rglob(f".*{UNFINISHED}"):
            torn.unlink(missing_ok=True)

    def free_bytes(self, path: Path) -> int:
        while not path.exists():
            path = path.parent
        return shutil.disk_usage(path).free


@contextlib.contextmanager
def _failures(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        raise DiskFailed(
            f"{path} lässt sich nicht schreiben",
            observed=exc.strerror,
            next_step="Platz und Rechte prüfen (`df -h`), danach geht es mit dem nächsten Aufruf weiter.",
        ) from exc


def _append(path: Path, text: bytes) -> None:
    """After a failure in the middle the file is as long as before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        end = _whole_lines(handle)
        os.ftruncate(handle, end)
        try:
            os.lseek(handle, end, os.SEEK_SET)
            while text:
                text = text[os.write(handle, text) :]
            os.fsync(handle)
        except OSError:
            os.ftruncate(handle, end)
            raise
    finally:
        os.close(handle)


def _whole_lines(handle: int) -> int:
    """Where the last whole line ends."""
    end = os.lseek(handle, 0, os.SEEK_END)
    while end > 0 and os.pread(handle, 1, end - 1) != b"\n":
        end -= 1
    return end


def _sync_directory(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

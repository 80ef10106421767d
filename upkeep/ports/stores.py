"""Directories with an application's data: how much they hold, what exactly, and whose it is."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from upkeep.errors import DiskFailed

CHUNK = 1024 * 1024


@dataclass(frozen=True)
class Census:
    """What a directory holds. `checksum` is over names, kinds and contents of all entries, not over their owners."""

    entries: int
    size: int
    checksum: str


class Stores(Protocol):
    """Every method raises DiskFailed."""

    def is_directory(self, path: Path) -> bool: ...

    def size(self, path: Path) -> int:
        """Bytes that a copy would take; what comes and goes meanwhile does not matter."""

    def census(self, path: Path) -> Census:
        """Reads every byte."""

    def strangers(self, path: Path, user: int, group: int) -> int:
        """How many entries belong to somebody else."""


class DiskStores:
    def is_directory(self, path: Path) -> bool:
        return path.is_dir()

    def size(self, path: Path) -> int:
        with _DiskErrors(path):
            return sum(known.st_blocks * 512 for known in _seen(_entries(path)))

    def census(self, path: Path) -> Census:
        whole, count, size = hashlib.sha256(), 0, 0
        with _DiskErrors(path):
            for entry in _entries(path):
                known = entry.lstat()
                whole.update(b"%s\0%d\0" % (os.fsencode(entry.relative_to(path)), stat.S_IFMT(known.st_mode)))
                whole.update(_content(entry, known))
                count, size = count + 1, size + (known.st_size if stat.S_ISREG(known.st_mode) else 0)
        return Census(count, size, whole.hexdigest())

    def strangers(self, path: Path, user: int, group: int) -> int:
        with _DiskErrors(path):
            owners = [(known.st_uid, known.st_gid) for known in _seen((path, *_entries(path)))]
        return sum(owner != (user, group) for owner in owners)


def _entries(path: Path) -> Iterator[Path]:
    """Everything below, sorted; symbolic links are not followed."""
    for folder, directories, files in os.walk(path, onerror=_raise):
        directories.sort()
        yield from (Path(folder, name) for name in sorted((*directories, *files)))


def _seen(entries: Iterable[Path]) -> Iterator[os.stat_result]:
    for entry in entries:
        with contextlib.suppress(FileNotFoundError):
            yield entry.lstat()


def _raise(error: OSError) -> None:
    raise error


def _content(entry: Path, known: os.stat_result) -> bytes:
    if stat.S_ISLNK(known.st_mode):
        return os.fsencode(entry.readlink())
    if not stat.S_ISREG(known.st_mode):
        return b""
    digest = hashlib.sha256()
    with entry.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            digest.update(chunk)
    return digest.digest()


class _DiskErrors:
    def __init__(self, path: Path) -> None:
        self._text = f"{path} lässt sich nicht lesen"

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, OSError):
            raise DiskFailed(
                self._text, observed=error.strerror, next_step="Unter /home und /root sieht der Agent nichts."
            ) from error

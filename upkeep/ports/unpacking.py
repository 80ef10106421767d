"""Unpacking a tar that comes as a stream, with owners, rights and times, by the host's own tar."""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
from pathlib import Path
from typing import IO, Protocol

from upkeep.errors import DiskFailed
from upkeep.ports.programs import PATH
from upkeep.ports.streamed import Readable

CHUNK = 1024 * 1024
TAIL = 300


class Unpacking(Protocol):
    def unpack(self, source: Readable, folder: Path, like: Path) -> None:
        """Into `folder`, which is made with owner and rights of `like`. Raises DiskFailed, and what reading raises; the
        content counts only when it returned."""


class TarProgram:
    def unpack(self, source: Readable, folder: Path, like: Path) -> None:
        try:
            _make(folder, like)
        except OSError as exc:
            raise DiskFailed(f"{folder} lässt sich nicht anlegen", observed=exc.strerror) from exc
        with tempfile.TemporaryFile() as said:
            child = subprocess.Popen(_argv(folder), stdin=subprocess.PIPE, stderr=said, env={"PATH": PATH, "LANG": "C"})
            assert child.stdin is not None  # noqa: S101 - it was asked for
            try:
                _pour(source, child.stdin)
                code = child.wait()
            finally:
                child.kill()
                child.wait()
            if code != 0:
                raise DiskFailed(f"Nach {folder} lässt sich nicht auspacken", observed=_words(said))


def _argv(folder: Path) -> list[str]:
    where = ["--extract", "--file", "-", "--directory", str(folder)]
    return [
        "tar",
        *where,
        "--numeric-owner",
        "--preserve-permissions",
        "--xattrs",
        "--acls",
        "--delay-directory-restore",
    ]


def _make(folder: Path, like: Path) -> None:
    known = like.stat()
    folder.mkdir(parents=True)
    os.chown(folder, known.st_uid, known.st_gid)
    folder.chmod(known.st_mode & 0o7777)


def _pour(source: Readable, sink: IO[bytes]) -> None:
    """To the last byte, also when tar has seen enough: only then the source has proven itself."""
    heard = True
    with contextlib.suppress(BrokenPipeError), sink:
        while data := source.read(CHUNK):
            try:
                sink.write(data if heard else b"")
            except BrokenPipeError:
                heard = False


def _words(said: IO[bytes]) -> str:
    said.seek(0)
    return " · ".join(said.read().decode("utf-8", "replace").strip().splitlines()[-2:])[-TAIL:]

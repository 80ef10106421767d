"""One run at a time per stack: flock, so that a dead holder never blocks. The text in the file says who holds it."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from pathlib import Path
from typing import Any

from upkeep.errors import Busy
from upkeep.wording import OPERATIONS


class StackLock:
    """Held from `take` to `release`. The descriptor is not inherited by children (Python's default)."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handle: int | None = None

    def take(self, holder: dict[str, Any]) -> None:
        """Take it at once or raise Busy with the holder. `holder`: {id, operation, starter, started_at}."""
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as exc:
            os.close(handle)
            raise busy(self._path.parent.name, read_holder(self._path)) from exc
        self._handle = handle
        os.ftruncate(handle, 0)
        with contextlib.suppress(OSError):  # on a full disk the lock holds, only its text is missing
            os.write(handle, json.dumps(holder).encode())

    def release(self) -> None:
        if self._handle is not None:
            os.ftruncate(self._handle, 0)
            os.close(self._handle)
            self._handle = None


def busy(stack: str, holder: dict[str, Any]) -> Busy:
    operation = OPERATIONS.get(str(holder.get("operation")), "ein Vorgang")
    return Busy(
        f"Für „{stack}“ läuft schon: {operation} {holder.get('id', '?')}, gestartet von "
        f"{holder.get('starter', '?')} um {holder.get('started_at', '?')}",
        running=holder,
        next_step=f"Verlauf ansehen: `upkeep status {stack}`.",
    )


def read_holder(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}

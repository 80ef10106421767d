"""How far the loading of a backup is, for whoever watches."""

from __future__ import annotations

from upkeep.ports.streamed import Readable
from upkeep.room import MEGABYTE
from upkeep.runs.run import Run

TOLD_EVERY = 16 * MEGABYTE


class Hearing:
    """A stream that tells the watchers how far it is."""

    def __init__(self, run: Run, source: Readable, what: str, size: int) -> None:
        self._run, self._source, self._what, self._size = run, source, what, size
        self._read = self._told = 0

    def read(self, size: int, /) -> bytes:
        data = self._source.read(size)
        self._read += len(data)
        if self._read - self._told >= TOLD_EVERY:
            self._told = self._read
            self._run.say(f"{self._what}: {self._read // MEGABYTE} von {self._size // MEGABYTE} MB geladen")
        return data

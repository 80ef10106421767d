"""Handing bytes to a sink from a thread of its own: reading and writing overlap, and a sink that hangs cannot hold up
the deadline."""

from __future__ import annotations

import hashlib
import queue
import threading
import time
from types import TracebackType
from typing import BinaryIO, Self

from upkeep.mongo_archive.failures import SinkFailed

WAITING = 2  # pieces between reader and writer; a piece is at most one answer of the server (16 MB)
LOOK = 0.5


class Delivery:
    """Use as a context manager; `close` returns when everything is written. The sink is flushed and never closed."""

    def __init__(self, sink: BinaryIO, seconds: float) -> None:
        self.bytes = 0
        self._sink = sink
        self._seconds = seconds
        self._deadline = time.monotonic() + seconds
        self._digest = hashlib.sha256()
        self._queue: queue.Queue[bytes | None] = queue.Queue(WAITING)
        self._failure: BaseException | None = None
        self._given_up = False
        self._thread = threading.Thread(target=self._write_all, daemon=True, name="archive-sink")

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """After a failure the thread ends by itself, as soon as the sink lets it."""
        if kind is None:
            self._close()
        self._given_up = True

    def put(self, *pieces: bytes) -> None:
        """Raises SinkFailed when the sink failed before, or the time is up."""
        for piece in pieces:
            self._offer(piece)
            self.bytes += len(piece)

    def _offer(self, piece: bytes | None) -> None:
        while True:
            self._check()
            try:
                return self._queue.put(piece, timeout=LOOK)
            except queue.Full:
                continue

    def _close(self) -> None:
        self._offer(None)
        while self._thread.is_alive():
            self._thread.join(LOOK)
            if self._thread.is_alive():
                self._check()
        self._check_failure()

    def _check(self) -> None:
        self._check_failure()
        if time.monotonic() > self._deadline:
            raise SinkFailed(
                "Die Datenbank wurde nicht rechtzeitig gesichert",
                observed=f"{self.bytes // 1_000_000} MB geschrieben",
                limit=f"{self._seconds:g} s",
                next_step="Ziel und Netz prüfen; in der Policy mehr Zeit geben.",
            )

    def _check_failure(self) -> None:
        if self._failure is not None:
            observed = getattr(self._failure, "strerror", None) or str(self._failure)
            advice = "Platz und Ziel der Sicherung prüfen."
            raise SinkFailed("Das Archiv lässt sich nicht schreiben", observed=observed, next_step=advice) from (
                self._failure
            )

    def _write_all(self) -> None:
        try:
            while (piece := self._next()) is not None:
                self._digest.update(piece)
                _write(self._sink, piece)
            if not self._given_up:
                self._sink.flush()
        except (OSError, ValueError) as exc:  # ValueError: somebody closed it
            self._failure = exc

    def _next(self) -> bytes | None:
        """None at the end, and when nobody waits for the rest any more."""
        while not self._given_up:
            try:
                return self._queue.get(timeout=LOOK)
            except queue.Empty:
                continue
        return None


def _write(sink: BinaryIO, piece: bytes) -> None:
    """A raw pipe may take a part only."""
    view = memoryview(piece)
    while view:
        view = view[sink.write(view) :]

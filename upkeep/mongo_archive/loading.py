"""Two workers that insert documents and build indexes, with little waiting in front of them."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from threading import BoundedSemaphore
from types import TracebackType
from typing import Any, Self

from bson.raw_bson import RawBSONDocument
from pymongo.errors import BulkWriteError, OperationFailure

from upkeep.mongo_archive.failures import StageFailed
from upkeep.mongo_archive.reading import bounds

WORKERS = 2
WAITING = 2  # pieces (of 4 MB) that wait for a worker
DUPLICATE = 11000
LOOK = 0.5


class Loading:
    """Use as a context manager: at its end all work is done. The first failure ends everything."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._deadline = time.monotonic() + seconds
        self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="archive-load")
        self._room = BoundedSemaphore(WORKERS + WAITING)
        self._open: set[Future[None]] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._await_all()
        finally:
            self._pool.shutdown(wait=True, cancel_futures=True)

    def insert(self, collection: Any, data: bytes, in_order: bool) -> None:
        """Some whole documents. `in_order`: they lie in the order in which they came, so only one worker at a time."""
        if in_order:
            self._await_all()
        self._submit(_insert, collection, data)

    def finish_inserts(self) -> None:
        self._await_all()

    def index(self, collection: Any, specifications: list[dict[str, Any]]) -> None:
        if specifications:
            self._submit(_index, collection, specifications)

    def _submit(self, work: Callable[..., None], *arguments: Any) -> None:
        while not self._room.acquire(timeout=LOOK):
            self._check()
        self._check()
        future = self._pool.submit(work, *arguments)
        future.add_done_callback(lambda _: self._room.release())
        self._open.add(future)

    def _await_all(self) -> None:
        while self._open:
            wait(self._open, timeout=LOOK)
            self._check()

    def _check(self) -> None:
        """Raises what a worker raised."""
        for future in [future for future in self._open if future.done()]:
            self._open.discard(future)
            future.result()
        if time.monotonic() > self._deadline:
            limit = f"{self._seconds:g} s"
            raise StageFailed("Die Daten wurden nicht rechtzeitig geladen", limit=limit)


def _insert(collection: Any, data: bytes) -> None:
    documents = [RawBSONDocument(data[start:end]) for start, end in bounds(data)]
    try:
        collection.insert_many(documents, ordered=True, bypass_document_validation=True)
    except BulkWriteError as exc:
        first = exc.details["writeErrors"][0]["errmsg"] if exc.details.get("writeErrors") else str(exc)
        raise StageFailed(f"{collection.full_name} nimmt ein Dokument nicht an", observed=first) from exc


def _index(collection: Any, specifications: list[dict[str, Any]]) -> None:
    try:
        collection.database.command({"createIndexes": collection.name, "indexes": specifications})
    except OperationFailure as exc:
        names = ", ".join(one["name"] for one in specifications)
        what = "Doppelte Werte" if exc.code == DUPLICATE else "Ein Index lässt sich nicht bauen"
        observed = (exc.details or {}).get("errmsg", str(exc))
        raise StageFailed(f"{what} in {collection.full_name} ({names})", observed=observed) from exc

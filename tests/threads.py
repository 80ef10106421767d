"""Clients that go on in threads while a test does something else."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Self

BEFORE_AND_AFTER = 0.5


class Threads:
    """Use as a context manager. Each work goes on until `over`, from a moment before the block to a moment after."""

    def __init__(self, works: Iterable[Callable[[], None]]) -> None:
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=work, daemon=True) for work in works]

    @property
    def over(self) -> bool:
        return self._stop.is_set()

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        time.sleep(BEFORE_AND_AFTER)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        time.sleep(BEFORE_AND_AFTER)
        self._stop.set()
        for thread in self._threads:
            thread.join()

"""API callers beside a browser: bench.load in a thread of its own, readable while it runs."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

from bench.load import Call, Sample, Tally, describe, generate

PATIENCE = 60.0


class Callers:
    """Use as a context manager; `tally` grows while it is open."""

    def __init__(self, origin: str, calls: Sequence[Call], per_second: float) -> None:
        self.tally = Tally()
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._work = generate(origin, calls, per_second, self._stop, self.tally)
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._work,))

    def __enter__(self) -> Self:
        self._thread.start()
        try:
            self.wait_for(lambda sample: sample.outcome == "ok")
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def _end(self) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        self._loop.close()
        print(describe(self.tally))

    def wait_for(self, wanted: Callable[[Sample], bool], within: float = PATIENCE) -> Sample:
        """The first sample that is wanted, from the beginning; fails when none has come in time."""
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            for sample in list(self.tally.samples):
                if wanted(sample):
                    return sample
            time.sleep(0.02)
        raise AssertionError(f"nach {within:.0f} s nicht gesehen; {describe(self.tally)}")

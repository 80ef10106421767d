"""Live progress of a run: one redrawn line on a terminal, else a line per phase."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, TextIO

from upkeep.client import LONG_POLL, Event
from upkeep.wording import clock, plain

BAR_WIDTH = 24
_ERASE_LINE = "\r\x1b[2K"


class Progress(Protocol):
    """`poll`: seconds a poll may last, so that a redrawn line can keep its clock going."""

    poll: float

    def event(self, event: Event) -> None: ...

    def pulse(self, silent: float) -> None: ...

    def close(self) -> None: ...


def progress_on(out: TextIO) -> Progress:
    return Bar(out) if out.isatty() else Lines(out)


@dataclass
class Silent:
    """Nothing at all: --json."""

    poll: float = LONG_POLL

    def event(self, event: Event) -> None: ...

    def pulse(self, silent: float) -> None: ...

    def close(self) -> None: ...


@dataclass
class Lines:
    """A line per phase, for pipelines and log files."""

    out: TextIO
    poll: float = LONG_POLL
    _phase: str | None = None
    _lost: bool = False

    def event(self, event: Event) -> None:
        self._lost = False
        if event.phase == self._phase:
            return
        self._phase = event.phase
        self._write(f"{clock(event.elapsed):>6}  {event.percent:3d} %  {plain(event.message or event.phase)}")

    def pulse(self, silent: float) -> None:
        if silent and not self._lost:
            self._lost = True
            self._write("        Der Agent antwortet gerade nicht; warte auf ihn …")

    def close(self) -> None: ...

    def _write(self, line: str) -> None:
        print(line, file=self.out, flush=True)


@dataclass
class Bar:
    """One line with a bar, redrawn at every event and every second."""

    out: TextIO
    poll: float = 1.0
    now: Callable[[], float] = time.monotonic
    columns: Callable[[], int] = lambda: shutil.get_terminal_size().columns
    _last: Event = field(default_factory=lambda: Event(0, "", "", 0, "", 0.0))
    _seen_at: float | None = None

    def event(self, event: Event) -> None:
        self._last, self._seen_at = event, self.now()
        self._draw(event.message or event.phase)

    def pulse(self, silent: float) -> None:
        waiting = f"Agent antwortet seit {silent:.0f} s nicht; warte auf ihn …" if silent else ""
        self._draw(waiting or self._last.message or self._last.phase)

    def close(self) -> None:
        self.out.write(_ERASE_LINE)
        self.out.flush()

    def _draw(self, message: str) -> None:
        since = self.now() - self._seen_at if self._seen_at is not None else 0.0
        head = f"{self._bar()} {self._last.percent:3d} %  {clock(self._last.elapsed + since)}  "
        room = max(0, self.columns() - len(head) - 1)
        self.out.write(_ERASE_LINE + head + plain(message)[:room])
        self.out.flush()

    def _bar(self) -> str:
        done = round(BAR_WIDTH * max(0, min(100, self._last.percent)) / 100)
        return "█" * done + "░" * (BAR_WIDTH - done)

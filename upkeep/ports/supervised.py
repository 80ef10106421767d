"""A program of the host that may take hours: its lines as they come, a deadline for the whole and one for silence.

Whatever it starts in its process group ends with it.
"""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import IO

from upkeep.errors import ProgramFailed

KEPT = 20  # lines of stderr
LOOK = 0.05
DOUBT = 15.0  # seconds without a word, after which somebody is asked whether there is hope; again and again
DENIALS = 2  # so often in a row he has to say no

Line = Callable[[str], None]
Lines = queue.SimpleQueue[str | None]


@dataclass(frozen=True)
class Limits:
    """Seconds: for the whole, and without a line that says something new. `hope`: whether it is still worth while to
    wait for somebody who says nothing; it may take some seconds."""

    whole: float
    silence: float
    hope: Callable[[], bool] = lambda: True


@dataclass
class Doubt:
    """Of somebody who waits and hears nothing."""

    limits: Limits
    since: float
    denials: int = 0

    def heard(self) -> None:
        self.since, self.denials = time.monotonic(), 0

    @property
    def left(self) -> float:
        """Seconds until it is time to ask."""
        return max(0.0, self.since + DOUBT - time.monotonic())

    def gives_up(self) -> bool:
        """To be asked again and again."""
        if self.left:
            return False
        self.denials = 0 if self.limits.hope() else self.denials + 1
        self.since = time.monotonic()
        return self.denials >= DENIALS


@dataclass(frozen=True)
class Ended:
    """`exit_code` is None for a program that was killed at a deadline; `silent`: it was that of silence."""

    exit_code: int | None
    complaints: tuple[str, ...]
    silent: bool = False


def supervise(argv: tuple[str, ...], environment: Mapping[str, str], limits: Limits, hear: Line) -> Ended:
    """Run to the end; `hear` gets every line of stdout. Raises ProgramFailed when it cannot be started."""
    child = _start(argv, environment)
    assert child.stdout is not None  # noqa: S101 - it was asked for
    assert child.stderr is not None  # noqa: S101 - it was asked for
    lines: Lines = queue.SimpleQueue()
    complaints: list[str] = []
    readers = (
        threading.Thread(target=_read, args=(child.stdout, lines.put), daemon=True),
        threading.Thread(target=_collect, args=(child.stderr, complaints), daemon=True),
    )
    for reader in readers:
        reader.start()
    try:
        silent, in_time = _listen(child, lines, limits, hear)
    finally:
        os.killpg(child.pid, signal.SIGKILL)  # not waited for yet: the number is still its own
        code = child.wait()
    for reader in readers:
        reader.join(1.0)
    return Ended(code if in_time else None, tuple(complaints[-KEPT:]), silent)


def _start(argv: tuple[str, ...], environment: Mapping[str, str]) -> subprocess.Popen[str]:
    try:
        return subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            env=dict(environment),
            cwd="/",
            start_new_session=True,
        )
    except OSError as exc:
        raise ProgramFailed(f"{argv[0]} ist nicht ausführbar", observed=exc.strerror) from exc


def _listen(child: subprocess.Popen[str], lines: Lines, limits: Limits, hear: Line) -> tuple[bool, bool]:
    """Until the child has ended. (it was silent for too long, it ended by itself)"""
    began = heard = time.monotonic()
    said, open_, doubt = "", True, Doubt(limits, began)
    while open_ or not _ended(child):
        now = time.monotonic()
        if now - heard >= limits.silence or now - began >= limits.whole:
            return now - heard >= limits.silence, False
        try:
            line = lines.get(timeout=LOOK)
        except queue.Empty:
            if doubt.gives_up():
                return True, False
            continue
        if line is None:
            open_ = False
        elif line != said:
            said, heard = line, time.monotonic()
            doubt.heard()
            hear(line)
    return False, True


def _ended(child: subprocess.Popen[str]) -> bool:
    """Without collecting it, so that nobody else can get its number."""
    return os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _read(stream: IO[str], put: Callable[[str | None], None]) -> None:
    with stream:
        for line in stream:
            put(line.rstrip("\n"))
    put(None)


def collect(lines: Iterable[str], complaints: list[str]) -> None:
    """Keeps the last ones."""
    for line in lines:
        complaints.append(line.strip())
        del complaints[:-KEPT]


def _collect(stream: IO[str], complaints: list[str]) -> None:
    with stream:
        collect(stream, complaints)

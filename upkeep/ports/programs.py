"""Programs of the host itself, with a deadline. A program and whatever it starts in its process group end together."""

from __future__ import annotations

import os
import selectors
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO, Protocol

from upkeep.errors import ProgramFailed

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
LIMIT = 65536  # bytes of output that are kept: the last ones
LOOK = 0.05


@dataclass(frozen=True)
class Ended:
    """`exit_code` is negative for a signal and None for a program that was killed at its deadline."""

    exit_code: int | None
    output: str
    seconds: float


class Programs(Protocol):
    def find(self, name: str) -> str | None:
        """Where a program lies, by its full path or a name on `PATH`; None when there is no such executable."""

    def run(self, argv: tuple[str, ...], environment: Mapping[str, str], timeout: float) -> Ended:
        """Run to the end, or kill after `timeout` seconds. Raises ProgramFailed when it cannot be started."""


class HostPrograms:
    """The child gets this environment and nothing else: no descriptor, no terminal, no variable of the agent."""

    def find(self, name: str) -> str | None:
        return shutil.which(name, path=PATH)

    def run(self, argv: tuple[str, ...], environment: Mapping[str, str], timeout: float) -> Ended:
        began, tail = time.monotonic(), bytearray()
        child = _start(argv, environment)
        assert child.stdout is not None  # noqa: S101 - it was asked for
        try:
            in_time = _follow(child, child.stdout, tail, began + timeout)
        finally:
            os.killpg(child.pid, signal.SIGKILL)  # not waited for yet: the number is still its own
            code = child.wait()
        _read(child.stdout, tail)
        child.stdout.close()
        return Ended(code if in_time else None, _text(tail), round(time.monotonic() - began, 3))


def _start(argv: tuple[str, ...], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=dict(environment),
            cwd="/",
            start_new_session=True,
            close_fds=True,
        )
    except OSError as exc:
        raise ProgramFailed(f"{argv[0]} ist nicht ausführbar", observed=exc.strerror) from exc


def _follow(child: subprocess.Popen[bytes], stream: IO[bytes], tail: bytearray, deadline: float) -> bool:
    """Read until the program ends; False when it has not by its deadline. A pipe left open in the background of a
    program that ended does not count."""
    os.set_blocking(stream.fileno(), False)
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        while not _ended(child):
            if time.monotonic() >= deadline:
                return False
            if selector.get_map() and selector.select(LOOK) and not _read(stream, tail):
                selector.unregister(stream)
            elif not selector.get_map():
                time.sleep(LOOK)
    return True


def _ended(child: subprocess.Popen[bytes]) -> bool:
    """Without collecting it, so that nobody else can get its number."""
    return os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _read(stream: IO[bytes], tail: bytearray) -> bool:
    """What lies in the pipe, at most `LIMIT` bytes of it; False at its end."""
    try:
        data = os.read(stream.fileno(), LIMIT)
    except BlockingIOError:
        return True
    tail += data
    del tail[:-LIMIT]
    return bool(data)


def _text(tail: bytearray) -> str:
    """A line that lost its beginning is left out: half a secret would not be recognised."""
    text = bytes(tail).decode("utf-8", "replace")
    return text if len(tail) < LIMIT else text.partition("\n")[2]

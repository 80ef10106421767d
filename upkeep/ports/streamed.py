"""A program of the host whose output is data, perhaps more than memory holds: read as it comes, and whole only when its
end was read.

The deadline of silence counts while somebody waits for the program, not while it waits for a slow reader.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import IO, Protocol

from upkeep.errors import ProgramFailed
from upkeep.ports.supervised import Doubt, Ended, Limits, collect

LARGEST = 4 * 1024 * 1024

Failure = Callable[[Ended], Exception]


class Readable(Protocol):
    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; none only at the end, which is told after everything was found to be well."""


class _Output:
    def __init__(self, child: subprocess.Popen[bytes], limits: Limits, failure: Failure) -> None:
        assert child.stdout is not None  # noqa: S101 - it was asked for
        assert child.stderr is not None  # noqa: S101 - it was asked for
        self._child, self._limits, self._failure = child, limits, failure
        self._stdout = child.stdout
        self._complaints: list[str] = []
        self._reader = threading.Thread(target=collect, args=(_lines(child.stderr), self._complaints), daemon=True)
        self._reader.start()
        self._deadline = time.monotonic() + limits.whole

    def read(self, size: int, /) -> bytes:
        if not self._in_time():
            raise self._failure(Ended(None, tuple(self._complaints), time.monotonic() < self._deadline))
        data = os.read(self._stdout.fileno(), min(size, LARGEST))
        if not data:
            self._judge()
        return data

    def close(self) -> None:
        with self._stdout:
            if self._child.returncode is None:  # not waited for yet: the number is still its own
                os.killpg(self._child.pid, signal.SIGKILL)
            self._child.wait()
        self._reader.join(1.0)

    def _in_time(self) -> bool:
        began = time.monotonic()
        end, doubt = min(began + self._limits.silence, self._deadline), Doubt(self._limits, began)
        while (left := end - time.monotonic()) > 0:
            if select.select([self._stdout], [], [], min(left, doubt.left))[0]:
                return True
            if doubt.gives_up():
                return False
        return False

    def _judge(self) -> None:
        """At the end of the output. One that shuts it and goes on for long is ended."""
        try:
            code = self._child.wait(self._limits.silence)
        except subprocess.TimeoutExpired:
            code = None
        self._reader.join(1.0)
        if code != 0:
            raise self._failure(Ended(code, tuple(self._complaints), silent=code is None))


@contextmanager
def streamed(
    argv: tuple[str, ...],
    environment: Mapping[str, str],
    limits: Limits,
    failure: Failure,
    source: IO[bytes] | None = None,
) -> Iterator[Readable]:
    """What the program writes to its stdout, and makes of `source` if there is one. Whatever it started in its process
    group ends with the block. Raises ProgramFailed when it cannot be started; reading raises what `failure` makes of a
    bad end."""
    output = _Output(_start(argv, environment, source), limits, failure)
    try:
        yield output
    finally:
        output.close()


def _start(argv: tuple[str, ...], environment: Mapping[str, str], source: IO[bytes] | None) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            argv,
            stdin=source or subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            env=dict(environment),
            cwd="/",
            start_new_session=True,
        )
    except OSError as exc:
        raise ProgramFailed(f"{argv[0]} ist nicht ausführbar", observed=exc.strerror) from exc


def _lines(stream: IO[bytes]) -> Iterator[str]:
    with stream:
        for line in stream:
            yield line.decode("utf-8", "replace")

"""Commands inside a test host through a process that stays there. A `docker exec` for each of them costs more than most
of the commands themselves, and tests ask a host thousands of times."""

from __future__ import annotations

import atexit
import json
import subprocess
from collections import defaultdict
from contextlib import suppress

# Reads an order (a line of JSON, then what the command reads); says how it ended (a line, then both its outputs).
SERVANT = """
import json, subprocess, sys
for line in sys.stdin.buffer:
    order = json.loads(line)
    given = {"stdin": subprocess.DEVNULL}
    if order["given"] is not None:
        given = {"input": sys.stdin.buffer.read(order["given"])}
    try:
        done = subprocess.run(
            order["argv"], capture_output=True, timeout=order["within"], start_new_session=True, **given
        )
        code, out, err = done.returncode, done.stdout, done.stderr
    except subprocess.TimeoutExpired:
        code, out, err = None, b"", b""
    except OSError as error:
        code, out, err = 127, b"", str(error).encode()
    sys.stdout.buffer.write(json.dumps([code, len(out), len(err)]).encode() + b"\\n" + out + err)
    sys.stdout.buffer.flush()
"""
GONE = 137  # what `docker exec` says when the host goes down under it


class Servant:
    """One process in a host; for one command at a time."""

    def __init__(self, container: str) -> None:
        argv = ["docker", "exec", "-i", container, "python3", "-c", SERVANT]
        self._process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert self._process.stdin
        assert self._process.stdout
        assert self._process.stderr
        self._orders, self._answers, self._errors = self._process.stdin, self._process.stdout, self._process.stderr

    @property
    def there(self) -> bool:
        return self._process.poll() is None

    def run(
        self, argv: tuple[str, ...], given: bytes | None, within: float | None
    ) -> subprocess.CompletedProcess[bytes]:
        order = {"argv": argv, "given": None if given is None else len(given), "within": within}
        with suppress(BrokenPipeError):
            self._orders.write(json.dumps(order).encode() + b"\n" + (given or b""))
            self._orders.flush()
        if not (said := self._answers.readline()):
            return subprocess.CompletedProcess(argv, GONE, b"", self.close())
        code, out, err = json.loads(said)
        if code is None:
            raise subprocess.TimeoutExpired(argv, within or 0)
        output = self._answers.read(out), self._answers.read(err)
        return subprocess.CompletedProcess(argv, code if code >= 0 else 128 - code, *output)

    def close(self) -> bytes:
        """What it had to say last."""
        with suppress(BrokenPipeError):
            self._orders.close()
        self._process.kill()
        self._process.wait()
        with self._answers, self._errors:
            return self._errors.read()


_idle: defaultdict[str, list[Servant]] = defaultdict(list)


def inside(
    container: str, *argv: str, given: bytes | None = None, within: float | None = None
) -> subprocess.CompletedProcess[bytes]:
    """How the command ended, as with `docker exec`; `given` is what it reads. Threads do not wait for each other."""
    servant = _free(container)
    try:
        done = servant.run(argv, given, within)
    except BaseException:
        servant.close()
        raise
    if servant.there:
        _idle[container].append(servant)
    return done


def _free(container: str) -> Servant:
    while True:
        try:
            servant = _idle[container].pop()
        except IndexError:
            return Servant(container)
        if servant.there:
            return servant
        servant.close()


@atexit.register
def leave() -> None:
    for servant in (servant for servants in _idle.values() for servant in servants):
        servant.close()
    _idle.clear()

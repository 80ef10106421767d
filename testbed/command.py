"""The one place that runs other programs: argv lists in, text out, failures as TestbedError."""

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from testbed.console import say
from testbed.failure import TestbedError

Completed = subprocess.CompletedProcess[str]
_STEP_LINE = re.compile(r"^(Step \d|#\d+ \[|I: (running|download|install|extract|cleaning))")


def run(argv: Sequence[str], *, stdin: str | None = None, timeout: float = 600) -> str:
    """Run `argv`, return its stdout; a non-zero exit or a timeout (seconds) raises TestbedError."""
    done = attempt(argv, stdin=stdin, timeout=timeout)
    if done.returncode != 0:
        raise TestbedError(
            f"Befehl fehlgeschlagen: {' '.join(argv[:6])}",
            observed=f"Exit-Code {done.returncode}: {done.stderr.strip()[-800:] or 'keine Fehlerausgabe'}",
            next_step="die Meldung oben beheben und denselben Befehl wiederholen",
        )
    return done.stdout


def attempt(argv: Sequence[str], *, stdin: str | None = None, timeout: float = 600) -> Completed:
    """Run `argv` and return the completed process whatever its exit code."""
    try:
        return subprocess.run(argv, input=stdin or "", capture_output=True, text=True, timeout=timeout)
    except subprocess.TimeoutExpired as error:
        raise TestbedError(
            f"Befehl antwortet nicht: {' '.join(argv[:6])}",
            observed=f"läuft seit {timeout:.0f} s",
            limit=f"{timeout:.0f} s",
            next_step="prüfen, womit die Maschine beschäftigt ist (`top`), dann wiederholen",
        ) from error
    except FileNotFoundError as error:
        raise TestbedError(
            f"Programm nicht gefunden: {argv[0]}", next_step="`python3 -m testbed docker` richtet die Maschine ein"
        ) from error


def stream(argv: Sequence[str], log: Path, *, label: str, env: dict[str, str] | None = None) -> None:
    """Run a long command; everything goes to `log`, its step lines also to the console."""
    log.parent.mkdir(parents=True, exist_ok=True)
    child = subprocess.Popen(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env={**os.environ, **(env or {})},
    )
    with child as process, log.open("w", encoding="utf-8") as sink:
        for line in process.stdout or ():
            sink.write(line)
            if _STEP_LINE.match(line):
                say(f"{label}: {line.strip()[:110]}")
    if process.returncode != 0:
        raise _stream_failure(argv, log, process.returncode)


def _stream_failure(argv: Sequence[str], log: Path, code: int) -> TestbedError:
    tail = "\n    ".join(log.read_text(encoding="utf-8").splitlines()[-15:])
    return TestbedError(
        f"Befehl fehlgeschlagen: {' '.join(argv[:6])}",
        observed=f"Exit-Code {code}, zuletzt:\n    {tail}",
        next_step=f"vollständiges Protokoll: {log}",
    )


@cache
def as_root() -> tuple[str, ...]:
    """Return the argv prefix that gives root rights: empty for root, `sudo -n` otherwise."""
    if os.geteuid() == 0:
        return ()
    if shutil.which("sudo") and attempt(["sudo", "-n", "true"]).returncode == 0:
        return ("sudo", "-n")
    raise TestbedError(
        "Root-Rechte fehlen",
        observed=f"Benutzer-ID {os.geteuid()}, `sudo` fragt nach einem Passwort oder fehlt",
        next_step="als root starten oder vorher `sudo -v` ausführen",
    )

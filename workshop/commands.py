"""Running other programs in a make target: their lines under the target's own clock, their failures in German."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from workshop.progress import fail, say

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = {**os.environ, "PYTHONUNBUFFERED": "1", "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg")}
NOTHING_DONE = re.compile(r": aktuell$|^\S+@sha256:[0-9a-f]{64}$")
OWN_CLOCK = re.compile(r"^\[ *[\d.]+ s\] ")


def relay(*argv: str | Path, stdin: str | None = None, quiet: bool = False) -> None:
    """Run a command and show what it does as it comes (`quiet`: only if it fails); a failing one ends the target."""
    kept = []
    with subprocess.Popen(
        [str(word) for word in argv],
        cwd=ROOT,
        env=ENVIRONMENT,
        stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        if process.stdin:
            process.stdin.write(stdin or "")
            process.stdin.close()
        for line in process.stdout or ():
            shown = f"  {OWN_CLOCK.sub('', line.rstrip())}"
            kept.append(shown) if quiet or NOTHING_DONE.search(line) else say(shown)
    if process.returncode:
        print(*kept, sep="\n")
    _judge(process.returncode, argv)


def ours(module: str, *words: str) -> None:
    """Relay `python -m module words…`."""
    relay(sys.executable, "-m", module, *words)


def pass_through(*argv: str | Path) -> None:
    """Run a command that talks to the terminal itself; a failing one ends the target."""
    _judge(subprocess.run([str(word) for word in argv], cwd=ROOT, env=ENVIRONMENT, check=False).returncode, argv)


def answer(*argv: str | Path, stdin: str | None = None) -> str | None:
    """Standard output of a command, None when it failed; nothing is shown."""
    done = subprocess.run(
        [str(word) for word in argv],
        cwd=ROOT,
        env=ENVIRONMENT,
        input=stdin or "",
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() if done.returncode == 0 else None


def _judge(code: int, argv: tuple[str | Path, ...]) -> None:
    if code:
        shown = " ".join(Path(word).name if Path(word).is_absolute() else str(word) for word in argv[:5])
        fail(f"„{shown} …“ endete mit {code}; die Ursache steht darüber.")

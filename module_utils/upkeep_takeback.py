"""Remembers what files were before a guarded change, and puts them back.

Two users: `upkeep_guard` (the core of the module `upkeep_guarded_change`) imports it, and its copy on the host is
the program that the timer and the boot unit run: `upkeep_takeback.py revert NAME`, `… revert-all --files-only`.
Standard library only. Texts for operators are German.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

ROOT = Path("/var/lib/upkeep-guard")

Argv = Sequence[str]
Run = Callable[[Argv], "subprocess.CompletedProcess[str]"]


def run_command(argv: Argv) -> subprocess.CompletedProcess[str]:
    """Run a command; a missing program counts as exit code 127."""
    environment = {**os.environ, "LC_ALL": "C"}
    try:
        return subprocess.run(list(argv), capture_output=True, text=True, check=False, env=environment)
    except FileNotFoundError:
        return subprocess.CompletedProcess(list(argv), 127, "", f"{argv[0]}: nicht gefunden")


def last_words(done: subprocess.CompletedProcess[str]) -> str:
    """Return what a failed command said last, or its exit code if it said nothing."""
    said = [line.strip() for line in f"{done.stdout}\n{done.stderr}".splitlines() if line.strip()]
    return "; ".join(said[-3:]) or f"Exit-Code {done.returncode}"


def read_text(path: Path) -> str | None:
    """Return a file's text, or None where there is no file."""
    try:
        return path.read_text(encoding="utf-8", errors="surrogateescape")
    except FileNotFoundError:
        return None


def write_atomically(path: Path, text: str, mode: int, owner: tuple[int, int] | None = None) -> None:
    """Replace a file so that a crash leaves either the old or the new one, never half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.upkeep-draft")
    with draft.open("w", encoding="utf-8", errors="surrogateescape") as file:
        os.fchmod(file.fileno(), mode)
        if owner:
            os.fchown(file.fileno(), *owner)
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


def saved_file(path: Path) -> dict[str, Any]:
    """Return what `restore_file` needs; the text is None where there is no file."""
    text = read_text(path)
    if text is None:
        return {"path": str(path), "text": None}
    status = path.stat()
    return {"path": str(path), "text": text, "mode": status.st_mode & 0o7777, "owner": [status.st_uid, status.st_gid]}


def restore_file(saved: dict[str, Any]) -> None:
    """Make a file what `saved_file` saw, which may mean: not there."""
    path = Path(saved["path"])
    if saved["text"] is None:
        path.unlink(missing_ok=True)
    else:
        write_atomically(path, saved["text"], saved["mode"], (saved["owner"][0], saved["owner"][1]))


class Memory:
    """One folder per change below `root`: pending.json, confirmed.json, reverted.json; one lock for all."""

    def __init__(self, root: Path = ROOT) -> None:
        self.root = root

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep timer, module and boot unit from acting at the same time."""
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self.root / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def load(self, name: str, kind: str) -> dict[str, Any] | None:
        """Return what is known, or None."""
        text = read_text(self._file(name, kind))
        return None if text is None else json.loads(text)

    def store(self, name: str, kind: str, content: dict[str, Any]) -> None:
        """Write it so that it survives a crash."""
        write_atomically(self._file(name, kind), json.dumps(content, indent=1), 0o600)

    def forget(self, name: str, kind: str) -> None:
        """Remove it, if it is there."""
        self._file(name, kind).unlink(missing_ok=True)

    def pending_names(self) -> list[str]:
        """Return the names of all unconfirmed changes."""
        return sorted(file.parent.name for file in self.root.glob("*/pending.json"))

    def _file(self, name: str, kind: str) -> Path:
        return self.root / name / f"{kind}.json"


def take_back(
    memory: Memory,
    name: str,
    run: Run = run_command,
    now: Callable[[], datetime] = datetime.now,
    files_only: bool = False,
) -> bool:
    """Put files back and run the saved commands; False if nothing is pending. The caller holds the lock."""
    pending = memory.load(name, "pending")
    if pending is None:
        return False
    for saved in pending["files"]:
        restore_file(saved)
    for argv in [] if files_only else pending["revert"]:
        done = run(argv)
        if done.returncode:
            sys.stderr.write(f"{' '.join(argv)}: {last_words(done)}\n")
    why = "ein Neustart kam dazwischen" if files_only else f"keine Bestätigung innerhalb von {pending['timeout']} s"
    memory.store(name, "reverted", {"at": f"{now():%d.%m.%Y %H:%M:%S}", "why": why})
    memory.forget(name, "pending")
    return True


def main(arguments: Sequence[str] | None = None, memory: Memory | None = None) -> int:
    """Take back one change (timer) or all of them (boot, where services are not running yet: `--files-only`)."""
    parser = argparse.ArgumentParser(description="Nimmt unbestätigte Änderungen zurück")
    parser.add_argument("what", choices=["revert", "revert-all"])
    parser.add_argument("name", nargs="?", default="")
    parser.add_argument("--files-only", action="store_true")
    wanted = parser.parse_args(arguments)
    memory = memory or Memory()
    with memory.locked():
        for name in memory.pending_names() if wanted.what == "revert-all" else [wanted.name]:
            if take_back(memory, name, files_only=wanted.files_only):
                sys.stdout.write(f"Unbestätigte Änderung „{name}“ zurückgenommen\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The host for real, as far as a change of the agent touches it: commands, locks, the agent's answers, time.

Standard library only. Everything goes through `Host`, so tests can stand in for it.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TextIO

from ansible.module_utils.upkeep_client import AgentClient, AgentError

HOLDER = {"operation": "agent", "starter": "Rolle upkeep_agent"}
WORDS = {"deploy": "Ausrollen", "update": "Update", "rollback": "Zurückrollen", "check": "Prüfung"}


class SwitchFailed(Exception):
    """The host is as before, or says in its text what it is instead. German, for the operator."""


class Stillness:
    """The locks of all stacks: while they are held no run begins. `running` names the run that keeps one of them."""

    def __init__(self) -> None:
        self._handles: list[int] = []
        self.running: str | None = None

    def take(self, data: Path) -> None:
        for lock in sorted(data.glob("*/lock")):
            handle = os.open(lock, os.O_RDWR | os.O_CLOEXEC)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(handle)
                self.running = _described(lock)
                return self.release()
            self._handles.append(handle)
            os.ftruncate(handle, 0)
            os.write(handle, json.dumps(HOLDER).encode())
        return None

    def release(self) -> None:
        for handle in self._handles:
            os.ftruncate(handle, 0)
            os.close(handle)
        self._handles.clear()


def _described(lock: Path) -> str:
    """Who holds the lock of a stack, as the agent wrote it into the file."""
    try:
        holder = json.loads(lock.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        holder = {}
    operation = WORDS.get(str(holder.get("operation")), "ein Vorgang")
    return f"{operation} von {lock.parent.name} ({holder.get('id', '?')}, gestartet von {holder.get('starter', '?')})"


class Host:
    """Commands, the agent's answers, time."""

    def command(self, *argv: str) -> str:
        """Output of a command. SwitchFailed with its last words if it fails."""
        try:
            done = subprocess.run(
                argv, capture_output=True, text=True, check=False, timeout=300, stdin=subprocess.DEVNULL
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise SwitchFailed(f"„{' '.join(argv)}“ ist nicht ausführbar: {error}") from error
        if done.returncode != 0:
            words = " · ".join((done.stderr or done.stdout).strip().splitlines()[-3:])
            raise SwitchFailed(f"„{' '.join(argv)}“ ist gescheitert (Code {done.returncode}): {words}")
        return done.stdout.strip()

    def succeeds(self, *argv: str) -> bool:
        with contextlib.suppress(SwitchFailed):
            self.command(*argv)
            return True
        return False

    def agent_version(self, socket: Path | None = None) -> str | None:
        """Version the agent answers with; None while it does not."""
        try:
            answer = (AgentClient(str(socket), timeout=5) if socket else AgentClient(timeout=5)).agent()
        except AgentError:
            return None
        return str(answer.get("version")) if answer.get("ready") else None

    def try_agent(self, python: Path, wanted: str, timeout: float) -> None:
        """Let the agent of a venv answer in an empty world of its own, beside the one that runs. SwitchFailed says what
        it did instead."""
        with tempfile.TemporaryDirectory(prefix="upkeep-") as folder, tempfile.TemporaryFile("w+") as said:
            child = subprocess.Popen(
                [str(python), "-m", "upkeep.agent", "--root", folder],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=said,
                start_new_session=True,
            )
            try:
                self._await_trial(child, said, Path(folder) / "run" / "upkeep" / "agent.sock", wanted, timeout)
            finally:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(child.pid, signal.SIGKILL)
                child.wait()

    def _await_trial(
        self, child: subprocess.Popen[bytes], written: TextIO, socket: Path, wanted: str, timeout: float
    ) -> None:
        deadline, said = self.now() + timeout, None
        while said != wanted:
            if child.poll() is not None:
                written.seek(0)
                words = " · ".join(written.read().strip().splitlines()[-2:])
                raise SwitchFailed(f"Der Agent {wanted} endet beim Start (Code {child.returncode}): {words}")
            if self.now() >= deadline:
                heard = f"„{said}“" if said else "nichts"
                raise SwitchFailed(f"Der Agent {wanted} antwortet zur Probe nach {timeout:g} s falsch: {heard}.")
            self.sleep(0.1)
            said = self.agent_version(socket)

    def last_words(self, unit: str, since: float) -> str:
        """The last line the unit's own process wrote since a moment (epoch seconds), else how it ended."""
        argv = ("journalctl", f"_SYSTEMD_UNIT={unit}", f"--since=@{int(since)}", "--lines=1", "--output=cat", "--quiet")
        with contextlib.suppress(SwitchFailed):
            words = self.command(*argv, "--no-pager")[-300:]
            code = self.command("systemctl", "show", "--property=ExecMainStatus", "--value", unit)
            return words or (f"Exit-Code {code}" if code not in ("", "0") else "keine Meldung")
        return "keine Meldung"

    def stillness(self, data: Path) -> Stillness:
        """Locks of all stacks, or who runs what."""
        held = Stillness()
        held.take(data)
        return held

    def moment(self) -> float:
        """Epoch seconds, as the journal counts."""
        return time.time()

    def now(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)

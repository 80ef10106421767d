"""Guarded changes: settings that could lock the operator out revert by themselves unless confirmed.

Model: deploy-rs. Before anything is written, the previous files are saved and a systemd timer is armed; the
operator confirms over a *new* connection, otherwise the timer puts everything back. A reboot puts back too.
Core of the module `upkeep_guarded_change`. Standard library only. Texts for operators are German.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ansible.module_utils.upkeep_takeback import (
    Argv,
    Memory,
    Run,
    last_words,
    read_text,
    run_command,
    saved_file,
    take_back,
    write_atomically,
)

PROGRAM = "upkeep_takeback.py"
PYTHON = "/usr/bin/python3"  # of the system: an interpreter with a version in its name may go with the next release
BOOT_UNIT = "upkeep-guard.service"
BOOT_UNIT_TEXT = """\
# Written by the module upkeep_guarded_change.
[Unit]
Description=Upkeep: takes back unconfirmed changes after a reboot
DefaultDependencies=no
ConditionPathExistsGlob={root}/*/pending.json
After=local-fs.target
Before=sysinit.target network-pre.target upkeep-firewall.service ssh.service docker.service

[Service]
Type=oneshot
ExecStart={python} {root}/{program} revert-all --files-only

[Install]
WantedBy=sysinit.target
"""


class GuardError(Exception):
    """A change that was not made, or not kept; the text is German and meant for the operator."""


@dataclass(frozen=True)
class Check:
    """A command that must succeed once the files are in place; `expect` lists lines its output must contain."""

    argv: Argv
    expect: Sequence[str] = ()


@dataclass(frozen=True)
class Part:
    """One file with the commands that check it, bring it to life, take it back, and show what is live."""

    path: Path
    content: str
    mode: int = 0o644
    checks: Sequence[Check] = ()
    activate: Sequence[Argv] = ()
    revert: Sequence[Argv] = ()
    live: Argv = ()


@dataclass(frozen=True)
class Change:
    """Parts that stand or fall together; `timeout` in seconds, 0 = kept as soon as activation succeeded."""

    name: str
    parts: Sequence[Part]
    timeout: int


def arm_command(name: str, timeout: int, program: Argv) -> list[str]:
    """Return the argv that starts the timer; systemd's default accuracy of a minute would be too coarse."""
    unit = ("systemd-run", "--quiet", "--collect", f"--unit=upkeep-guard-{name}", f"--on-active={timeout}s")
    timer = ("--timer-property=AccuracySec=250ms", "--timer-property=RemainAfterElapse=no")
    return [*unit, *timer, *program, "revert", name]


def disarm_command(name: str) -> list[str]:
    """Return the argv that stops the timer."""
    return ["systemctl", "stop", f"upkeep-guard-{name}.timer"]


def install_program(memory: Memory, source: str, systemd: Path = Path("/etc/systemd/system")) -> None:
    """Put the program of the timer and the boot unit on the host (a link enables the unit; boot reads it)."""
    write_if_other(memory.root / PROGRAM, source, 0o755)
    text = BOOT_UNIT_TEXT.format(root=memory.root, python=PYTHON, program=PROGRAM)
    write_if_other(systemd / BOOT_UNIT, text, 0o644)
    link = systemd / "sysinit.target.wants" / BOOT_UNIT
    link.parent.mkdir(exist_ok=True)
    if not link.is_symlink():
        link.symlink_to(systemd / BOOT_UNIT)


def write_if_other(path: Path, text: str, mode: int) -> None:
    """Write a file unless it already says so."""
    if read_text(path) != text:
        write_atomically(path, text, mode)


class Guard:
    """Plans, applies and confirms changes."""

    def __init__(self, memory: Memory, run: Run = run_command, now: Callable[[], datetime] = datetime.now) -> None:
        self._memory, self._run, self._now = memory, run, now

    def plan(self, change: Change) -> list[Part]:
        """Return the parts that are not as wanted on disk or in effect; all of them while a change is unconfirmed."""
        if self._memory.load(change.name, "pending"):
            return list(change.parts)
        live = (self._memory.load(change.name, "confirmed") or {}).get("live", {})
        return [part for part in change.parts if self._differs(part, live)]

    def apply(self, change: Change, connection: str | None = None) -> None:
        """Put all parts in place under the protection of the timer; raises GuardError with everything put back."""
        with self._memory.locked():
            self._take_back(change.name)  # an unconfirmed predecessor must not become "the previous state"
            stale = self.plan(change)
            self._remember(change, stale, connection)
            try:
                self._arm(change)
                self._put_in_place(stale)
            except (GuardError, OSError) as problem:
                self._take_back(change.name)
                self._run(disarm_command(change.name))
                raise GuardError(f"{problem} Es gelten wieder die bisherigen Einstellungen.") from problem
            self._note_live(change)
            if not change.timeout:
                self._keep(change.name)

    def confirm(self, name: str, connection: str | None = None) -> bool:
        """Keep the pending change; False if there is none. Refuses the connection the change was made over."""
        with self._memory.locked():
            pending = self._memory.load(name, "pending")
            if pending is None:
                self._fail_if_taken_back(name)
                return False
            if connection is not None and connection == pending["connection"]:
                raise GuardError(
                    "Die Bestätigung kam über die alte SSH-Verbindung und beweist nichts; die Änderung wird "
                    f"{pending['timeout']} s nach ihrem Beginn zurückgenommen."
                )
            self._keep(name)
        self._run(disarm_command(name))
        return True

    def _differs(self, part: Part, live: dict[str, str]) -> bool:
        if read_text(part.path) != part.content or part.path.stat().st_mode & 0o777 != part.mode:
            return True
        return bool(part.live) and live.get(str(part.path)) != self._fingerprint(part)

    def _fingerprint(self, part: Part) -> str:
        seen = self._run(part.live)
        return hashlib.sha256(f"{seen.returncode}\n{seen.stdout}".encode()).hexdigest()

    def _remember(self, change: Change, stale: Sequence[Part], connection: str | None) -> None:
        self._memory.forget(change.name, "reverted")
        saved = [saved_file(part.path) for part in stale]
        revert = [list(argv) for part in stale for argv in part.revert or part.activate]
        memory = {"files": saved, "revert": revert, "timeout": change.timeout, "connection": connection, "live": {}}
        self._memory.store(change.name, "pending", memory)

    def _arm(self, change: Change) -> None:
        if not change.timeout:
            return
        armed = self._run(arm_command(change.name, change.timeout, (PYTHON, str(self._memory.root / PROGRAM))))
        if armed.returncode:
            raise GuardError(f"Der Zeitgeber für die Rücknahme startet nicht: {last_words(armed)}.")

    def _put_in_place(self, stale: Sequence[Part]) -> None:
        for part in stale:
            write_atomically(part.path, part.content, part.mode)
        for check in (check for part in stale for check in part.checks):
            self._require(check)
        for argv in (argv for part in stale for argv in part.activate):
            self._require(Check(argv))

    def _require(self, check: Check) -> None:
        seen = self._run(check.argv)
        command = " ".join(check.argv)
        if seen.returncode:
            raise GuardError(f"„{command}“ scheitert: {last_words(seen)}.")
        lines = {line.strip().lower() for line in seen.stdout.splitlines()}
        for expected in (line.lower() for line in check.expect):
            if expected not in lines:
                observed = [line for line in sorted(lines) if line.split()[:1] == expected.split()[:1]]
                raise GuardError(
                    f"Eine Einstellung bliebe ohne Wirkung: erwartet „{expected}“, „{command}“ zeigt "
                    f"„{'; '.join(observed) or 'nichts dazu'}“ (hat eine andere Datei Vorrang?)."
                )

    def _note_live(self, change: Change) -> None:
        pending = self._memory.load(change.name, "pending") or {}
        pending["live"] = {str(part.path): self._fingerprint(part) for part in change.parts if part.live}
        self._memory.store(change.name, "pending", pending)

    def _keep(self, name: str) -> None:
        pending = self._memory.load(name, "pending") or {}
        self._memory.store(name, "confirmed", {"live": pending.get("live", {})})
        self._memory.forget(name, "pending")

    def _take_back(self, name: str) -> bool:
        return take_back(self._memory, name, self._run, self._now)

    def _fail_if_taken_back(self, name: str) -> None:
        reverted = self._memory.load(name, "reverted")
        if reverted:
            raise GuardError(
                f"Die Änderung „{name}“ wurde am {reverted['at']} zurückgenommen: {reverted['why']}. "
                "Es gelten wieder die bisherigen Einstellungen."
            )

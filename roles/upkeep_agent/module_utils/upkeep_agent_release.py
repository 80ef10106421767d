"""One version of the agent in its own venv, and the switch from one to another that goes back by itself.

Standard library only. Everything that touches the host goes through `Host`, so tests can stand in for it.
"""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ansible.module_utils.upkeep_client import AgentClient, AgentError, AgentUnreachable

AGENT = "upkeep-agent.service"
MARK = "upkeep-complete"


class SwitchFailed(Exception):
    """The host is as before, or says in its text what it is instead. German, for the operator."""


@dataclass(frozen=True)
class Places:
    """`root`: versions lie side by side in it. `applied`: hash of the files the running agent was started with."""

    root: Path = Path("/opt/upkeep")
    command: Path = Path("/usr/local/bin/upkeep")
    applied: Path = Path("/var/lib/upkeep/agent-files")
    run: Path = Path("/run/upkeep")

    @property
    def current(self) -> Path:
        return self.root / "current"


@dataclass(frozen=True)
class Wanted:
    """`files`: units and settings whose change asks for a restart. Times in seconds."""

    version: str
    digest: str
    archive: Path
    files: tuple[Path, ...]
    wait_for_run: float
    answer_timeout: float

    @property
    def name(self) -> str:
        """Unique by content and by the host's Python: a host that was upgraded gets a new venv."""
        return f"{self.version}-{self.digest[:8]}-py{sys.version_info.major}{sys.version_info.minor}"


class Host:
    """The host for real: commands, the agent's answer, time."""

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

    def agent_version(self) -> str | None:
        """Version the agent answers with; None while it does not."""
        try:
            answer = AgentClient(timeout=5).agent()
        except AgentError:
            return None
        return str(answer["version"]) if answer.get("ready") else None

    def running(self) -> str | None:
        """The run that is going on, in words; None if there is none or no agent to ask (it would resume it)."""
        try:
            stacks = AgentClient(timeout=30).stacks()
        except AgentUnreachable:
            return None
        for stack in stacks:
            run = stack.get("running")
            if run:
                return f"{run['operation']} von {stack['stack']} (gestartet von {run['starter']})"
        return None

    def now(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


@dataclass(frozen=True)
class Switch:
    """Brings a host to the wanted version of the agent. Steps look first, so that a second call changes nothing."""

    wanted: Wanted
    host: Host
    places: Places = Places()

    @property
    def home(self) -> Path:
        return self.places.root / self.wanted.name

    @property
    def installed(self) -> bool:
        return (self.home / MARK).exists()

    @property
    def archive_needed(self) -> bool:
        return not self.installed and not self.wanted.archive.exists()

    @property
    def linked(self) -> str:
        """Name of the version `current` leads to; empty if there is none."""
        return str(self.places.current.readlink()) if self.places.current.is_symlink() else ""

    @property
    def in_force(self) -> bool:
        """Nothing to do: the wanted version, started with these files, runs, starts at boot and answers."""
        return (
            self.linked == self.wanted.name
            and self.applied_files() == self.files_hash()
            and self.places.command.is_symlink()
            and self.host.succeeds("systemctl", "is-enabled", "--quiet", AGENT)
            and self.host.agent_version() == self.wanted.version
        )

    def install(self) -> None:
        """Make the venv beside the others and prove that it runs; the mark is the last thing written."""
        shutil.rmtree(self.home, ignore_errors=True)
        if not self.host.succeeds("/usr/bin/python3", "-c", "import ensurepip, venv"):
            raise SwitchFailed("Python auf dem Host kann keine venv anlegen. Beheben: `apt-get install python3-venv`.")
        self.host.command("/usr/bin/python3", "-m", "venv", str(self.home))
        pip = [
            str(self.home / "bin" / "python"),
            "-m",
            "pip",
            "--disable-pip-version-check",
            "--no-cache-dir",
            "--quiet",
        ]
        with tempfile.TemporaryDirectory() as folder:
            self.host.command("tar", "--extract", "--file", str(self.wanted.archive), "--directory", folder)
            (wheels,) = Path(folder).iterdir()
            source = ["--no-index", "-f", str(wheels)]
            self.host.command(*pip, "install", *source, f"upkeep=={self.wanted.version}")
        self.prove()
        (self.home / MARK).write_text(self.wanted.digest + "\n")
        self.wanted.archive.unlink(missing_ok=True)

    def prove(self) -> None:
        said = self.host.command(str(self.home / "bin" / "upkeep"), "--version")
        if self.wanted.version not in said:
            raise SwitchFailed(f"Die neue Version nennt sich „{said}“ (erwartet: {self.wanted.version}).")

    def put_in_force(self) -> None:
        """Link, start, and wait for the answer; without one the version before comes back."""
        self.await_quiet()
        self.prepare_host()
        before = self.linked
        self.link(self.places.current, self.wanted.name)
        self.link(self.places.command, str(self.places.current / "bin" / "upkeep"))
        try:
            self.start()
        except SwitchFailed as error:
            raise SwitchFailed(self.go_back(before, error)) from error
        self.places.applied.write_text(self.files_hash())
        self.prune(before)

    def await_quiet(self) -> None:
        deadline = self.host.now() + self.wanted.wait_for_run
        while running := self.host.running():
            if self.host.now() >= deadline:
                raise SwitchFailed(
                    f"Der Agent wird nicht getauscht, solange etwas läuft: {running}. Gewartet wurde "
                    f"{self.wanted.wait_for_run:g} s. Danach das Playbook erneut ausführen; zusehen: `upkeep status`."
                )
            self.host.sleep(1)

    def prepare_host(self) -> None:
        self.host.command("systemd-sysusers", "/etc/sysusers.d/upkeep.conf")
        self.host.command("systemd-tmpfiles", "--create", "/etc/tmpfiles.d/upkeep.conf")
        self.host.command("systemctl", "daemon-reload")

    def start(self) -> None:
        self.host.command("systemctl", "enable", "--quiet", AGENT)
        self.restart()
        deadline = self.host.now() + self.wanted.answer_timeout
        while self.host.agent_version() != self.wanted.version:
            if self.host.now() >= deadline:
                raise SwitchFailed(
                    f"Der Agent {self.wanted.version} antwortet nach {self.wanted.answer_timeout:g} s nicht."
                )
            self.host.sleep(0.2)
        # Requests wait in the sockets meanwhile.
        self.host.command("systemctl", "try-restart", "upkeep-door@*.service")

    def restart(self) -> None:
        """The old one is gone before the new one begins: what answers from now on is the new one."""
        self.host.command("systemctl", "stop", AGENT)
        self.host.command("systemctl", "start", "--no-block", AGENT)

    def go_back(self, before: str, error: SwitchFailed) -> str:
        """Undo the link; returns what to tell the operator."""
        advice = "Ursache: `journalctl -u upkeep-agent`."
        if not before or before == self.wanted.name or not (self.places.root / before / MARK).exists():
            return f"{error} Eine frühere Version zum Zurückgehen gibt es nicht. {advice}"
        self.link(self.places.current, before)
        self.restart()
        deadline = self.host.now() + self.wanted.answer_timeout
        while self.host.agent_version() is None and self.host.now() < deadline:
            self.host.sleep(0.2)
        answers = self.host.agent_version()
        state = f"Agent {answers} läuft weiter." if answers else "Auch die vorige Version antwortet nicht!"
        return f"{error} {state} {advice}"

    def link(self, link: Path, target: str) -> None:
        """Point a link elsewhere in one step, so that there is one at any moment."""
        if link.is_symlink() and str(link.readlink()) == target:
            return
        part = link.with_name(f".{link.name}.new")
        part.unlink(missing_ok=True)
        part.symlink_to(target)
        part.replace(link)

    def prune(self, before: str) -> None:
        """Keep this version and the one before; what else was installed (or left half done) goes."""
        for path in self.places.root.iterdir():
            if path.is_dir() and not path.is_symlink() and path.name not in (self.wanted.name, before):
                shutil.rmtree(path, ignore_errors=True)

    def files_hash(self) -> str:
        return content_hash(self.wanted.files)

    def applied_files(self) -> str:
        try:
            return self.places.applied.read_text()
        except OSError:
            return ""


def content_hash(files: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for file in files:
        digest.update(f"{file}\0".encode() + (file.read_bytes() if file.exists() else b""))
    return digest.hexdigest()

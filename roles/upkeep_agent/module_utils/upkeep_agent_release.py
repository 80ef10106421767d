"""One version of the agent in its own venv, and the switch from one to another that goes back by itself.

Standard library only. A version proves itself in an empty world of its own before the one that runs is touched; no run
begins while they change places; and a change that was interrupted is finished by systemd, not by this process.
"""

from __future__ import annotations

import hashlib
import shutil
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ansible.module_utils.upkeep_agent_host import Host, Stillness, SwitchFailed

AGENT = "upkeep-agent.service"
MARK = "upkeep-complete"
HOPELESS_CRASHES = 5
STOP_LIMIT = 30.0  # seconds; systemd kills the old agent after ten


@dataclass(frozen=True)
class Places:
    """`root`: versions lie side by side in it. `applied`: hash of the files the running agent was started with. `data`:
    the stacks' directories with their locks."""

    root: Path = Path("/opt/upkeep")
    command: Path = Path("/usr/local/bin/upkeep")
    applied: Path = Path("/var/lib/upkeep/agent-files")
    data: Path = Path("/var/lib/upkeep")

    @property
    def current(self) -> Path:
        return self.root / "current"

    @property
    def previous(self) -> Path:
        """The version before, for going back; it stays when only settings change."""
        return self.root / "previous"


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
        return target(self.places.current)

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
        try:
            self.prove()
        except SwitchFailed:
            shutil.rmtree(self.home, ignore_errors=True)
            raise
        (self.home / MARK).write_text(self.wanted.digest + "\n")
        self.wanted.archive.unlink(missing_ok=True)

    def prove(self) -> None:
        said = self.host.command(str(self.home / "bin" / "upkeep"), "--version")
        if self.wanted.version not in said:
            raise SwitchFailed(f"Die neue Version nennt sich „{said}“ (erwartet: {self.wanted.version}).")
        self.host.try_agent(self.home / "bin" / "python", self.wanted.version, self.wanted.answer_timeout)

    def put_in_force(self) -> None:
        """Link, start, and wait for the answer; without one the version before comes back."""
        held, former = self.await_quiet(), target(self.places.previous)
        try:
            self.prepare_host()
            self.remember_previous()
            self.link(self.places.current, self.wanted.name)
            self.link(self.places.command, str(self.places.current / "bin" / "upkeep"))
            self.start(held)
        except SwitchFailed as error:
            raise SwitchFailed(self.go_back(error, former)) from error
        finally:
            held.release()
        self.places.applied.write_text(self.files_hash())
        self.prune()

    def remember_previous(self) -> None:
        """Before the change, so that whoever finds it interrupted knows the way back."""
        if self.linked not in ("", self.wanted.name):
            self.link(self.places.previous, self.linked)

    def await_quiet(self) -> Stillness:
        """The locks of all stacks, so that nothing begins from now on; SwitchFailed names the run that does not end."""
        deadline = self.host.now() + self.wanted.wait_for_run
        while (held := self.host.stillness(self.places.data)).running:
            if self.host.now() >= deadline:
                raise SwitchFailed(
                    f"Der Agent wird nicht getauscht, solange etwas läuft: {held.running}. Gewartet wurde "
                    f"{self.wanted.wait_for_run:g} s. Danach das Playbook erneut ausführen; zusehen: `upkeep status`."
                )
            self.host.sleep(1)
        return held

    def prepare_host(self) -> None:
        self.host.command("systemd-sysusers", "/etc/sysusers.d/upkeep.conf")
        self.host.command("systemd-tmpfiles", "--create", "/etc/tmpfiles.d/upkeep.conf")
        self.host.command("systemctl", "daemon-reload")

    def start(self, held: Stillness) -> None:
        self.host.command("systemctl", "enable", "--quiet", AGENT)
        since = self.host.moment()
        self.restart(held)
        deadline, crashes = self.host.now() + self.wanted.answer_timeout, self.crashes()
        while self.host.agent_version() != self.wanted.version:
            if self.host.now() >= deadline or self.crashes() - crashes >= HOPELESS_CRASHES:
                raise SwitchFailed(
                    f"Der Agent {self.wanted.version} antwortet nach höchstens {self.wanted.answer_timeout:g} s nicht "
                    f"(zuletzt: {self.host.last_words(AGENT, since)})."
                )
            self.host.sleep(0.2)
        # Requests wait in the sockets meanwhile.
        self.host.command("systemctl", "try-restart", "upkeep-door@*.service")

    def restart(self, held: Stillness) -> None:
        """The old one is gone before the new one is asked. systemd does both, also if this process dies over it. The
        new one finds the locks free: what a dead agent left unfinished it takes up at once."""
        before = self.invocation()
        self.host.command("systemctl", "restart", "--no-block", AGENT)
        deadline = self.host.now() + STOP_LIMIT
        while self.invocation() in ("", before) and self.host.now() < deadline:
            self.host.sleep(0.02)
        held.release()

    def invocation(self) -> str:
        """systemd's name for this life of the agent; empty while there is none."""
        return self.host.command("systemctl", "show", "--property=InvocationID", "--value", AGENT)

    def crashes(self) -> int:
        return int(self.host.command("systemctl", "show", "--property=NRestarts", "--value", AGENT) or 0)

    def go_back(self, error: SwitchFailed, former: str) -> str:
        """Undo the links (`former`: what `previous` led to); returns what to tell the operator."""
        advice = "Ursache: `journalctl -u upkeep-agent`."
        before = target(self.places.previous)
        if not before or not (self.places.root / before / MARK).exists():
            return f"{error} Eine frühere Version zum Zurückgehen gibt es nicht. {advice}"
        self.link(self.places.current, before)
        if former:
            self.link(self.places.previous, former)
        self.restart(Stillness())
        deadline = self.host.now() + self.wanted.answer_timeout
        while self.host.agent_version() is None and self.host.now() < deadline:
            self.host.sleep(0.2)
        answers = self.host.agent_version()
        state = f"Agent {answers} läuft weiter." if answers else "Auch die vorige Version antwortet nicht!"
        return f"{error} {state} {advice}"

    def link(self, link: Path, name: str) -> None:
        """Point a link elsewhere in one step, so that there is one at any moment."""
        if target(link) == name:
            return
        part = link.with_name(f".{link.name}.new")
        part.unlink(missing_ok=True)
        part.symlink_to(name)
        part.replace(link)

    def prune(self) -> None:
        """Keep this version and the one before; what else was installed (or left half done) goes."""
        kept = (self.wanted.name, target(self.places.previous))
        for path in self.places.root.iterdir():
            if path.is_dir() and not path.is_symlink() and path.name not in kept:
                shutil.rmtree(path, ignore_errors=True)

    def files_hash(self) -> str:
        return content_hash(self.wanted.files)

    def applied_files(self) -> str:
        try:
            return self.places.applied.read_text()
        except OSError:
            return ""


def target(link: Path) -> str:
    """Where a link leads; empty if there is none."""
    return str(link.readlink()) if link.is_symlink() else ""


def content_hash(files: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for file in files:
        digest.update(f"{file}\0".encode() + (file.read_bytes() if file.exists() else b""))
    return digest.hexdigest()

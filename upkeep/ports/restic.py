"""restic as the store of backups. Every call has a deadline; neither password nor address is in argv or environment.

A producer's stream goes in by `--stdin-from-command`, never by a pipe: only so one that fails leaves no snapshot.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from upkeep.errors import RepositoryFailed
from upkeep.policy.backup import Target
from upkeep.ports.mounts import refuse_unmounted
from upkeep.ports.programs import PATH
from upkeep.ports.repository import Place, place
from upkeep.ports.restic_answers import Progress, Saved, Snapshot, Told, parsed, snapshot
from upkeep.ports.restic_failures import PATIENCE, failure
from upkeep.ports.streamed import Readable, streamed
from upkeep.ports.supervised import Ended, Limits, supervise

__all__ = ["Restic", "ResticProgram", "Saved", "Snapshot", "Stream", "Target"]

SHORT = Limits(60.0, 60.0)
SILENCE = 180.0  # seconds that a long call may say nothing new
ANOTHER = "Eine andere Sicherung nehmen; diese nicht zurückspielen."


@dataclass(frozen=True)
class Stream:
    """What a command writes to its stdout, under this name in the snapshot."""

    name: str
    command: tuple[str, ...]


class Restic(Protocol):
    """One repository. Every method raises RepositoryFailed; its `code` says which kind it is."""

    @property
    def shown(self) -> str:
        """The address without credentials."""

    def identity(self) -> str:
        """The repository's id. Code repository_missing when there is none."""

    def create(self) -> str:
        """A new repository; its id."""

    def unlock(self) -> None:
        """Remove locks whose process is gone. Only under the stack's own lock."""

    def save_stream(self, stream: Stream, tags: Iterable[str], timeout: float, told: Told) -> Saved:
        """`told` hears the bytes read so far, now and then. A command that fails leaves no snapshot."""

    def save_files(self, paths: Iterable[Path], tags: Iterable[str], timeout: float, told: Told) -> Saved:
        """A file that cannot be read is a failure."""

    def snapshots(self) -> tuple[Snapshot, ...]:
        """Of this host, oldest first."""

    def text(self, snapshot_id: str, path: str) -> str:
        """The content of one small file."""

    def stream(self, snapshot_id: str, path: str, timeout: float) -> AbstractContextManager[Readable]:
        """The content of one file. For a path that ends with `/`: a tar of what is in that directory. What was read
        counts only when the end was read: only then restic has compared everything with its hashes."""

    def check(self, part: str, timeout: float) -> None:
        """The repository's structure; with `part` (`3/7`, `100%`) that of its data is read and compared, too."""

    def forget(self, snapshots: Iterable[str]) -> None: ...

    def prune(self, timeout: float) -> None: ...

    def key(self) -> str:
        """The id of the key that this password opens."""

    def add_key(self, password_file: Path) -> None:
        """The password in that file opens the repository from now on, too."""

    def remove_key(self, key: str) -> None:
        """Never the one that this password opens."""


class ResticProgram:
    """`cache`: a directory of this host that restic may fill."""

    def __init__(self, target: Target, cache: Path, program: str = "restic") -> None:
        self._target = target
        self._cache = cache
        self._program = program

    @property
    def shown(self) -> str:
        return self._place().shown

    def identity(self) -> str:
        refuse_unmounted(self._target.mount)
        self._place().refuse_unreachable(PATIENCE)
        return str(parsed(self._ask("cat", "config", "--no-lock"))["id"])

    def create(self) -> str:
        return str(parsed(self._ask("init", "--json"))["id"])

    def unlock(self) -> None:
        self._ask("unlock")

    def save_stream(self, stream: Stream, tags: Iterable[str], timeout: float, told: Told) -> Saved:
        source = ("--stdin-from-command", "--stdin-filename", stream.name, "--", *stream.command)
        return self._save(tags, source, timeout, told)

    def save_files(self, paths: Iterable[Path], tags: Iterable[str], timeout: float, told: Told) -> Saved:
        return self._save(tags, ("--one-file-system", "--", *map(str, paths)), timeout, told)

    def snapshots(self) -> tuple[Snapshot, ...]:
        listed = parsed(self._ask("snapshots", "--json", "--no-lock", "--host", self._target.host))
        return tuple(sorted((snapshot(item) for item in listed), key=lambda item: item.time))

    def text(self, snapshot_id: str, path: str) -> str:
        return self._ask("dump", "--no-lock", snapshot_id, path)

    def stream(self, snapshot_id: str, path: str, timeout: float) -> AbstractContextManager[Readable]:
        if path.endswith("/"):
            self._walk(snapshot_id, path, timeout)
        folder = path.rstrip("/")
        place = (f"{snapshot_id}:{folder}" if folder else snapshot_id, "/")
        what = ("--archive", "tar", *place) if path.endswith("/") else (snapshot_id, path)
        limits = Limits(timeout, SILENCE, self._is_reachable)
        words = (*self._argv(), "dump", "--no-lock", *what)
        return streamed(words, self._environment(), limits, lambda ended: self._failure("dump", ended, limits))

    def _walk(self, snapshot_id: str, path: str, timeout: float) -> None:
        """restic's `dump` of a directory leaves out what lies below a damaged one and ends with 0; `ls` does not."""
        try:
            words = ("ls", "--json", "--no-lock", "--recursive", snapshot_id, path.rstrip("/") or "/")
            self._call(words, Limits(timeout, SILENCE), lambda line: None)
        except RepositoryFailed as exc:
            if exc.code != "repository":
                raise
            what = f"Ordner dieser Sicherung an {self.shown} sind beschädigt"
            raise RepositoryFailed("backup_damaged", what, next_step=ANOTHER) from exc

    def check(self, part: str, timeout: float) -> None:
        subset = ("--read-data-subset", part) if part else ()
        self._call(("check", *subset), Limits(timeout, timeout), lambda line: None)

    def forget(self, snapshots: Iterable[str]) -> None:
        """restic says nothing by its exit code when a server keeps them."""
        wanted = tuple(snapshots)
        self._call(("forget", *wanted), Limits(600.0, 600.0), lambda line: None)
        if kept := {item.id for item in self.snapshots()} & set(wanted):
            raise RepositoryFailed(
                "repository_append_only",
                f"{self.shown} lässt nichts entfernen",
                observed=f"{len(kept)} von {len(wanted)} Schnappschüssen sind noch da",
                next_step="Nimmt der Server nur an, gehört append_only: true zum Sicherungsziel.",
            )

    def prune(self, timeout: float) -> None:
        self._call(("prune",), Limits(timeout, timeout), lambda line: None)

    def key(self) -> str:
        listed = parsed(self._ask("key", "list", "--json", "--no-lock"))
        return next(str(item["id"]) for item in listed if item["current"])

    def add_key(self, password_file: Path) -> None:
        self._ask("key", "add", "--new-password-file", str(password_file), "--host", self._target.host)

    def remove_key(self, key: str) -> None:
        self._ask("key", "remove", key)

    def _save(self, tags: Iterable[str], source: tuple[str, ...], timeout: float, told: Told) -> Saved:
        labels = tuple(word for tag in tags for word in ("--tag", tag))
        options = ("--json", "--host", self._target.host, "--group-by", "host,paths", *labels)
        heard = Progress(told)
        refuse_unmounted(self._target.mount)
        self._call(("backup", *options, *source), Limits(timeout, SILENCE), heard)
        if heard.saved is None:
            raise RepositoryFailed("repository", "restic hat keine Sicherung gemeldet")
        return heard.saved

    def _ask(self, *words: str) -> str:
        said: list[str] = []
        self._call(words, SHORT, said.append)
        return "\n".join(said)

    def _call(self, words: tuple[str, ...], limits: Limits, hear: Callable[[str], None]) -> None:
        limits = replace(limits, hope=self._is_reachable)
        ended = supervise((*self._argv(), *words), self._environment(), limits, hear)
        if ended.exit_code != 0:
            raise self._failure(words[0], ended, limits)

    def _is_reachable(self) -> bool:
        """restic itself goes on trying for minutes, and whoever is kept still for a backup stays so meanwhile."""
        try:
            self._place().refuse_unreachable(PATIENCE)
        except RepositoryFailed:
            return False
        return True

    def _argv(self) -> tuple[str, ...]:
        target, program = self._target, shutil.which(self._program, path=PATH)
        if program is None:
            raise RepositoryFailed(
                "restic_missing",
                "restic ist auf diesem Host nicht installiert",
                next_step="`ansible-playbook playbooks/site.yml` ausführen; die Rolle backup bringt es.",
            )
        where = ("--repository-file", str(target.address_file), "--password-file", str(target.password_file))
        options = ["--cache-dir", str(self._cache), "--cleanup-cache", "--stuck-request-timeout", "60s"]
        options += ["--retry-lock", "10s"]
        if target.ca_file:
            options += ["--cacert", str(target.ca_file)]
        if target.ssh_key_file:
            options += ["-o", f"sftp.args={_ssh(target)}"]
        return ("nice", "-n", "10", program, *where, *options)

    def _environment(self) -> dict[str, str]:
        """Lines of progress once a second, although nobody sits at a terminal."""
        known = {"PATH": PATH, "HOME": str(self._cache), "LANG": "C.UTF-8", "RESTIC_PROGRESS_FPS": "1"}
        credentials = self._target.s3_credentials_file
        known |= {"AWS_SHARED_CREDENTIALS_FILE": str(credentials)} if credentials else {}
        return known | ({"AWS_DEFAULT_REGION": self._target.s3_region} if self._target.s3_region else {})

    def _place(self) -> Place:
        try:
            return place(self._target.address_file.read_text(encoding="utf-8").strip())
        except OSError as exc:
            raise RepositoryFailed(
                "repository_address",
                f"{self._target.address_file} ist nicht lesbar",
                observed=exc.strerror,
                next_step="`ansible-playbook playbooks/site.yml` ausführen.",
            ) from exc

    def _failure(self, verb: str, ended: Ended, limits: Limits) -> RepositoryFailed:
        return failure(self._place(), verb, ended, limits)


def _ssh(target: Target) -> str:
    known = f" -o UserKnownHostsFile={target.ssh_known_hosts_file}" if target.ssh_known_hosts_file else ""
    return f"-i {target.ssh_key_file} -o BatchMode=yes -o ConnectTimeout=10 -o ServerAliveInterval=15{known}"

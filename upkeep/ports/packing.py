"""Files of an export: what is written goes through zstd, and through age where they lie with somebody else."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import IO

from upkeep.errors import ExportFailed
from upkeep.ports.programs import PATH
from upkeep.ports.streamed import Readable, streamed
from upkeep.ports.supervised import Ended, Limits

UNFINISHED = ".unfertig"
ZSTD_MAGIC, AGE_MAGIC = b"\x28\xb5\x2f\xfd", b"age-encryption.org/v1\n"
ENVIRONMENT = {"PATH": PATH, "LANG": "C.UTF-8"}
TAIL = 300


@contextmanager
def packed(place: Path, recipients: tuple[str, ...], timeout: float) -> Iterator[IO[bytes]]:
    """A new file; it is whole on the disk when the block has ended well. Raises ExportFailed, also when time is up."""
    with _made(place) as file, tempfile.TemporaryFile() as said:
        programs = _pipeline(file, said, recipients)
        alarm = threading.Timer(timeout, _kill, programs)
        alarm.start()
        entrance = programs[0].stdin
        assert entrance is not None  # noqa: S101 - it was asked for
        try:
            with suppress(BrokenPipeError):  # whoever ended too early says why
                yield entrance
            with suppress(BrokenPipeError):
                entrance.close()
            codes = [program.wait() for program in programs]
        finally:
            alarm.cancel()
            _kill(*programs)
        _judge(place, codes, said, timeout)
        os.fsync(file.fileno())


def _made(place: Path) -> IO[bytes]:
    try:
        return open(place, "xb", opener=lambda path, flags: os.open(path, flags, 0o600))
    except OSError as exc:
        raise ExportFailed(
            f"{place.parent} ist nicht beschreibbar",
            observed=exc.strerror,
            next_step="Den Ordner anlegen und in upkeep_agent__writable nennen.",
        ) from exc


def _pipeline(file: IO[bytes], said: IO[bytes], recipients: tuple[str, ...]) -> list[subprocess.Popen[bytes]]:
    """First the one that takes what is written."""
    if not recipients:
        return [_begun(("zstd", "-q", "-3", "-c"), file, said)]
    names = tuple(word for name in recipients for word in ("-r", name))
    age = _begun(("age", *names), file, said)
    assert age.stdin is not None  # noqa: S101 - it was asked for
    with age.stdin as entrance:
        return [_begun(("zstd", "-q", "-3", "-c"), entrance, said), age]


def _begun(argv: tuple[str, ...], into: IO[bytes], said: IO[bytes]) -> subprocess.Popen[bytes]:
    words = ("nice", "-n", "10", _found(argv[0]), *argv[1:])
    return subprocess.Popen(words, stdin=subprocess.PIPE, stdout=into, stderr=said, env=ENVIRONMENT, cwd="/")


def _found(program: str) -> str:
    if found := shutil.which(program, path=PATH):
        return found
    raise ExportFailed(
        f"{program} ist auf diesem Host nicht installiert",
        next_step=f"`apt install {program}`, oder `ansible-playbook playbooks/site.yml`: die Rolle backup bringt es.",
    )


def _kill(*programs: subprocess.Popen[bytes]) -> None:
    for program in programs:
        if program.poll() is None:
            program.kill()
            program.wait()
        if program.stdin:
            with suppress(BrokenPipeError):  # what it was still to be given
                program.stdin.close()


def _judge(place: Path, codes: list[int], said: IO[bytes], timeout: float) -> None:
    if -9 in codes:
        raise ExportFailed(f"{place.parent} nahm den Export nicht rechtzeitig an", limit=f"{timeout:g} s")
    if any(codes):
        said.seek(0)
        words = said.read().decode("utf-8", "replace").strip()[-TAIL:]
        raise ExportFailed(f"{place.name} ließ sich nicht schreiben", observed=words)


def settle(draft: Path, place: Path) -> None:
    """Under its name from now on, also after a power cut."""
    draft.replace(place)
    folder = os.open(place.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@contextmanager
def unpacked(place: Path, identity: Path | None, timeout: float) -> Iterator[Readable]:
    """What was packed. `identity`: the file with age's key, for a file that needs one. Raises ExportFailed."""
    limits = Limits(timeout, timeout)
    with _opened(place) as file:
        start = file.read(len(AGE_MAGIC))
        file.seek(0)
        if start == AGE_MAGIC:
            with _decrypted(file, place, identity) as inner, _unzipped(inner, place, limits) as readable:
                yield readable
        elif start.startswith(ZSTD_MAGIC):
            with _unzipped(file, place, limits) as readable:
                yield readable
        else:
            raise ExportFailed(f"{place.name} ist keine Export-Datei von Upkeep", limit="….tar.zst oder ….tar.zst.age")


def _opened(place: Path) -> IO[bytes]:
    try:
        return place.open("rb", buffering=0)  # whoever is given it begins where we are
    except OSError as exc:
        raise ExportFailed(
            f"{place} ist nicht lesbar",
            observed=exc.strerror,
            next_step="Unter /home und /root sieht der Agent nichts.",
        ) from exc


@contextmanager
def _decrypted(file: IO[bytes], place: Path, identity: Path | None) -> Iterator[IO[bytes]]:
    if identity is None:
        raise ExportFailed(f"{place.name} ist verschlüsselt", next_step="Die Datei mit dem age-Schlüssel angeben.")
    argv = (_found("age"), "-d", "-i", str(identity))
    with tempfile.TemporaryFile() as said:
        age = subprocess.Popen(
            argv, stdin=file, stdout=subprocess.PIPE, stderr=said, bufsize=0, env=ENVIRONMENT, cwd="/"
        )
        assert age.stdout is not None  # noqa: S101 - it was asked for
        try:
            with age.stdout as plain:
                yield plain
        except ExportFailed as exc:  # zstd got nothing whole: because of age?
            if age.wait() > 0:
                said.seek(0)
                words = said.read().decode("utf-8", "replace").strip()[:TAIL]
                raise ExportFailed(f"{place.name} lässt sich nicht entschlüsseln", observed=words) from exc
            raise
        finally:
            _kill(age)


def _unzipped(source: IO[bytes], place: Path, limits: Limits) -> AbstractContextManager[Readable]:
    def failure(ended: Ended) -> ExportFailed:
        words = " ".join(ended.complaints[-1:]) or None
        what = f"{place.name} ist beschädigt oder unvollständig"
        return ExportFailed(what, observed=words, next_step="Eine andere Export-Datei nehmen.")

    return streamed((_found("zstd"), "-q", "-d", "-c"), ENVIRONMENT, limits, failure, source)

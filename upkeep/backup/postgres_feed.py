"""`python -m upkeep.backup.postgres_feed CONTAINER USER DATABASE OUTCOME SECONDS`: the dump of a PostgreSQL in a
container (`pg_dump -Fc`) to stdout, for restic to take.

Every byte goes through `pg_restore` as well on its way: what cannot be read back whole ends with exit code 1, and
restic keeps nothing. Programs are the container's own, so they fit its server; how it went is written to OUTCOME as
JSON: {"report": …} or {"code", "error"}.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from upkeep.backup.outcome import told
from upkeep.errors import DatabaseFailed
from upkeep.ports.databases import Place

CHUNK = 1024 * 1024
TAIL = 500


class PostgresFailed(DatabaseFailed):
    code = "postgres_dump"


@dataclass(frozen=True)
class PostgresReport:
    """`server`: what pg_dump of the container says of itself. `bytes` and `sha256` of the dump."""

    database: str
    server: str
    bytes: int
    sha256: str


def write(place: Place, database: str, sink: IO[bytes], seconds: float) -> PostgresReport:
    """The dump into `sink`, read back while it is written. Raises PostgresFailed, also when time is up."""
    version = subprocess.run(place.inside("pg_dump", "--version"), capture_output=True, text=True, check=False)
    dump = place.inside("pg_dump", "-w", "-Fc", "-U", place.user, "-d", database)
    with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as judged:
        source = subprocess.Popen(dump, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said)
        reader = subprocess.Popen(
            place.inside("pg_restore", "-f", "/dev/null", reads=True), stdin=subprocess.PIPE, stderr=judged
        )
        alarm = threading.Timer(seconds, _kill, (source, reader))
        alarm.start()
        try:
            size, digest = _pour(source, reader, sink)
            codes = source.wait(), reader.wait()
        finally:
            alarm.cancel()
            _end(source, reader)
        _judge(place, database, codes, _words(said), _words(judged), seconds)
    return PostgresReport(database, version.stdout.strip(), size, digest)


def _pour(source: subprocess.Popen[bytes], reader: subprocess.Popen[bytes], sink: IO[bytes]) -> tuple[int, str]:
    """Bytes and SHA-256. A reader that gave up is not waited for: its exit code tells."""
    assert source.stdout is not None  # noqa: S101 - it was asked for
    assert reader.stdin is not None  # noqa: S101
    size, digest = 0, hashlib.sha256()
    with source.stdout:
        while piece := source.stdout.read(CHUNK):
            size += len(piece)
            digest.update(piece)
            sink.write(piece)
            with suppress(BrokenPipeError):
                reader.stdin.write(piece)
    with suppress(BrokenPipeError):
        reader.stdin.close()
    sink.flush()
    return size, digest.hexdigest()


def _judge(place: Place, database: str, codes: tuple[int, int], said: str, judged: str, seconds: float) -> None:
    advice = f"`docker logs {place.container}` ansehen; Benutzer und Datenbank in stack__backup_postgres prüfen."
    if -9 in codes:
        raise PostgresFailed(f"„{database}“ wurde nicht rechtzeitig gesichert", limit=f"{seconds:g} s")
    if codes[0] != 0:
        raise PostgresFailed(f"„{database}“ lässt sich nicht sichern", observed=said, next_step=advice)
    if codes[1] != 0:
        what = f"Die Sicherung von „{database}“ lässt sich nicht zurücklesen"
        raise PostgresFailed(what, observed=judged, next_step=advice)


def _kill(*programs: subprocess.Popen[bytes]) -> None:
    for program in programs:
        program.kill()


def _end(*programs: subprocess.Popen[bytes]) -> None:
    _kill(*programs)
    for program in programs:
        program.wait()


def _words(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode("utf-8", "replace").strip()[-TAIL:]


def main(container: str, user: str, database: str, outcome: str, seconds: str) -> int:
    return told(Path(outcome), lambda: write(Place(container, user), database, sys.stdout.buffer, float(seconds)))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

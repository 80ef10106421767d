"""What was live before a restore (or before its undoing), and until when it is kept. One file for each such run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from upkeep.backup.database import container_of
from upkeep.backup.sources import postgres_of
from upkeep.errors import JournalCorrupt, Refused, UpkeepError
from upkeep.layout import StackPaths
from upkeep.phases.database import address_of, keyfile_of
from upkeep.ports.clock import moment
from upkeep.ports.collections import Server
from upkeep.ports.databases import Place
from upkeep.ports.files import Files
from upkeep.runs.run import Run

ABOUT = "kept.json"
DOOMED = "let-go"  # in the folder of a run whose data aside are of no use to anybody
AGAIN_SECONDS, PAUSE = 60.0, 1.0


@dataclass(frozen=True)
class Kept:
    """`run`: under whose name it lies aside. `at`: when it was put there, `until`: when it goes. `told`: what it is.
    `pairs`, `databases`, `leaving`, `views`: what puts it back, as in the notes of a restore; `postgres`: of each
    database its service, its user, its name aside and its own."""

    run: str
    at: str
    until: str
    told: str
    pairs: tuple[tuple[str, str], ...]
    databases: tuple[str, ...]
    leaving: tuple[str, ...]
    views: dict[str, str]
    volumes: tuple[str, ...]
    postgres: tuple[tuple[str, str, str, str], ...] = ()


def folder(paths: StackPaths, run_id: str) -> Path:
    """Of the volumes' contents: `new` as they come, `old` as they were."""
    return paths.restores / run_id


def remember(paths: StackPaths, kept: Kept, files: Files) -> None:
    files.write(folder(paths, kept.run) / ABOUT, json.dumps(asdict(kept), indent=1))


def newest(paths: StackPaths) -> Kept | None:
    """What `upkeep undo` brings back. Raises JournalCorrupt."""
    found = sorted(path.parent.name for path in paths.restores.glob(f"*/{ABOUT}"))
    return _read(folder(paths, found[-1]) / ABOUT) if found else None


def demanded(paths: StackPaths) -> Kept:
    kept = newest(paths)
    if kept is None:
        raise Refused(
            f"Für „{paths.name}“ gibt es nichts zurückzunehmen",
            observed="keine aufgehobenen Daten eines Zurückspielens",
            next_step=f"Eine Sicherung zurückspielen: `upkeep list {paths.name}`, dann `upkeep restore`.",
        )
    return kept


def forget(run: Run, run_id: str) -> None:
    """The databases first: while the note is there, whoever comes next tries again."""
    if run.policy.mongodb:
        run.ports.collections.drop(server(run), run_id)
    for service, user in dict.fromkeys((item.service, item.user) for item in postgres_of(run.policy)):
        run.ports.databases.drop(Place(container_of(run, service), user), run_id)
    run.ports.files.remove(folder(run.paths, run_id))


def let_go(run: Run, run_id: str) -> None:
    """Somebody may restart Docker just now, and users are served already: tried for a minute, and with the next run."""
    run.ports.files.write(folder(run.paths, run_id) / DOOMED, "")
    until = run.ports.clock.monotonic() + AGAIN_SECONDS
    while (failure := _forgotten(run, run_id)) and run.ports.clock.monotonic() < until:
        run.ports.clock.sleep(PAUSE)
    if failure:
        run.record.warnings.append(failure)


def server(run: Run) -> Server:
    return Server(address_of(run), keyfile_of(run.policy))


def drop_expired(run: Run) -> None:
    """What does not work is a warning, and tried again with the next run."""
    doomed = [path.parent.name for path in sorted(run.paths.restores.glob(f"*/{DOOMED}"))]
    for run_id in (*doomed, *_expired(run.paths, run.ports.clock.now())):
        if failure := _forgotten(run, run_id):
            run.record.warnings.append(failure)


def _forgotten(run: Run, run_id: str) -> str | None:
    """What stood against it."""
    try:
        forget(run, run_id)
    except UpkeepError as exc:
        return f"Die Daten, die {run_id} beiseite gelegt hat, lassen sich nicht entfernen: {exc}"
    return None


def _expired(paths: StackPaths, now: datetime) -> Iterator[str]:
    for path in sorted(paths.restores.glob(f"*/{ABOUT}")):
        try:
            kept = _read(path)
        except JournalCorrupt:
            continue  # nobody knows until when: `upkeep undo` says so
        if moment(kept.until) <= now:
            yield kept.run


def _read(path: Path) -> Kept:
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        lists = {name: tuple(raw[name]) for name in ("databases", "leaving", "volumes")}
        moved = tuple((service, user, aside, live) for service, user, aside, live in raw.get("postgres", ()))
        return Kept(**raw | lists | {"pairs": tuple((aside, live) for aside, live in raw["pairs"]), "postgres": moved})
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as exc:
        raise JournalCorrupt(
            f"{path} ist nicht lesbar",
            observed=type(exc).__name__,
            next_step="Die Daten davor liegen noch in der MongoDB, in Sammlungen mit upkeep-old im Namen, und in "
            "PostgreSQL, in Datenbanken mit _vorher_ im Namen.",
        ) from exc

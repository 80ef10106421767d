"""PostgreSQL's part of a restore: beside the live database, in its place by a rename, back again."""

from __future__ import annotations

from dataclasses import astuple

from upkeep.backup.database import container_of
from upkeep.backup.reading import StoredBackup, source_of
from upkeep.backup.repository import of_policy
from upkeep.backup.sources import postgres_of
from upkeep.errors import DatabaseFailed, Refused
from upkeep.phases.database import TIMEOUT
from upkeep.policy.backup import PostgresSource
from upkeep.policy.stack import Policy
from upkeep.ports.databases import OLD, STAGED, Place, name_beside
from upkeep.restore.kept import Kept
from upkeep.restore.progress import Hearing
from upkeep.restore.record import Moved, notes
from upkeep.room import MEGABYTE
from upkeep.runs.run import Run

LOOK = 0.5


def declared(policy: Policy, database: str) -> PostgresSource:
    """Where a database of the backup lives now. Raises Refused."""
    found = next((item for item in postgres_of(policy) if item.database == database), None)
    if found is None:
        raise Refused(
            f"Wohin mit der PostgreSQL-Datenbank „{database}“? Die Policy nennt sie nicht",
            limit=", ".join(item.database for item in postgres_of(policy)) or "keine",
            next_step="stack__backup_postgres im Inventar ergänzen oder mit --only auswählen.",
        )
    return found


def refuse_unfit(run: Run, backup: StoredBackup, database: str) -> None:
    source = declared(run.policy, database)
    saved_by = str(source_of(backup.manifest, _name(database)).facts.get("server", ""))
    run.ports.databases.refuse_unfit(Place(container_of(run, source.service), source.user), database, saved_by)


def coming(run: Run, databases: tuple[str, ...]) -> list[list[str]]:
    """For the journal, before anything is loaded."""
    sources = [declared(run.policy, name) for name in databases]
    return [list(astuple(_moved(run, item, name_beside(item.database, STAGED, run.record.id)))) for item in sources]


def going_back(run: Run, kept: Kept) -> list[list[str]]:
    known = [(PostgresSource(service, live, user), coming) for service, user, coming, live in kept.postgres]
    return [list(astuple(_moved(run, source, coming))) for source, coming in known]


def stage(run: Run, backup: StoredBackup) -> list[str]:
    """Again is fine: what a killed agent has loaded goes first."""
    for place in dict.fromkeys(_place(run, item) for item in notes(run).postgres):
        run.ports.databases.drop(place, run.record.id)
    return [_load(run, backup, item) for item in notes(run).postgres]


def switch(run: Run) -> list[str]:
    for item in notes(run).postgres:
        run.ports.databases.take(_awaited(run, item), item.exchange)
    return [f"PostgreSQL {item.live}" for item in notes(run).postgres]


def switch_back(run: Run) -> None:
    """Also after a part of it, or nothing."""
    for item in notes(run).postgres:
        run.ports.databases.take_back(_awaited(run, item), item.exchange)


def aside(run: Run) -> tuple[tuple[str, str, str, str], ...]:
    return tuple((item.service, item.user, item.aside, item.live) for item in notes(run).postgres)


def _load(run: Run, backup: StoredBackup, item: Moved) -> str:
    policy, source = of_policy(run.policy), source_of(backup.manifest, _name(item.live))
    with backup.stream(source.name, policy.timeout) as stream:
        heard = Hearing(run, stream, f"PostgreSQL {item.live}", source.read)
        size = run.ports.databases.load(_place(run, item), item.live, item.coming, heard, policy.timeout)
    if run.policy.mongodb is None:  # `volatile` names what is in the application's one database
        for table in policy.volatile:
            run.ports.databases.empty(_place(run, item), item.coming, table)
    return f"PostgreSQL {item.live}: {size // MEGABYTE} MB"


def _moved(run: Run, source: PostgresSource, coming: str) -> Moved:
    aside = name_beside(source.database, OLD, run.record.id)
    return Moved(source.service, source.user, coming, source.database, aside)


def _place(run: Run, item: Moved) -> Place:
    return Place(container_of(run, item.service), item.user)


def _awaited(run: Run, item: Moved) -> Place:
    """It may be on its way up: after a reboot, or because Docker was restarted amid the run."""
    clock = run.ports.clock
    deadline = clock.monotonic() + TIMEOUT
    while clock.monotonic() < deadline:
        if (place := _running(run, item)) and run.ports.databases.answers(place):
            return place
        clock.sleep(LOOK)
    raise DatabaseFailed(
        f"PostgreSQL in {item.service} antwortet nicht", limit=f"{TIMEOUT:g} s", next_step="`docker logs` ansehen."
    )


def _running(run: Run, item: Moved) -> Place | None:
    try:
        return _place(run, item)
    except Refused:
        return None


def _name(database: str) -> str:
    return f"postgres:{database}"

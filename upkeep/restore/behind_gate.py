"""Whoever works with the data is stopped over the exchange, and is started again: the very same containers."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from upkeep.backup.sources import postgres_of
from upkeep.composition import GATE
from upkeep.ports.containers import Container
from upkeep.restore.record import notes
from upkeep.runs.run import Run

STANDING = ("gate", "database")


def concerned(run: Run) -> tuple[str, ...]:
    """Ids of what runs now and may write: all of the stack but gate and database, and whoever uses the volumes."""
    there = run.ports.docker.containers(run.paths.name)
    own = [item.id for item in there if item.running and not _stays(run, item)]
    others = [user for name in notes(run).volumes for user in run.ports.neighbours.writers(name)]
    return tuple(dict.fromkeys((*own, *others)))


def _stays(run: Run, item: Container) -> bool:
    """Databases are worked with; a PostgreSQL has no role of its own in compose.yml."""
    databases = {source.service for source in postgres_of(run.policy)}
    return item.role in STANDING or item.service == GATE or item.service in databases


def stop(run: Run) -> str:
    ids = notes(run).stopped
    grace = run.policy.update.stop_timeout
    with ThreadPoolExecutor(max(1, len(ids))) as pool:
        list(pool.map(lambda item: run.ports.docker.stop(item, grace), ids))
    return f"{len(ids)} Container"


def start(run: Run) -> str:
    """Again is fine."""
    ids = notes(run).stopped
    with ThreadPoolExecutor(max(1, len(ids))) as pool:
        list(pool.map(run.ports.docker.start, ids))
    return f"{len(ids)} Container"

"""The snapshot of a database: its dump comes from a process of its own (upkeep.backup.feed, …postgres_feed), restic's
child."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from upkeep.backup.catalogue import tags
from upkeep.backup.record import notes
from upkeep.backup.repository import of_policy, opened
from upkeep.backup.sources import ARCHIVE, Wanted
from upkeep.errors import Refused, RepositoryFailed, UpkeepError
from upkeep.phases.database import address_of
from upkeep.ports.restic import Saved, Stream
from upkeep.runs.run import Run

FEED = (sys.executable, "-m")
ATTEMPTS = 3
SPOILED = "dump_spoiled"


class FeedFailed(UpkeepError):
    """The dump itself did not work; its own words. `code` is the dump's."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


def save_database(run: Run, source: Wanted, told: Callable[[int], None]) -> tuple[Saved, dict[str, Any]]:
    """Again when a collection was dropped or renamed under the dump's hands."""
    for _ in range(ATTEMPTS - 1):
        try:
            return _attempt(run, source, told)
        except FeedFailed as exc:
            if exc.code != SPOILED:
                raise
            run.say(f"{source.title}: wird neu gelesen ({exc})")
    return _attempt(run, source, told)


def _attempt(run: Run, source: Wanted, told: Callable[[int], None]) -> tuple[Saved, dict[str, Any]]:
    outcome = run.paths.backup / "dump.json"
    run.ports.files.write(outcome, "{}")
    stream, marks = _stream(run, source, outcome), tags(run.paths.name, notes(run).backup, source.name)
    try:
        snapshot = opened(run).save_stream(stream, marks, of_policy(run.policy).timeout, told)
    except RepositoryFailed as exc:
        if failed := _outcome(outcome).get("error"):
            raise FeedFailed(str(_outcome(outcome)["code"]), str(failed)) from exc
        raise
    report = dict(_outcome(outcome)["report"])
    notes(run).leave_out(*(f"{item['database']}.{item['name']}: {item['why']}" for item in report.get("left_out", ())))
    run.ports.files.remove(outcome)
    return snapshot, report


def _stream(run: Run, source: Wanted, outcome: Path) -> Stream:
    """Neither password nor key: where the keyfile lies, or which container to enter."""
    rest = (str(outcome), f"{of_policy(run.policy).timeout:g}")
    if source.postgres:
        where = (container_of(run, source.postgres.service), source.postgres.user, source.postgres.database)
        return Stream(f"{source.postgres.database}.pgdump", (*FEED, "upkeep.backup.postgres_feed", *where, *rest))
    assert run.policy.mongodb is not None  # noqa: S101 - it is a source only then
    return Stream(ARCHIVE, (*FEED, "upkeep.backup.feed", address_of(run), str(run.policy.mongodb.keyfile), *rest))


def container_of(run: Run, service: str) -> str:
    """The name of the one in which a PostgreSQL of the stack runs. Raises Refused."""
    for container in run.ports.docker.containers(run.paths.name):
        if container.service == service and container.running:
            return container.name
    raise Refused(
        f"In {service} läuft kein Container, dessen PostgreSQL gemeint sein kann",
        limit="ein laufender Dienst dieses Stacks",
        next_step="stack__backup_postgres im Inventar berichtigen oder den Dienst starten.",
    )


def _outcome(place: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(place.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}

"""MongoDB's part of a restore: beside the live data, in their place at one moment, back again."""

from __future__ import annotations

from upkeep.backup.reading import StoredBackup, source_of
from upkeep.backup.repository import of_policy
from upkeep.phases.database import TIMEOUT, bring_up
from upkeep.ports.collections import Wanted
from upkeep.ports.mongo import PORT
from upkeep.restore.kept import server
from upkeep.restore.progress import Hearing
from upkeep.restore.record import notes
from upkeep.runs.run import Run

SOURCE = "mongodb"


def await_primary(run: Run) -> None:
    """It may be on its way up: after a reboot, or because Docker was restarted amid the run. Raises DatabaseFailed."""
    clock = run.ports.clock
    deadline = clock.monotonic() + TIMEOUT
    while not _listens(run) and clock.monotonic() < deadline:
        clock.sleep(0.2)
    bring_up(run, run.project_before(), run.policy, ())


def _listens(run: Run) -> bool:
    found = (item for item in run.ports.docker.containers(run.paths.name) if item.role == "database")
    return any(item.address and run.ports.probe.connects(item.address, PORT, 1.0) for item in found if item.running)


def stage(run: Run, backup: StoredBackup) -> str:
    """Again is fine: what a killed agent has loaded goes first."""
    known, timeout = notes(run), of_policy(run.policy).timeout
    assert known.mongodb is not None  # noqa: S101 - the caller knows
    run.ports.collections.drop(server(run), run.record.id)
    wanted, size = Wanted(known.mongodb, run.record.id), source_of(backup.manifest, SOURCE).read
    with backup.stream(SOURCE, timeout) as stream:
        loaded = run.ports.collections.load(server(run), Hearing(run, stream, "MongoDB", size), wanted, timeout)
    databases = {live.partition(".")[0] for _, live in loaded.pairs} | set(loaded.views) if wanted.whole else set()
    if wanted.only == "":
        databases |= set(run.ports.collections.databases(server(run)))
    known.set(pairs=[list(pair) for pair in loaded.pairs], databases=sorted(databases))
    known.set(leaving=[live for _, live in loaded.pairs])
    known.set(views={name: loaded.views.get(name, "[]") for name in databases})
    run.record.warnings += [f"Nicht zurückgespielt: {text}." for text in loaded.left_out]
    emptied = _end_sessions(run)
    return f"{loaded.documents} Dokumente in {len(loaded.pairs)} Sammlungen{emptied}"


def _end_sessions(run: Run) -> str:
    """What was valid then must not be so again: who had signed out stays out."""
    if notes(run).keeps_sessions:
        return ""
    assert run.policy.mongodb is not None  # noqa: S101 - it is restored into
    names = {f"{run.policy.mongodb.name}.{name}" for name in of_policy(run.policy).volatile}
    counts = [run.ports.collections.empty(server(run), aside) for aside, live in notes(run).pairs if live in names]
    return f", {sum(counts)} davon geleert (Anmeldungen)" if counts else ""


def switch(run: Run) -> str:
    """What will be done is in the journal before anything is."""
    await_primary(run)
    known, collections = notes(run), run.ports.collections
    if not known.steps:
        steps = collections.steps(server(run), known.pairs, run.record.id, known.databases, known.leaving)
        known.set(steps=[list(step) for step in steps])
        known.set(views_before={name: collections.views(server(run), name) for name in known.databases})
        run.journal.save()
    collections.take(server(run), known.steps)
    for database, views in known.views.items():
        collections.set_views(server(run), database, views)
    return f"{len(known.pairs)} Sammlungen eingesetzt"


def switch_back(run: Run) -> None:
    """Also after a part of it, or nothing."""
    await_primary(run)
    known = notes(run)
    run.ports.collections.take_back(server(run), known.steps)
    for database, views in known.views_before.items():
        run.ports.collections.set_views(server(run), database, views)


def aside(run: Run) -> tuple[tuple[str, str], ...]:
    """What was live before: (where it lies now, where it was)."""
    incoming = {source for source, _ in notes(run).pairs}
    return tuple((target, source) for _, source, target in notes(run).steps if source not in incoming)

"""The data go back together with the release: an update whose migration was at them behind the shut gate has failed
there, and before the migration they were saved behind the same gate. Nobody has written since."""

from __future__ import annotations

from upkeep.backup.record import notes as of_backup
from upkeep.backup.sources import DATABASE
from upkeep.memory import state
from upkeep.phases.slots import stop_slots
from upkeep.restore import exchanging, kept
from upkeep.restore.record import notes
from upkeep.runs.run import Run


def possible(run: Run) -> bool:
    """Once users were let in nothing of theirs is taken away; PostgreSQL only comes back by hand."""
    saved = run.record.done("seal") and run.record.intended("migrate") and not run.record.intended("open")
    return saved and not any(source.kind == "postgres" for source in of_backup(run).sources)


def bring_back(run: Run) -> None:
    run.phase("still", "Anwendung wird angehalten", 90, stop_slots)
    run.phase("load", "Daten von vor der Migration werden geladen", 90, _load)
    run.phase("exchange", "Daten von vor der Migration werden eingesetzt", 91, _exchange)


def let_go(run: Run) -> None:
    """What the migration has left is of no use to anybody."""
    run.phase("drop", "Daten der Migration werden entfernt", 98, lambda run: kept.let_go(run, run.record.id))


def _load(run: Run) -> str:
    """Volumes that somebody else works with stay as they are: he went on, and no migration was at them."""
    saved, known = of_backup(run), notes(run)
    names = [source.name.partition(":")[2] for source in saved.sources if source.kind == "volume"]
    own = [name for name in names if set(run.ports.neighbours.users(name).values()) <= {run.paths.name}]
    mongodb = "" if any(source.name == DATABASE for source in saved.sources) else None
    known.set(backup=saved.backup, at=run.now(), source=run.record.id, mongodb=mongodb, volumes=own)
    known.set(keeps_sessions=True)
    run.mark("stage")
    return exchanging.stage(run)


def _exchange(run: Run) -> str:
    """Then the release before fits its data again."""
    told = exchanging.switch(run)
    run.remember(of_backup(run).as_saved(state.load(run.paths)))
    return told

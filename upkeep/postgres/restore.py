"""A restore: verify → look → safety backup → load beside → count → take the name. Undone by taking it back."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from upkeep.ports.clock import Clock
from upkeep.ports.files import Files
from upkeep.ports.postgres import PostgresPrograms
from upkeep.postgres import staging, switch
from upkeep.postgres.backup import Wish, back_up
from upkeep.postgres.catalogue import STAMP
from upkeep.postgres.server import Database, Server, find, look
from upkeep.postgres.verification import Proof

NEVER = 36500  # days: a safety backup retires nothing


@dataclass(frozen=True)
class RestorePlan:
    """`live` is None when the server has no database of that name: nothing is put aside then."""

    proof: Proof
    server: Server
    live: Database | None

    @property
    def message(self) -> str:
        took = f"{self.proof.dump.name} vom {self.proof.backup.moment:%d.%m.%Y %H:%M} UTC"
        if self.live is None:
            return f"„{self.proof.backup.database}“ würde aus {took} neu angelegt."
        return f"„{self.live.name}“ würde gesichert, beiseitegelegt und durch {took} ersetzt."


@dataclass(frozen=True)
class RestoreReport:
    """`aside` is the database that was live before, `safety` its dump."""

    proof: Proof
    aside: str | None
    safety: Path | None
    seconds: float

    @property
    def message(self) -> str:
        done = (
            f"„{self.proof.backup.database}“ ist wiederhergestellt aus {self.proof.dump.name} ({self.seconds:.1f} s)."
        )
        if self.aside is None:
            return done
        return f"{done} Der vorige Stand liegt in „{self.aside}“ und in {self.safety}; zurück mit state=undone."


@dataclass(frozen=True)
class UndoReport:
    database: str
    aside: str

    @property
    def message(self) -> str:
        return f"„{self.database}“ ist wieder der vorige Stand; der wiederhergestellte liegt in „{self.aside}“."


def plan(programs: PostgresPrograms, proof: Proof) -> RestorePlan:
    """What would happen; changes nothing."""
    server = look(programs)
    staging.demand_rights(server, programs, proof)
    return RestorePlan(proof, server, find(programs, proof.backup.database))


def restore(programs: PostgresPrograms, known: RestorePlan, folder: Path, clock: Clock, files: Files) -> RestoreReport:
    began, proof, live = clock.monotonic(), known.proof, known.proof.backup.database
    stamp = clock.now().strftime(STAMP).lower()
    switch.heal(programs, live)
    if known.live is None:
        with staging.staged(programs, proof, staging.beside(live, "neu", stamp)) as coming:
            switch.give_name(programs, coming, live)
        return RestoreReport(proof, None, None, round(clock.monotonic() - began, 2))
    safety = back_up(programs, Wish(live, folder, keep_days=NEVER, kind="safety"), clock, files)
    aside = staging.beside(live, "vorher", stamp)
    with staging.staged(programs, proof, staging.beside(live, "neu", stamp)) as coming:
        switch.take_over_settings(programs, live, coming)
        switch.exchange(programs, live, coming, aside)
    return RestoreReport(proof, aside, safety.dump, round(clock.monotonic() - began, 2))


def undo(programs: PostgresPrograms, database: str, clock: Clock) -> UndoReport:
    """The database that the last switch put aside gets its name back."""
    look(programs)
    coming = switch.newest_aside(programs, database)
    aside = staging.beside(database, "zurueck", clock.now().strftime(STAMP).lower())
    switch.exchange(programs, database, coming, aside)
    return UndoReport(database, aside)

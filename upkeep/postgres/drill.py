"""The proof that a backup can be restored: load it into a scratch database, count its rows, drop it again."""

from __future__ import annotations

from dataclasses import dataclass

from upkeep.ports.clock import Clock
from upkeep.ports.postgres import PostgresPrograms
from upkeep.postgres import staging
from upkeep.postgres.catalogue import STAMP
from upkeep.postgres.server import look
from upkeep.postgres.verification import Proof


@dataclass(frozen=True)
class DrillReport:
    proof: Proof
    seconds: float

    @property
    def message(self) -> str:
        counts = self.proof.backup.counts
        return (
            f"Probe bestanden: {self.proof.dump.name} geladen, {len(counts)} Tabellen mit {sum(counts.values())} "
            f"Zeilen stimmen, {self.seconds:.1f} s. Die Probedatenbank ist wieder weg."
        )


def drill(programs: PostgresPrograms, proof: Proof, clock: Clock) -> DrillReport:
    began = clock.monotonic()
    staging.demand_rights(look(programs), programs, proof)
    scratch = staging.beside(proof.backup.database, "probe", clock.now().strftime(STAMP).lower())
    with staging.staged(programs, proof, scratch):
        pass
    staging.drop(programs, scratch)
    return DrillReport(proof, round(clock.monotonic() - began, 2))

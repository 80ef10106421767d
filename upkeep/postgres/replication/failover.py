"""A standby becomes the primary: only when nobody else is one any more, and the one that received most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from upkeep.errors import DatabaseFailed, Refused
from upkeep.ports.clock import Clock
from upkeep.ports.postgres import PostgresPrograms
from upkeep.postgres.replication import members
from upkeep.postgres.replication.judgement import primary_of
from upkeep.postgres.replication.members import Member, Silent

_PROMOTE = "SELECT pg_promote(true, 60);"


@dataclass(frozen=True)
class Plan:
    """`coming` will be the primary; when it is already, nothing is `needed`."""

    coming: Member
    needed: bool

    @property
    def message(self) -> str:
        if self.needed:
            return f"{self.coming.place} würde Primärserver (bisher Zeitlinie {self.coming.timeline})."
        return f"{self.coming.place} ist Primärserver (Zeitlinie {self.coming.timeline}): nichts zu tun."


@dataclass(frozen=True)
class Report:
    primary: Member
    seconds: float

    @property
    def message(self) -> str:
        return (
            f"{self.primary.place} ist jetzt Primärserver (Zeitlinie {self.primary.timeline}, {self.seconds:.1f} s). "
            "Was der alte noch nicht geschickt hatte, fehlt hier und liegt in seinem Datenordner. "
            "Nächster Schritt: playbooks/postgres_rejoin.yml."
        )


def plan(servers: Sequence[PostgresPrograms], lost: Sequence[str]) -> Plan:
    """`lost`: places that are known to be stopped. Refused while one of them, or anyone else, takes changes, and when
    another server is silent: it might be the primary."""
    found, silent = members.ask(servers)
    primary = primary_of(found)
    if primary is not None and not [one for one in found if one.place in lost]:
        return Plan(primary, needed=False)
    _demand_nobody_writes(found)
    _demand_all_known(silent, lost)
    return Plan(_candidate(found), needed=True)


def fail_over(known: Plan, clock: Clock) -> Report:
    began, programs = clock.monotonic(), known.coming.programs
    programs.query(_PROMOTE)
    found, _ = members.ask([programs])
    if not found or found[0].standby:
        raise DatabaseFailed(
            f"{known.coming.place} wurde nicht Primärserver",
            observed="bleibt Replik" if found else "antwortet nicht mehr",
            next_step="Sein Protokoll lesen, dann noch einmal.",
        )
    return Report(found[0], round(clock.monotonic() - began, 2))


def _demand_nobody_writes(found: Sequence[Member]) -> None:
    for one in found:
        if not one.standby:
            raise Refused(
                f"{one.place} nimmt noch Änderungen an",
                next_step="Ihn erst anhalten; zwei Primärserver laufen auseinander. Es wurde nichts verändert.",
            )


def _demand_all_known(silent: Sequence[Silent], lost: Sequence[str]) -> None:
    for one in silent:
        if one.place not in lost:
            raise Refused(
                f"{one.place} antwortet nicht, aber niemand hat gesagt, dass er steht",
                observed=one.reason,
                next_step="Sicherstellen, dass er aus ist, und ihn mit `-e lost=…` nennen.",
            )


def _candidate(found: Sequence[Member]) -> Member:
    if not found:
        raise Refused(
            "Keine Replik antwortet", next_step="Die Server prüfen; sonst aus der Sicherung wiederherstellen."
        )
    return max(found, key=lambda one: (one.timeline, one.received))

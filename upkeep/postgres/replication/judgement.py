"""Is everything as it should be? One primary, every other server streaming from it and close behind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from upkeep.postgres.replication.members import Member, Silent
from upkeep.room import MEGABYTE


@dataclass(frozen=True)
class Limits:
    """How far behind a standby may be: in bytes of WAL, and in seconds while the primary has more."""

    megabytes: int = 64
    seconds: int = 60


@dataclass(frozen=True)
class Judgement:
    """`others`: servers that take changes beside the primary, fresh ones included."""

    primary: Member | None
    standbys: tuple[Member, ...]
    others: tuple[Member, ...]
    findings: tuple[str, ...]

    @property
    def message(self) -> str:
        if self.findings or self.primary is None:
            return " ".join(self.findings)
        behind = ", ".join(f"{one.place} ({_behind(self.primary, one)} Byte zurück)" for one in self.standbys)
        return f"{self.primary.place} ist Primärserver, es folgen: {behind or 'keine'}."


def judge(members: Sequence[Member], silent: Sequence[Silent], limits: Limits) -> Judgement:
    primary = primary_of(members)
    standbys = tuple(one for one in members if one.standby)
    others = tuple(one for one in members if not one.standby and one is not primary)
    findings = [f"{one.place} antwortet nicht ({one.reason})." for one in silent]
    if primary is None:
        findings.append("Kein Server nimmt Änderungen an. Nächster Schritt: playbooks/postgres_failover.yml.")
    else:
        findings += [_double(one, primary) for one in others]
        findings += [text for one in standbys if (text := _wrong(primary, one, limits))]
    return Judgement(primary, standbys, others, tuple(findings))


def primary_of(members: Sequence[Member]) -> Member | None:
    """Of several, the one that was promoted last: an old primary that comes back has the lower timeline. Among servers
    that nobody was promoted on, the one that is in use; among fresh ones the first."""
    followed = {one.cluster for one in members if one.standby}
    writing = [one for one in members if not one.standby]
    return max(writing, key=lambda one: (one.timeline, one.cluster in followed or one.databases > 0), default=None)


def _double(one: Member, primary: Member) -> str:
    """A server with a cluster of its own and no databases is fresh; one with databases is a danger."""
    if not one.databases:
        return f"{one.place} ist leer und folgt niemandem: playbooks/postgres_site.yml."
    return (
        f"{one.place} nimmt auch Änderungen an (Zeitlinie {one.timeline}, {primary.place} hat {primary.timeline}): "
        "anhalten, dann playbooks/postgres_rejoin.yml."
    )


def _wrong(primary: Member, standby: Member, limits: Limits) -> str | None:
    behind = _behind(primary, standby)
    if standby.cluster != primary.cluster:
        return f"{standby.place} ist die Replik eines anderen Servers."
    if not standby.streaming:
        return (
            f"{standby.place} empfängt nichts von {primary.place}, {behind} Byte zurück: Netz, pg_hba.conf, Kennwort."
        )
    if behind > limits.megabytes * MEGABYTE:
        return f"{standby.place} ist {behind / MEGABYTE:.0f} MB zurück (Grenze {limits.megabytes} MB)."
    if behind and standby.age > limits.seconds:
        return f"{standby.place} ist {standby.age:.0f} s zurück (Grenze {limits.seconds} s)."
    return None


def _behind(primary: Member, standby: Member) -> int:
    return max(0, primary.received - standby.replayed)

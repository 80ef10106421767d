"""Which backups go. Whole runs stay or go, never single snapshots of one; what was proven last never goes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from upkeep.backup.catalogue import Backup, Catalogue
from upkeep.backup.memory import Memory
from upkeep.policy.backup import Keep

Period = Callable[[datetime], object]


def superfluous(known: Catalogue, keep: Keep, memory: Memory, running: str) -> tuple[Backup, ...]:
    """What nobody needs any more: left-overs of runs that never came to their manifest (`running` aside), and whole
    backups beyond what the policy keeps. Of those none while no backup is proven; none after the proven one, and never
    the one that was restored last as a trial."""
    torn = [backup for backup in known.backups if not backup.complete and backup.run != running]
    last_proven = next((backup for backup in known.complete if backup.run == memory.proven), None)
    if last_proven is None:
        return tuple(torn)
    needed = {backup.run for backup in kept(known.complete, keep)} | {last_proven.run}
    needed |= {memory.drilled.run} if memory.drilled else set()
    old = [backup for backup in known.complete if backup.run not in needed and backup.run < last_proven.run]
    return (*torn, *old)


def kept(complete: Sequence[Backup], keep: Keep) -> Iterator[Backup]:
    """The newest of each of so many hours, days, …; the newest of all in any case."""
    yield from complete[-1:]
    for count, period in _periods(keep):
        seen: list[object] = []
        for backup in reversed(complete):
            if (when := period(backup.at)) in seen:
                continue
            if len(seen) == count:
                break
            seen.append(when)
            yield backup


def _periods(keep: Keep) -> tuple[tuple[int, Period], ...]:
    return (
        (keep.hourly, lambda at: (at.date(), at.hour)),
        (keep.daily, lambda at: at.date()),
        (keep.weekly, lambda at: at.isocalendar()[:2]),
        (keep.monthly, lambda at: (at.year, at.month)),
        (keep.yearly, lambda at: at.year),
    )

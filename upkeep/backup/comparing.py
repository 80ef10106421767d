"""What lies in a repository against what this host remembers having put there: somebody with its credential can add
snapshots that look like its own, or take some away."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator

from upkeep.backup.catalogue import Catalogue, marks_of
from upkeep.ports.restic import Snapshot

Made = dict[str, list[str]]


def strangers(
    snapshots: Iterable[Snapshot], stack: str, made: Made, is_ours: Callable[[str], bool], may_vanish: bool
) -> Iterator[str]:
    """In German. `made`: run → ids of the snapshots it made. `is_ours`: whether a run was one of this host, although it
    came to no backup. `may_vanish`: somebody else tidies up there."""
    there = _by_run(snapshots, stack)
    for run, ids in sorted(there.items()):
        if run not in made and not is_ours(run):
            yield f"Sicherung {run}: dieser Host hat sie nie gemacht"
        elif run in made and (added := sorted(ids - set(made[run]))):
            yield f"Sicherung {run}: Schnappschuss {', '.join(item[:8] for item in added)} kam nachträglich dazu"
    for run, wanted in sorted(made.items()):
        if not may_vanish and (gone := set(wanted) - there.get(run, set())):
            yield f"Sicherung {run}: {len(gone)} von {len(wanted)} Teilen sind verschwunden"


def all_made(found: Catalogue) -> Made:
    """As if this host had made everything that is whole."""
    return {backup.run: [item.id for item in backup.snapshots] for backup in found.complete}


def _by_run(snapshots: Iterable[Snapshot], stack: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for snapshot in snapshots:
        marks = marks_of(snapshot)
        if marks.get("stack") == stack and "run" in marks:
            found[marks["run"]].add(snapshot.id)
    return found

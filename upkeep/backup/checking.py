"""The phases of a verification: the repository's structure, its data part by part, what lies in it, what may go."""

from __future__ import annotations

from dataclasses import replace

from upkeep.backup import memory
from upkeep.backup.catalogue import Catalogue, catalogue
from upkeep.backup.comparing import all_made, strangers
from upkeep.backup.memory import PARTS
from upkeep.backup.reading import stored
from upkeep.backup.record import notes
from upkeep.backup.repository import of_policy, opened
from upkeep.backup.retention import superfluous
from upkeep.errors import RepositoryFailed
from upkeep.memory import audit, journal, pruning
from upkeep.ports.restic import Restic, Snapshot
from upkeep.room import MEGABYTE
from upkeep.runs.run import Run

DAMAGED = "repository"  # the code of what restic found, and not merely could not do


def known(run: Run, restic: Restic) -> Catalogue:
    return catalogue(restic.snapshots(), run.paths.name, run.ports.clock.now())


def check(run: Run) -> str:
    """With `deep` the data whose turn it is, with `all` every byte, are read and compared with their hashes."""
    parts = _parts(run)
    began, restic = run.ports.clock.now(), opened(run)
    there = known(run, restic)
    try:
        for number, subset in enumerate(_subsets(parts)):
            run.say(f"Sicherungsziel wird geprüft{f', Teil {subset}' if subset else ''}", 10 + 10 * number)
            restic.check(subset, of_policy(run.policy).timeout)
    except RepositoryFailed as exc:
        if exc.code == DAMAGED:
            _remember(run, memory.recall(run.paths).with_problem(str(exc)))
        raise
    _remember(run, memory.recall(run.paths).with_checked(parts, began, there))
    return f"{len(parts)} von {PARTS} Teilen gelesen" if parts else "Aufbau geprüft"


def _subsets(parts: tuple[int, ...]) -> tuple[str, ...]:
    """As restic calls them. Every call looks through the whole structure, so all parts are read by one."""
    if len(parts) == PARTS:
        return ("100%",)
    return tuple(f"{part}/{PARTS}" for part in parts) or ("",)


def _parts(run: Run) -> tuple[int, ...]:
    if run.record.options.get("all") is True:
        return tuple(range(1, PARTS + 1))
    if run.record.options.get("deep") is True:
        return memory.recall(run.paths).due(run.ports.clock.now())
    return ()


def compare(run: Run) -> str:
    """The newest backup's manifest against what is really there; what nobody of ours can have put there is a warning,
    and the end of the run says so."""
    restic = opened(run)
    snapshots = restic.snapshots()
    there = catalogue(snapshots, run.paths.name, run.ports.clock.now())
    strange = (*there.strange, *_strangers(run, snapshots, there))
    _remember(run, replace(memory.recall(run.paths), strange=strange))
    run.record.warnings.extend(strange)
    newest = there.newest
    if newest is None:
        return "keine Sicherung"
    stored(restic, run.paths.name, newest.run, run.ports.clock.now())
    return f"{len(there.complete)} Sicherungen, die neueste vom {newest.at:%d.%m.%Y %H:%M} UTC"


def _strangers(run: Run, snapshots: tuple[Snapshot, ...], there: Catalogue) -> tuple[str, ...]:
    """Who counts for the first time, or is told to accept it, takes what is there for its own."""
    remembered, paths = memory.recall(run.paths), run.paths
    if remembered.made is None or run.record.options.get("accept") is True:
        _remember(run, replace(remembered, made=all_made(there)))
        return ()

    def is_ours(other: str) -> bool:
        return journal.path_of(paths, other).exists() or audit.knows(paths, other)

    may_vanish = of_policy(run.policy).target.append_only
    return tuple(strangers(snapshots, paths.name, remembered.made, is_ours, may_vanish))


def tidy(run: Run) -> str:
    """After a check that found nothing wrong, never before one. What an append-only server keeps, it removes itself."""
    policy, restic = of_policy(run.policy), opened(run)
    if policy.target.append_only:
        return "räumt der Server selbst auf"
    remembered = memory.recall(run.paths)
    going = superfluous(known(run, restic), policy.keep, remembered, run.record.id)
    if going:
        _remember(run, remembered.without({backup.run for backup in going}))
        restic.forget([snapshot.id for backup in going for snapshot in backup.snapshots])
        restic.prune(policy.timeout)
        notes(run).removed = len(going)
    pruning.journals(run.paths, run.ports.files)
    return f"{len(going)} entfernt"


def judge(run: Run) -> str:
    """What somebody has to hear of although the repository is whole."""
    late = memory.overdue(memory.recall(run.paths), of_policy(run.policy).overdue, run.ports.clock.now())
    problems = [*run.record.warnings, *([late] if late else [])]
    if problems:
        raise RepositoryFailed("backup_alarm", " ".join(problems))
    return "nichts zu beanstanden"


def told(run: Run) -> str:
    """One sentence for the end."""
    last = memory.recall(run.paths)
    details = [phase.detail for phase in run.record.phases if phase.name in ("check", "compare", "tidy")]
    proven = f" Zuletzt ganz gelesen: {last.proven}." if last.proven else ""
    size = f" Die letzte hat {last.last.read // MEGABYTE} MB." if last.last else ""
    return f"{'; '.join(details)}.{size}{proven}"


def _remember(run: Run, known_now: memory.Memory) -> None:
    memory.remember(run.paths, known_now, run.ports.files)

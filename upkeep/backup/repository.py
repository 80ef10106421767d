"""A stack's repository: opened, recognised, made when there was never one."""

from __future__ import annotations

from dataclasses import replace

from upkeep import room
from upkeep.backup import memory
from upkeep.backup.memory import Memory
from upkeep.errors import Refused, RepositoryFailed
from upkeep.layout import StackPaths
from upkeep.memory.journal import Operation, Record
from upkeep.policy import stack as policies
from upkeep.policy.backup import BackupPolicy
from upkeep.policy.stack import Policy
from upkeep.ports import Ports
from upkeep.ports.clock import stamp
from upkeep.ports.restic import Restic
from upkeep.runs.run import Run

CACHE_MB = 100
READING = (Operation.VERIFY, Operation.EXPORT, Operation.RESTORE, Operation.REKEY)


def of_policy(policy: Policy) -> BackupPolicy:
    """Refused for a stack that has no place for backups."""
    if policy.backup is None:
        raise Refused(
            f"Für „{policy.stack}“ ist kein Sicherungsziel eingerichtet",
            next_step="stack__backup_target im Inventar setzen (docs/sichern.md) und das Playbook ausführen.",
        )
    return policy.backup


def repository(paths: StackPaths, ports: Ports, policy: BackupPolicy) -> Restic:
    return ports.restic(policy.target, paths.backup / "cache")


def of_stack(paths: StackPaths, ports: Ports) -> Restic:
    """For whoever only looks. Raises Refused."""
    return repository(paths, ports, of_policy(policies.read(paths.policy_file, paths.name)))


def opened(run: Run) -> Restic:
    """For the phases after the one that opened it."""
    return repository(run.paths, run.ports, of_policy(run.policy))


def open_repository(run: Run) -> str:
    """A repository is made only where this stack never had one: an empty place later on is a disk that is not there."""
    room.demand(run.ports.files, run.paths.data, CACHE_MB, "Zu wenig Platz für eine Sicherung", "Platz schaffen.")
    known, restic = memory.recall(run.paths), opened(run)
    identity = _identity(restic, known, may_create=not _reads(run.record))
    if known.repository not in (None, identity):
        raise RepositoryFailed(
            "repository_other",
            f"An {restic.shown} liegt ein anderes Repository als bisher",
            observed=identity[:12],
            limit=str(known.repository)[:12],
            next_step=f"Ist das Absicht, {memory.file(run.paths)} löschen; sonst Adresse und Platten prüfen.",
        )
    restic.unlock()
    began = known.since or stamp(run.ports.clock.now())
    memory.remember(run.paths, replace(known, repository=identity, since=began), run.ports.files)
    return restic.shown


def _reads(record: Record) -> bool:
    """Whether it lives on what is there already. Data that come from a file need a place only for those of today."""
    return record.operation in READING and not (record.operation is Operation.RESTORE and record.options.get("file"))


def never_made(exc: RepositoryFailed, known: Memory) -> bool:
    """Whether there is no repository because nothing was saved yet. Where something was, a disk may be missing."""
    return exc.code == "repository_missing" and known.repository is None


def _identity(restic: Restic, known: Memory, may_create: bool) -> str:
    try:
        return restic.identity()
    except RepositoryFailed as exc:
        if may_create and never_made(exc, known):
            return restic.create()
        raise

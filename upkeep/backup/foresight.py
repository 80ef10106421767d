"""What a backup or a verification would do, for check mode. Writes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from upkeep.backup import memory, rekeying, sources
from upkeep.backup.catalogue import catalogue
from upkeep.backup.memory import PARTS
from upkeep.backup.repository import never_made, of_policy, of_stack
from upkeep.backup.retention import superfluous
from upkeep.errors import RepositoryFailed
from upkeep.export import making as exporting
from upkeep.layout import StackPaths
from upkeep.memory.journal import Operation
from upkeep.policy import stack as policies
from upkeep.ports import Ports


def of_backup(paths: StackPaths, ports: Ports, options: dict[str, Any]) -> dict[str, Any]:
    """Raises Refused, and RepositoryFailed when the repository does not answer."""
    policy = policies.read(paths.policy_file, paths.name)
    restic, known = of_stack(paths, ports), memory.recall(paths)
    if young := memory.young_enough(known, options, ports.clock.now()):
        return _told((), young)
    steps = [f"{source.title} sichern" for source in sources.wanted(policy)]
    try:
        restic.identity()
    except RepositoryFailed as exc:
        if not never_made(exc, known):
            raise
        steps.insert(0, f"Repository anlegen: {restic.shown}")
    return _told(steps, f"Sicherung nach {restic.shown}")


def of_verification(paths: StackPaths, ports: Ports, options: dict[str, Any]) -> dict[str, Any]:
    """Changed is only what would be removed."""
    policy = of_policy(policies.read(paths.policy_file, paths.name))
    restic, known, now = of_stack(paths, ports), memory.recall(paths), ports.clock.now()
    found = catalogue(restic.snapshots(), paths.name, now)
    going = superfluous(found, policy.keep, known, "") if options.get("tidy") is True else ()
    steps = [f"Sicherung vom {item.at:%d.%m.%Y %H:%M} UTC entfernen" for item in going]
    parts = PARTS if options.get("all") else len(known.due(now)) if options.get("deep") else 0
    deep = f"; {parts} von {PARTS} Teilen der Daten werden gelesen" if parts else ""
    return _told(() if policy.target.append_only else steps, f"Prüfung von {restic.shown}{deep}")


def of_export(paths: StackPaths, ports: Ports, options: dict[str, Any]) -> dict[str, Any]:
    policy = policies.read(paths.policy_file, paths.name)
    place, _ = exporting.foreseen(policy, of_stack(paths, ports), options, ports.clock.now())
    return _told((f"{place} schreiben",) if not place.exists() else (), f"Export nach {place.parent}")


def of_drill(paths: StackPaths, ports: Ports, options: dict[str, Any]) -> dict[str, Any]:
    """A trial changes nothing that anybody uses, so there is nothing to announce but what would be tried."""
    restic, last = of_stack(paths, ports), memory.recall(paths).last
    restic.identity()
    which = f"der Sicherung {last.run}" if last else "der neuesten Sicherung"
    return _told((), f"Wiederherstellungsübung mit {which} aus {restic.shown}")


def of_rekey(paths: StackPaths, ports: Ports, options: dict[str, Any]) -> dict[str, Any]:
    return _told(*rekeying.foreseen(paths, ports))


def _told(steps: Sequence[str], message: str) -> dict[str, Any]:
    after = "".join(f"{step}\n" for step in steps)
    return {"changed": bool(steps), "diff": {"before": "", "after": after}, "steps": list(steps), "message": message}


OF = {
    Operation.BACKUP: of_backup,
    Operation.VERIFY: of_verification,
    Operation.EXPORT: of_export,
    Operation.DRILL: of_drill,
    Operation.REKEY: of_rekey,
}

"""Where the backup that comes back is taken from: the stack's repository, or one exported file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from upkeep.backup.catalogue import catalogue
from upkeep.backup.reading import StoredBackup, stored
from upkeep.backup.repository import of_policy, repository
from upkeep.errors import BadRequest, UnknownBackup
from upkeep.export.reading import open_export
from upkeep.layout import StackPaths
from upkeep.memory.journal import Operation
from upkeep.policy import stack as policies
from upkeep.ports import Ports
from upkeep.ports.restic import Restic

TEXTS = ("backup", "file", "identity")


def refuse_nonsense(options: dict[str, Any]) -> None:
    """Raises BadRequest."""
    for name in TEXTS:
        if not isinstance(options.get(name) or "", str):
            raise BadRequest(f"{name} muss ein Text sein", observed=options[name])
    if options.get("file") and options.get("backup"):
        raise BadRequest("file und backup gehen nicht zusammen", limit="eine Datei oder eine Sicherung am Ziel")
    for name in ("file", "identity"):
        if options.get(name) and not Path(options[name]).is_absolute():
            raise BadRequest(f"{name} ist kein voller Pfad", observed=options[name], limit="/mnt/usb/…")


def opened(paths: StackPaths, ports: Ports, options: dict[str, Any], run: str | None = None) -> StoredBackup:
    """`run`: the backup that was found before. A file is read to its end. Raises Refused, RepositoryFailed,
    ExportFailed."""
    refuse_nonsense(options)
    policy = of_policy(policies.read(paths.policy_file, paths.name))
    if not options.get("file"):
        restic = repository(paths, ports, policy)
        wanted = run or options.get("backup") or _newest(restic, paths, ports)
        return stored(restic, paths.name, wanted, ports.clock.now())
    identity = Path(options["identity"]) if options.get("identity") else None
    found = open_export(Path(options["file"]), identity, policy.timeout)
    if found.manifest.stack != paths.name or run not in (None, found.manifest.run):
        what = f"{options['file']} ist nicht die Sicherung, die zurückgespielt werden soll"
        limit = f"{paths.name}, {run}" if run else paths.name
        raise UnknownBackup(what, observed=f"{found.manifest.stack}, {found.manifest.run}", limit=limit)
    return found


def _newest(restic: Restic, paths: StackPaths, ports: Ports) -> str | None:
    """Of those that were made to be restored. What a restore saves before it is for whoever names it: tried again after
    a failure, nobody wants the data back that were to be replaced."""
    known = catalogue(restic.snapshots(), paths.name, ports.clock.now())
    usual = (backup.run for backup in reversed(known.complete) if f"-{Operation.RESTORE}-" not in backup.run)
    return next(usual, None)

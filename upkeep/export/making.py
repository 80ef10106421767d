"""An export as phases of a run: the newest backup out of the repository into one file, which is read back before it
counts."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from upkeep import room
from upkeep.backup.reading import RepositoryBackup, stored
from upkeep.backup.repository import of_policy, opened
from upkeep.errors import BadRequest, Refused
from upkeep.export import writing
from upkeep.export.reading import open_export
from upkeep.memory.journal import Result
from upkeep.policy.backup import Export
from upkeep.policy.stack import Policy
from upkeep.ports.mounts import refuse_unmounted
from upkeep.ports.packing import UNFINISHED, packed, settle
from upkeep.ports.restic import Restic
from upkeep.room import MEGABYTE
from upkeep.runs.run import Run

COMPRESSED = 4  # times smaller than what was read: what a database becomes; volumes of pictures do not


def export(run: Run) -> None:
    """Nothing to do when that backup's file is there."""
    wanted = of_export(run.policy)
    place, backup = foreseen(run.policy, opened(run), run.record.options, run.ports.clock.now())
    if place.exists():
        run.finish(Result.UNCHANGED, f"Der Export {place} ist schon da.")
        return
    draft = place.with_name(f".{place.name}{UNFINISHED}")
    run.phase("write", "Export wird geschrieben", 10, partial(_write, backup=backup, draft=draft, wanted=wanted))
    run.phase("prove", "Export wird zurückgelesen", 70, partial(_prove, backup=backup, draft=draft, wanted=wanted))
    settle(draft, place)
    run.phase("tidy", "Alte Exporte werden entfernt", 95, partial(_tidy, wanted=wanted))
    run.finish(Result.UPDATED, f"{place} geschrieben, {place.stat().st_size // MEGABYTE} MB ({_told(run)}).")


def of_export(policy: Policy) -> Export:
    """Refused for a stack that has no place for exports."""
    wanted = of_policy(policy).export
    if wanted is None:
        raise Refused(
            f"Für „{policy.stack}“ ist kein Ort für Exporte eingerichtet",
            next_step="stack__backup_export im Inventar setzen (docs/sichern.md) und das Playbook ausführen.",
        )
    return wanted


def foreseen(policy: Policy, restic: Restic, options: dict[str, Any], now: datetime) -> tuple[Path, RepositoryBackup]:
    """The file that an export would write, and out of what."""
    wanted, asked = of_export(policy), options.get("backup")
    refuse_unmounted(wanted.mount)
    if asked is not None and not isinstance(asked, str):
        raise BadRequest("backup ist keine Kennung einer Sicherung", observed=asked, limit="`upkeep list`")
    backup = stored(restic, policy.stack, asked, now)
    ending = ".tar.zst.age" if wanted.recipients else ".tar.zst"
    return wanted.directory / f"{policy.stack}-{backup.manifest.run}{ending}", backup


def _write(run: Run, backup: RepositoryBackup, draft: Path, wanted: Export) -> str:
    """What a run that was cut short left is in the way of nobody."""
    for torn in wanted.directory.glob(f".{run.paths.name}-*{UNFINISHED}"):
        run.ports.files.remove(torn)
    size = sum(source.read for source in backup.manifest.sources)
    needed = size // MEGABYTE // COMPRESSED + 1
    room.demand(run.ports.files, wanted.directory, needed, "Zu wenig Platz für den Export", "Platz schaffen.")
    timeout = of_policy(run.policy).timeout
    with packed(draft, wanted.recipients, timeout) as sink:
        writing.write(backup, sink, timeout, lambda source: run.say(f"Export: {source}"))
    return f"Sicherung {backup.manifest.run}"


def _prove(run: Run, backup: RepositoryBackup, draft: Path, wanted: Export) -> str:
    """Whoever can only encrypt cannot read it back: zstd and age have both said that they came to their end."""
    if wanted.recipients:
        return "verschlüsselt, nur mit dem Schlüssel lesbar"
    open_export(draft, None, of_policy(run.policy).timeout)
    return "zurückgelesen"


def _tidy(run: Run, wanted: Export) -> str:
    """Names begin with the stack and the time of the backup."""
    files = [
        file
        for ending in (".tar.zst", ".tar.zst.age")
        for file in wanted.directory.glob(f"{run.paths.name}-[0-9]*{ending}")
    ]
    old = sorted(files)[: -wanted.keep]
    for file in old:
        run.ports.files.remove(file)
    return f"{len(old)} entfernt"


def _told(run: Run) -> str:
    return "; ".join(phase.detail for phase in run.record.phases if phase.name in ("write", "prove") and phase.detail)

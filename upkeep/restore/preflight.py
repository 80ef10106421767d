"""What a restore brings back, and everything that can be known to go wrong before anything is touched."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from upkeep import room
from upkeep.backup.manifest import Manifest
from upkeep.backup.reading import StoredBackup, source_of
from upkeep.errors import Refused
from upkeep.layout import StackPaths
from upkeep.memory import state
from upkeep.memory.release import Release
from upkeep.memory.state import State
from upkeep.policy import stack as policies
from upkeep.policy.stack import Policy
from upkeep.ports import Ports
from upkeep.ports.clock import moment
from upkeep.restore import behind_gate, origin, postgres
from upkeep.restore.kept import server
from upkeep.restore.record import notes
from upkeep.restore.selection import Selection, asked, chosen, database
from upkeep.room import MEGABYTE
from upkeep.runs.run import Run
from upkeep.versions import ranges as versions

ON_DISK = 2  # bytes of MongoDB for one in the archive: documents, their indexes and the log of the loading
UNPACKED = 8  # bytes of PostgreSQL for one in the dump, which is packed and has no indexes


@dataclass(frozen=True)
class Prospect:
    """`size`: megabytes that the data take beside the live ones."""

    backup: StoredBackup
    selection: Selection
    size: int

    @property
    def at(self) -> str:
        return f"{moment(self.backup.manifest.at):%d.%m.%Y %H:%M} UTC"

    @property
    def label(self) -> str:
        release = self.backup.manifest.release or {}
        return str(release.get("version") or release.get("digest") or "unbekannt")


def prospect(paths: StackPaths, ports: Ports, options: dict[str, Any]) -> Prospect:
    """What would come back; writes nothing. Raises Refused, RepositoryFailed, ExportFailed."""
    policy = policies.read(paths.policy_file, paths.name)
    backup = origin.opened(paths, ports, options)
    selection = _without_data_folders(paths, ports, policy, chosen(asked(options), backup.manifest))
    refuse_unfit_stack(paths, ports, policy, selection)
    refuse_gap(paths, backup.manifest, bool(options.get("force")))
    return Prospect(backup, selection, _size(backup.manifest, selection))


def _without_data_folders(paths: StackPaths, ports: Ports, policy: Policy, selection: Selection) -> Selection:
    """What a PostgreSQL keeps its files in does not come back beside what comes back of its databases."""
    services = {postgres.declared(policy, name).service for name in selection.postgres}
    own = {
        source
        for item in ports.docker.containers(paths.name)
        if item.service in services
        for source in item.mounts.values()
    }
    return replace(selection, volumes=tuple(name for name in selection.volumes if name not in own))


def look(run: Run) -> str:
    found = prospect(run.paths, run.ports, run.record.options)
    source = database(found.backup.manifest)
    if found.selection.mongodb is not None and source is not None:
        run.ports.collections.refuse_unfit(server(run), str(source.facts.get("server", "")))
    for name in found.selection.postgres:
        postgres.refuse_unfit(run, found.backup, name)
    _demand_room(run, found)
    known = notes(run)
    known.set(backup=found.backup.manifest.run, at=found.at, source=run.record.id)
    known.set(mongodb=found.selection.mongodb, volumes=list(found.selection.volumes))
    known.set(postgres=postgres.coming(run, found.selection.postgres))
    known.set(stopped=list(behind_gate.concerned(run)))
    return f"Sicherung vom {found.at}, Version {found.label}"


def reopened(run: Run) -> StoredBackup:
    """The one that was looked at, for the phases after it."""
    return origin.opened(run.paths, run.ports, run.record.options, notes(run).backup)


def refuse_unfit_stack(paths: StackPaths, ports: Ports, policy: Policy, selection: Selection) -> None:
    known = state.load(paths)
    if known.release is None:
        raise Refused(
            f"„{paths.name}“ ist auf diesem Host noch nicht ausgerollt",
            next_step="Zuerst `ansible-playbook playbooks/site.yml`; die Daten kommen danach.",
        )
    refuse_changed_app(paths, policy, known.release)
    if selection.mongodb is not None and policy.mongodb is None:
        raise Refused(f"„{paths.name}“ hat auf diesem Host keine MongoDB", next_step="Mit --only auswählen, was fehlt.")
    for name in selection.postgres:
        postgres.declared(policy, name)
    for name in selection.volumes:
        if ports.neighbours.volume(name) is None:
            raise Refused(
                f"Das Volume {name} gibt es auf diesem Host nicht",
                limit="ein Docker-Volume dieses Hosts (`docker volume ls`)",
                next_step=f"Den Stack ausrollen oder `docker volume create {name}`; sonst mit --only auswählen.",
            )


def refuse_changed_app(paths: StackPaths, policy: Policy, release: Release) -> None:
    """Ansible has placed other slots or another health path than what runs: which of them are to be judged by?"""
    deployed = policies.read(paths.snapshot(release.snapshot or "").policy_file, paths.name)
    if deployed.app != policy.app:
        raise Refused(
            "stack.yml wurde geändert, aber noch nicht ausgerollt", next_step=f"Zuerst `upkeep deploy {paths.name}`."
        )


def refuse_gap(paths: StackPaths, manifest: Manifest, force: bool) -> None:
    """Data that the running release may not understand: made by a newer one, or from before a migration."""
    known = state.load(paths)
    if force or known.release is None or manifest.release is None:
        return
    if versions.older(known.release.version, manifest.release.get("version")):
        raise Refused(
            "Die Sicherung ist von einer neueren Version der Anwendung",
            observed=manifest.release.get("version"),
            limit=f"höchstens {known.release.label}",
            next_step=f"Zuerst `upkeep update {paths.name}`. Trotzdem: mit --force.",
        )
    if known.migrated and _migrated_since(known, manifest):
        raise Refused(
            "Seit dieser Sicherung wurden die Daten für eine neue Version umgestellt",
            observed=f"Sicherung vom {manifest.at[:16]}, umgestellt am {known.migrated.at[:16]}",
            limit=f"Daten, mit denen {known.release.label} arbeiten kann",
            next_step="Kommt die laufende Version mit älteren Daten zurecht: mit --force. Wird sie damit nicht "
            "bereit, geht Upkeep von selbst auf die Daten von jetzt zurück.",
        )


def _migrated_since(known: State, manifest: Manifest) -> bool:
    same = known.release is not None and (manifest.release or {}).get("digest") == known.release.digest
    return known.migrated is not None and not same and moment(known.migrated.at) > moment(manifest.at)


def _size(manifest: Manifest, selection: Selection) -> int:
    """A single collection is counted as what its report says."""
    source, size = database(manifest), 0
    if source is not None and selection.mongodb is not None:
        names = [item for item in source.facts["collections"] if _is_in(item, selection.mongodb)]
        size += ON_DISK * sum(int(item["bytes"]) for item in names)
    size += sum(UNPACKED * source_of(manifest, f"postgres:{name}").read for name in selection.postgres)
    size += sum(2 * source_of(manifest, f"volume:{name}").read for name in selection.volumes)
    return size // MEGABYTE + 1


def _is_in(item: dict[str, Any], only: str) -> bool:
    return only in ("", item["database"], f"{item['database']}.{item['name']}")


def _demand_room(run: Run, found: Prospect) -> None:
    """Where Docker keeps MongoDB's data, and where volumes are unpacked: usually the same disk."""
    needed = found.size + run.policy.update.minimum_free_mb
    for place in dict.fromkeys((Path(run.ports.docker.host().root_directory), run.paths.data)):
        room.demand(
            run.ports.files,
            place,
            needed,
            "Zu wenig Platz, um die Sicherung neben den laufenden Daten zu laden",
            "Platz schaffen (`df -h`, `docker system df`) oder mit --only weniger zurückspielen.",
        )

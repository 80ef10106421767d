"""The phases that bring a backup back in the trial's place: what it is, its files, its database, its volumes."""

from __future__ import annotations

from pathlib import Path

from upkeep import room
from upkeep.backup import memory
from upkeep.backup.manifest import Manifest, Source
from upkeep.backup.reading import StoredBackup, source_of, stored
from upkeep.backup.repository import of_policy, opened
from upkeep.backup.sources import DATABASE, FILES
from upkeep.drill.page import number
from upkeep.drill.proving import compare_database
from upkeep.drill.record import notes
from upkeep.drill.scratch import Scratch, clear, make_binds, written
from upkeep.errors import NotReady, RepositoryFailed
from upkeep.memory import release
from upkeep.memory.release import Images
from upkeep.phases.database import MEMBER, TIMEOUT, accounts
from upkeep.policy import stack as policies
from upkeep.policy.stack import Policy
from upkeep.ports.clock import moment
from upkeep.ports.containers import Container
from upkeep.ports.streamed import Readable
from upkeep.room import MEGABYTE
from upkeep.runs.run import Run

SPARE_MB = 500
GROWTH = 1.5  # what is loaded takes more room than what was read: indexes, journal
CHUNK = 1 << 20


def scratch(run: Run) -> Scratch:
    return Scratch(run.paths)


def make_room(run: Run) -> str:
    clear(run.paths, run.ports)
    return "bereit"


def choose(run: Run) -> str:
    """The newest one this host made; what lies there besides is not believed."""
    backup = chosen(run)
    known, manifest = notes(run), backup.manifest
    age = (run.ports.clock.now() - moment(manifest.at)).total_seconds()
    known.tell(backup=manifest.run, at=manifest.at, age=round(age), host=manifest.host, target=opened(run).shown)
    known.tell(versions=manifest.versions, release=manifest.release, left_out=list(manifest.left_out))
    known.tell(read=sum(item.read for item in manifest.sources), parts=len(manifest.sources))
    known.found("Sicherung", "Manifest", f"{len(manifest.sources)} Teile", f"{len(manifest.sources)} Teile", True)
    _demand_room(run, manifest)
    return f"{manifest.run}, {sum(item.read for item in manifest.sources) // MEGABYTE} MB"


def chosen(run: Run) -> StoredBackup:
    last = memory.recall(run.paths).last
    known = notes(run).fact("backup") or (last.run if last else None)
    return stored(opened(run), run.paths.name, known, run.ports.clock.now())


def _demand_room(run: Run, manifest: Manifest) -> None:
    needed = int(sum(item.read for item in manifest.sources) * GROWTH) // MEGABYTE + SPARE_MB
    for place in {run.paths.data, Path(run.ports.docker.host().root_directory)}:
        room.demand(
            run.ports.files, place, needed, "Zu wenig Platz für eine Wiederherstellungsübung", "Platz schaffen."
        )


def unpack_files(run: Run) -> str:
    """compose.yml, policy, release and secrets come out of the backup: nothing of the live ones is used."""
    place, backup = scratch(run), chosen(run)
    with backup.stream(FILES, of_policy(run.policy).timeout) as stream:
        run.ports.unpacking.unpack(stream, place.root, run.paths.data)
    images = release.read(place.home / "release.env")
    if images is None:
        raise RepositoryFailed("backup_incomplete", "release.env fehlt in der Sicherung")
    wanted = (backup.manifest.release or {}).get("digest")
    found = images.app.partition("@")[2]
    notes(run).found("Sicherung", "Version der Anwendung", _short(wanted), _short(found), wanted in (None, found))
    _fetch_images(run, images)
    return str((backup.manifest.versions or {}).get("release") or _short(found))


def saved_policy(run: Run) -> Policy:
    """As it was when the backup was made."""
    return policies.read(scratch(run).home / "stack.yml", run.paths.name)


def _fetch_images(run: Run, images: Images) -> None:
    for image in filter(None, (images.app, images.mongodb)):
        if run.ports.docker.image(image) is None:
            run.ports.docker.pull(image, lambda percent, word: None, run.policy.update.pull_timeout)


def compose(run: Run) -> str:
    """Of the application one slot, and its database."""
    place, saved = scratch(run), saved_policy(run)
    services = (saved.app.slot_names[0], *(("mongodb",) if saved.mongodb else ()))
    written(place, services, run.ports)
    return ", ".join(services)


def unpack_volume(run: Run, name: str) -> str:
    place, backup = scratch(run), chosen(run)
    source = source_of(backup.manifest, f"volume:{name}")
    live = run.ports.neighbours.volume(name)
    like = Path(live.path) if live else run.paths.data
    with backup.stream(source.name, of_policy(run.policy).timeout) as stream:
        run.ports.unpacking.unpack(stream, place.volume(name), like)
    census = run.ports.stores.census(place.volume(name))
    notes(run).found(
        "Volumes",
        name,
        f"{number(source.read)} Bytes",
        f"{number(census.size)} Bytes in {census.entries} Dateien und Ordnern",
        census.size == source.read,
    )
    return f"{census.size // MEGABYTE} MB"


def load_database(run: Run) -> str:
    """Started empty, with the keyfile out of the backup, so also that is tried."""
    saved, place, backup = saved_policy(run), scratch(run), chosen(run)
    assert saved.mongodb is not None  # noqa: S101 - it is in the backup
    mongodb = place.mongodb(saved.mongodb)
    run.ports.compose.up(place.project, ("mongodb",), stop_timeout=None)
    keyfile = mongodb.keyfile.read_text(encoding="utf-8")
    address = address_of(container(run, "mongodb"))
    run.ports.mongo.ensure_replica_set(address, keyfile, MEMBER, TIMEOUT)
    run.ports.mongo.ensure_accounts(address, keyfile, accounts(mongodb))
    timeout = of_policy(run.policy).timeout
    with backup.stream(DATABASE, timeout) as stream:
        counted = run.ports.trial_database.load(address, keyfile, stream, timeout)
    return compare_database(run, source_of(backup.manifest, DATABASE), counted)


def read_through(run: Run, source: Source) -> str:
    """What is not brought back here: read to its end, where it proves itself."""
    with chosen(run).stream(source.name, of_policy(run.policy).timeout) as stream:
        size = _length(stream)
    notes(run).found("Weitere Teile", source.name, "lesbar", f"{number(size)} Bytes gelesen, Prüfsumme stimmt", True)
    return f"{size // MEGABYTE} MB"


def _length(stream: Readable) -> int:
    size = 0
    while data := stream.read(CHUNK):
        size += len(data)
    return size


def container(run: Run, service: str) -> Container | None:
    return next((item for item in run.ports.docker.containers(scratch(run).name) if item.service == service), None)


def address_of(found: Container | None) -> str:
    if found is None or not found.running or not found.address:
        observed = found.state if found else "kein Container"
        raise NotReady("Die Probe-Datenbank läuft nicht", observed=observed)
    return found.address


def _short(digest: str | None) -> str:
    return digest[:19] if digest else "–"


def start_application(run: Run) -> str:
    place, service = scratch(run), saved_policy(run).app.slot_names[0]
    make_binds(place)
    run.ports.compose.up(place.project, (service,), stop_timeout=None)
    return service

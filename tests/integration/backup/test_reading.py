"""One backup read back out of a real repository: all of it, and what is said when it is not the one that was made."""

from __future__ import annotations

import hashlib
import resource
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.integration.backup.conftest import Shelf
from upkeep.backup import manifest as manifests
from upkeep.backup.catalogue import MANIFEST, MANIFEST_FILE, tags
from upkeep.backup.manifest import Manifest, Source
from upkeep.backup.reading import RepositoryBackup, stored
from upkeep.errors import RepositoryFailed, UnknownBackup, UpkeepError
from upkeep.ports.clock import stamp
from upkeep.ports.restic import ResticProgram, Saved, Stream
from upkeep.ports.streamed import Readable

pytestmark = pytest.mark.docker

BIG = 16_000_000
TIMEOUT = 60.0
TWIST = 3


@dataclass
class Maker:
    """Makes backups as a run does: sources first, last the manifest."""

    folder: Path
    repository: ResticProgram

    def backup(self, at: datetime, stack: str = "lager", turn: Callable[[str], str] = str) -> str:
        """`turn` the manifest's text into another one."""
        run = f"{at:%Y%m%d-%H%M%S}-backup-abcd"
        sources = tuple(self._sources(stack, run))
        found = Manifest(stack, "web1", run, stamp(at), {"upkeep": "1"}, None, sources, ())
        (self.folder / MANIFEST_FILE).write_text(turn(found.text()))
        command = ("cat", str(self.folder / MANIFEST_FILE))
        self._save(Stream(MANIFEST_FILE, command), tags(stack, run, MANIFEST, len(sources)))
        return run

    def _sources(self, stack: str, run: str) -> Iterator[Source]:
        archive = self.folder / "archive"
        digest = hashlib.sha256(archive.read_bytes()).hexdigest()
        facts = {"bytes": archive.stat().st_size, "sha256": digest}
        made = self._save(Stream("mongodb.archive", ("cat", str(archive))), tags(stack, run, "mongodb"))
        yield _source("mongodb", made, facts)
        volume = self.repository.save_files([self.folder / "volume"], tags(stack, run, "volume:daten"), TIMEOUT, quiet)
        yield _source("volume:daten", volume, {})

    def _save(self, stream: Stream, marks: tuple[str, ...]) -> Saved:
        return self.repository.save_stream(stream, marks, TIMEOUT, quiet)

    def open(self, run: str | None = None, stack: str = "lager") -> RepositoryBackup:
        return stored(self.repository, stack, run, datetime.now(UTC))


def _source(name: str, made: Saved, facts: dict[str, object]) -> Source:
    return Source(name, name.partition(":")[0], made.id, made.read, made.added, "dann", "danach", facts)


def quiet(read: int) -> None:
    pass


@pytest.fixture
def maker(shelf: Shelf) -> Maker:
    repository = shelf.repository()
    repository.create()
    (shelf.folder / "archive").write_bytes(hashlib.shake_256(b"archive").digest(BIG))
    (shelf.folder / "volume" / "innen").mkdir(parents=True)
    (shelf.folder / "volume" / "innen" / "datei").write_text("Inhalt einer Datei")
    return Maker(shelf.folder, repository)


def everything(readable: Readable) -> bytes:
    return b"".join(iter(lambda: readable.read(1 << 20), b""))


def read_all(backup: RepositoryBackup) -> None:
    for source in backup.manifest.sources:
        with backup.stream(source.name, TIMEOUT) as readable:
            while readable.read(1 << 20):
                pass


def test_every_source_comes_back_as_it_was_saved_in_bounded_memory(maker: Maker) -> None:
    run = maker.backup(datetime.now(UTC))
    backup = maker.open()
    assert backup.manifest.run == run
    with backup.stream("volume:daten", TIMEOUT) as readable, tarfile.open(fileobj=readable, mode="r|") as tar:  # type: ignore[call-overload]
        names = {member.name: tar.extractfile(member) for member in tar if member.isfile()}
        assert [name.removeprefix("/").removeprefix("./") for name in names] == ["innen/datei"]
    digest, before = hashlib.sha256(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with backup.stream("mongodb", TIMEOUT) as readable:
        while piece := readable.read(1 << 20):
            digest.update(piece)
    assert digest.hexdigest() == hashlib.sha256((maker.folder / "archive").read_bytes()).hexdigest()
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < BIG // 1024 // 2


def test_whoever_stops_reading_leaves_no_program_behind(maker: Maker) -> None:
    maker.backup(datetime.now(UTC))
    with maker.open().stream("mongodb", TIMEOUT) as readable:
        assert readable.read(100)
    read_all(maker.open())


def test_unknown_unfinished_foreign_and_forged_backups_are_told_apart(maker: Maker) -> None:
    now = datetime.now(UTC)
    with pytest.raises(UnknownBackup, match="keine ganze Sicherung"):
        maker.open()
    other = maker.backup(now - timedelta(seconds=20), stack="portal")
    half = f"{now - timedelta(seconds=9):%Y%m%d-%H%M%S}-backup-abcd"
    maker.repository.save_stream(Stream("mongodb.archive", ("echo", "x")), tags("lager", half, "mongodb"), 60, quiet)
    forged = maker.backup(now + timedelta(days=3))
    said = {
        "20200101-000000-backup-0000": "gibt es an .* nicht",
        "../../etc/passwd": "gibt es an .* nicht",
        other: "gehört zu einem anderen Stack .*portal",
        half: "kam nie zu ihrem Ende .*kein Manifest",
        forged: "nicht zu trauen",
    }
    for run, text in said.items():
        with pytest.raises(UnknownBackup, match=text):
            maker.open(run)


def test_a_manifest_of_a_newer_version_or_of_other_snapshots_is_refused(
    maker: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime.now(UTC)
    with monkeypatch.context() as newer:
        newer.setattr(manifests, "SCHEMA", manifests.SCHEMA + 1)
        ahead = maker.backup(now - timedelta(seconds=30))
    stranger = maker.backup(
        now - timedelta(seconds=20), turn=lambda text: text.replace('"snapshot": "', '"snapshot": "0')
    )
    torn = maker.backup(now - timedelta(seconds=10), turn=lambda text: text[: len(text) // 2])
    for run, code in {ahead: "manifest_newer", stranger: "manifest", torn: "manifest"}.items():
        with pytest.raises(RepositoryFailed, check=lambda exc, code=code: exc.code == code):  # type: ignore[misc]
            maker.open(run)


def test_a_flipped_byte_or_a_file_cut_short_is_never_taken_for_the_whole(maker: Maker) -> None:
    maker.backup(datetime.now(UTC))
    read_all(maker.open())
    packs = sorted((maker.folder / "repository" / "data").glob("*/*"), key=lambda file: file.stat().st_size)
    pack = packs[-1]
    whole = pack.read_bytes()
    pack.chmod(0o600)
    flipped = bytearray(whole)
    flipped[len(flipped) // TWIST] ^= 1
    for damage in (bytes(flipped), whole[: len(whole) // TWIST], b""):
        pack.write_bytes(damage)
        with pytest.raises(UpkeepError):
            read_all(maker.open())
    pack.write_bytes(whole)
    read_all(maker.open())


def test_what_restic_gives_out_is_compared_with_the_manifest_as_well(maker: Maker) -> None:
    run = maker.backup(datetime.now(UTC), turn=lambda text: text.replace('"sha256": "', '"sha256": "0'))
    backup = maker.open(run)
    with backup.stream("mongodb", TIMEOUT) as readable, pytest.raises(RepositoryFailed, match="nicht, was gesichert"):
        everything(readable)


def test_a_part_that_is_not_in_the_backup_is_named_with_those_that_are(maker: Maker) -> None:
    maker.backup(datetime.now(UTC))
    with pytest.raises(UnknownBackup, match="volume:daten"), maker.open().stream("volume:andere", TIMEOUT):
        pass


def test_the_whole_has_a_deadline(maker: Maker) -> None:
    maker.backup(datetime.now(UTC))
    backup = maker.open()
    with backup.stream("mongodb", 0.01) as readable, pytest.raises(RepositoryFailed) as caught:
        everything(readable)
    assert caught.value.code == "repository_slow"


def test_a_manifest_holds_what_it_was_given() -> None:
    source = Source("mongodb", "mongodb", "a", 1, 1, "x", "y", {})
    found = Manifest("lager", "web1", "run", "now", {}, None, (source,), ("nichts",))
    assert manifests.parse(found.text(), "run") == found
    assert manifests.parse(replace(found, left_out=()).text(), "run").left_out == ()

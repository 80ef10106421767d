"""One backup as one file: opened by hand with tar, zstd and age; read back by Upkeep; refused when it is damaged."""

from __future__ import annotations

import hashlib
import json
import random
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pytest

from testbed.packages import ensure_packages
from upkeep.backup.manifest import Manifest, Source
from upkeep.backup.reading import StoredBackup, source_of
from upkeep.errors import ExportFailed, UpkeepError
from upkeep.export import writing
from upkeep.export.reading import open_export
from upkeep.ports.packing import packed, unpacked
from upkeep.ports.streamed import Readable

TIMEOUT = 60.0
ARCHIVE = hashlib.shake_256(b"archive").digest(3_000_000)
LONG = "ein-ordner-mit-langem-namen/" * 6 + "datei mit Umlaut ä"


@pytest.fixture(scope="session", autouse=True)
def programs() -> None:
    ensure_packages(["zstd", "age"], why="Exporte zu öffnen")


@dataclass(frozen=True)
class Kept:
    """A backup in memory."""

    manifest: Manifest
    contents: dict[str, bytes]

    def stream(self, name: str, timeout: float) -> AbstractContextManager[Readable]:
        return self._given(self.contents[source_of(self.manifest, name).name])

    @contextmanager
    def _given(self, content: bytes) -> Iterator[Readable]:
        yield Trickling(content)


class Trickling(BytesIO):
    """Gives less than was asked for, as a pipe does."""

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(min(size or 0, 999) if size and size > 0 else size)


def volume() -> bytes:
    """A tar as restic makes one: a directory, files, a link, owners, a long name."""
    packed_up = BytesIO()
    with tarfile.open(fileobj=packed_up, mode="w") as tar:
        folder = tarfile.TarInfo("bilder")
        folder.type, folder.mode, folder.uid = tarfile.DIRTYPE, 0o750, 999
        tar.addfile(folder)
        for name, content in {"bilder/eins": b"1" * 70_000, LONG: b"lang", "bilder/leer": b""}.items():
            info = tarfile.TarInfo(name)
            info.size, info.uid, info.gid, info.mode, info.mtime = len(content), 999, 998, 0o640, 1_700_000_000.5
            tar.addfile(info, BytesIO(content))
        link = tarfile.TarInfo("zeiger")
        link.type, link.linkname = tarfile.SYMTYPE, "bilder/eins"
        tar.addfile(link)
    return packed_up.getvalue()


@pytest.fixture
def backup() -> StoredBackup:
    contents = {"mongodb": ARCHIVE, "postgres:rechnungen": b"PGDMP" * 900, "volume:daten": volume(), "files": volume()}
    return Kept(Manifest("lager", "web1", RUN, "2026-11-21T02:30:00Z", {}, None, _sources(contents), ()), contents)


RUN = "20261121-023000-backup-abcd"


def _sources(contents: dict[str, bytes]) -> tuple[Source, ...]:
    found = []
    for name, content in contents.items():
        kind = name.partition(":")[0]
        facts = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest(), "database": "rechnungen"}
        said = facts if kind in ("mongodb", "postgres") else {}
        found.append(Source(name, kind, "a", len(content), 1, "x", "y", said))
    return tuple(found)


def exported(backup: StoredBackup, place: Path, *recipients: str) -> Path:
    with packed(place, recipients, TIMEOUT) as sink:
        writing.write(backup, sink, TIMEOUT, lambda source: None)
    return place


def everything(backup: StoredBackup, name: str) -> bytes:
    with backup.stream(name, TIMEOUT) as readable:
        return b"".join(iter(lambda: readable.read(10_000), b""))


def entries(content: bytes) -> list[tuple[object, ...]]:
    with tarfile.open(fileobj=BytesIO(content)) as tar:
        return [
            (
                item.name,
                item.type,
                item.mode,
                item.uid,
                item.gid,
                item.mtime,
                item.linkname,
                item.size,
                _text(tar, item),
            )
            for item in tar
        ]


def _text(tar: tarfile.TarFile, item: tarfile.TarInfo) -> bytes:
    file = tar.extractfile(item) if item.isreg() else None
    return file.read() if file else b""


def test_it_is_opened_by_hand_and_every_sum_is_right(backup: StoredBackup, tmp_path: Path) -> None:
    place = exported(backup, tmp_path / "lager.tar.zst")
    assert place.stat().st_mode & 0o777 == 0o600
    (tmp_path / "hier").mkdir()
    subprocess.run(["tar", "--zstd", "-xf", str(place), "-C", str(tmp_path / "hier")], check=True)
    here = tmp_path / "hier"
    subprocess.run(["sha256sum", "--quiet", "-c", "SHA256SUMS"], cwd=here, check=True)
    assert (here / "mongodb/mongodb.archive").read_bytes() == ARCHIVE
    assert (here / "volumes/daten" / LONG).read_text() == "lang"
    assert (here / "host/zeiger").readlink() == Path("bilder/eins")
    assert json.loads((here / "manifest.json").read_text())["backup"]["run"] == RUN
    assert "volumes/NAME/" in (here / "LIESMICH.txt").read_text()
    assert len((here / "SHA256SUMS").read_text().splitlines()) == 8


def test_read_back_every_source_is_what_it_was(backup: StoredBackup, tmp_path: Path) -> None:
    again = open_export(exported(backup, tmp_path / "lager.tar.zst"), None, TIMEOUT)
    assert again.manifest == backup.manifest
    for name in ("mongodb", "postgres:rechnungen"):
        assert everything(again, name) == everything(backup, name)
    for name in ("volume:daten", "files"):
        assert entries(everything(again, name)) == entries(everything(backup, name))


def test_what_is_encrypted_needs_its_key(backup: StoredBackup, tmp_path: Path) -> None:
    keys = [tmp_path / name for name in ("schluessel", "anderer")]
    for key in keys:
        subprocess.run(["age-keygen", "-o", str(key)], check=True, capture_output=True)
    recipient = subprocess.run(["age-keygen", "-y", str(keys[0])], check=True, capture_output=True, text=True).stdout
    place = exported(backup, tmp_path / "lager.tar.zst.age", recipient.strip())
    assert ARCHIVE[:100] not in place.read_bytes()
    assert everything(open_export(place, keys[0], TIMEOUT), "mongodb") == ARCHIVE
    with pytest.raises(ExportFailed, match="verschlüsselt"):
        open_export(place, None, TIMEOUT)
    with pytest.raises(ExportFailed, match="lässt sich nicht entschlüsseln"):
        open_export(place, keys[1], TIMEOUT)


def test_a_flipped_or_missing_byte_anywhere_is_refused(backup: StoredBackup, tmp_path: Path) -> None:
    whole = exported(backup, tmp_path / "lager.tar.zst").read_bytes()
    with unpacked(tmp_path / "lager.tar.zst", None, TIMEOUT) as readable:
        plain = b"".join(iter(lambda: readable.read(1 << 20), b""))
    draw, spoiled = random.Random(5), tmp_path / "kaputt.tar.zst"
    for _ in range(12):
        spoiled.write_bytes(whole[: draw.randrange(len(whole))])
        with pytest.raises(UpkeepError):
            open_export(spoiled, None, TIMEOUT)
        spoiled.write_bytes(_flipped(whole, draw.randrange(len(whole))))
        with pytest.raises(UpkeepError):
            open_export(spoiled, None, TIMEOUT)
    for place in (0, 600, len(plain) // 2, plain.rindex(b"manifest.json") - 700):
        _pack(_flipped(plain, place), spoiled)  # zstd finds nothing wrong with it
        with pytest.raises(UpkeepError):
            open_export(spoiled, None, TIMEOUT)


def test_what_is_no_export_is_told(tmp_path: Path) -> None:
    (tmp_path / "brief.txt").write_text("Sehr geehrte Damen und Herren")
    with pytest.raises(ExportFailed, match="keine Export-Datei"):
        open_export(tmp_path / "brief.txt", None, TIMEOUT)
    with pytest.raises(ExportFailed, match="ist nicht lesbar"):
        open_export(tmp_path / "fehlt", None, TIMEOUT)
    _pack(volume(), tmp_path / "fremd.tar.zst")
    with pytest.raises(ExportFailed, match="kein Manifest"):
        open_export(tmp_path / "fremd.tar.zst", None, TIMEOUT)


def test_a_backup_that_cannot_be_read_leaves_no_export(tmp_path: Path, backup: StoredBackup) -> None:
    assert isinstance(backup, Kept)
    torn = Kept(backup.manifest, backup.contents | {"mongodb": ARCHIVE[:-1]})
    with pytest.raises(ExportFailed, match="kam nicht zum Ende"):
        exported(torn, tmp_path / "lager.tar.zst")


def _flipped(content: bytes, place: int) -> bytes:
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


def _pack(content: bytes, place: Path) -> None:
    place.write_bytes(subprocess.run(["zstd", "-q", "-c"], input=content, check=True, capture_output=True).stdout)

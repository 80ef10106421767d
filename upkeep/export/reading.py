"""An exported file as a backup: read through once, to its end, before anything of it is believed."""

from __future__ import annotations

import hashlib
import json
import tarfile
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from upkeep.backup import manifest as manifests
from upkeep.backup.manifest import Manifest, Source
from upkeep.backup.reading import proven, source_of
from upkeep.errors import ExportFailed
from upkeep.export import layout
from upkeep.ports.packing import unpacked
from upkeep.ports.streamed import Readable

CHUNK = 1 << 20
BLOCK = 512
SMALL = 64 * CHUNK  # bytes: more is no manifest


@dataclass(frozen=True)
class ExportedBackup:
    """The second kind of StoredBackup. `sums`: source → SHA-256 of the bytes that its stream gives."""

    place: Path
    identity: Path | None
    manifest: Manifest
    sums: dict[str, str]

    @contextmanager
    def stream(self, name: str, timeout: float) -> Iterator[Readable]:
        source = source_of(self.manifest, name)
        with unpacked(self.place, self.identity, timeout) as readable, _tar(self.place, readable) as tar:
            poured = _Poured(_content(tar, source), self.sums[name], self.place)
            with proven(_given(poured), source) as checked:
                yield checked


def open_export(place: Path, identity: Path | None, timeout: float) -> ExportedBackup:
    """Reads every byte. `identity`: the file with age's key. Raises ExportFailed, and RepositoryFailed for a manifest
    of a newer version."""
    with unpacked(place, identity, timeout) as readable:
        watched = _Watched(readable)
        with _tar(place, watched) as tar:
            sums, sealed = _sums(place, tar, watched)
        while watched.read(CHUNK):  # what the programs say of the whole comes last
            pass
    return ExportedBackup(place, identity, sealed, sums)


def _sums(place: Path, tar: tarfile.TarFile, watched: _Watched) -> tuple[dict[str, str], Manifest]:
    """Every source's sum under the place it has in the tar, until the manifest tells the sources' names."""
    sums: dict[str, Any] = {}
    while member := tar.next():
        tar.members.clear()  # type: ignore[attr-defined]  # as many as there are files
        if member.name == layout.MANIFEST:
            found = _manifest(place, tar, member, watched)
            return {source.name: _digest(sums, source).hexdigest() for source in found.sources}, found
        digest = sums.setdefault(_key(member.name), hashlib.sha256())
        for piece in _pieces(tar, member, layout_root(member.name)):
            digest.update(piece)
    raise _damaged(place, "kein Manifest am Ende")


def _digest(sums: dict[str, Any], source: Source) -> Any:
    digest = sums.get(layout.place(source), hashlib.sha256())
    if layout.is_tree(source):
        digest.update(bytes(2 * BLOCK))
    return digest


def _key(name: str) -> str:
    """The place of the source that a name in the tar belongs to."""
    return layout_root(name) or name


def layout_root(name: str) -> str:
    """`volumes/daten/`, `host/`; nothing for a file by itself."""
    parts = name.split("/")
    if parts[0] == "host":
        return "host/"
    return f"volumes/{parts[1]}/" if parts[0] == "volumes" and len(parts) > 1 else ""


def _manifest(place: Path, tar: tarfile.TarFile, member: tarfile.TarInfo, watched: _Watched) -> Manifest:
    if member.size > SMALL:
        raise _damaged(place, "das Manifest ist zu groß")
    sum_before = watched.sum_before(member.offset)
    seen: dict[str, object] = {"bytes": member.offset, "sha256": sum_before}
    content = tar.extractfile(member)
    assert content is not None  # noqa: S101 - it is a file
    try:
        told = json.loads(content.read())
        schema, backup = told["export"], told["backup"]
        claimed = {key: told[key] for key in seen}
        run = str(backup["run"])
    except (ValueError, TypeError, KeyError) as exc:
        raise _damaged(place, "das Manifest ist keines") from exc
    if schema != layout.SCHEMA:
        what = f"{place.name} ist ein Export einer anderen Version von Upkeep"
        raise ExportFailed(what, observed=f"Format {schema}", limit=f"Format {layout.SCHEMA}")
    if claimed != seen:
        raise _damaged(place, f"{member.offset} Bytes mit der Summe {sum_before[:12]}")
    return manifests.parse(json.dumps(backup), run)


def _content(tar: tarfile.TarFile, source: Source) -> Iterator[bytes]:
    wanted = layout.place(source)
    while member := tar.next():
        tar.members.clear()  # type: ignore[attr-defined]  # as many as there are files
        if _key(member.name) == wanted:
            yield from _pieces(tar, member, layout_root(member.name))
    if layout.is_tree(source):
        yield bytes(2 * BLOCK)


def _pieces(tar: tarfile.TarFile, member: tarfile.TarInfo, root: str) -> Iterator[bytes]:
    """A file's content; of a tree its entry as a tar of that tree has it."""
    content = tar.extractfile(member) if member.isreg() else None
    if root:
        size = member.size
        yield _without(root, member).tobuf(tarfile.PAX_FORMAT)
    while content and (piece := content.read(CHUNK)):
        yield piece
    if root and content:
        yield bytes(-size % BLOCK)


def _without(root: str, member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.name = member.name.removeprefix(root) or "."
    if member.islnk():
        member.linkname = member.linkname.removeprefix(root)
    member.pax_headers = {
        key: value for key, value in member.pax_headers.items() if key not in ("path", "linkpath", "size")
    }
    return member


class _Watched:
    """Remembers the SHA-256 of what came before any place that was read just now."""

    def __init__(self, readable: Readable) -> None:
        self._readable, self._digest, self._size = readable, hashlib.sha256(), 0
        self._last: deque[tuple[int, Any, bytes]] = deque(maxlen=3)

    def read(self, size: int, /) -> bytes:
        data = self._readable.read(size)
        self._last.append((self._size, self._digest.copy(), data))
        self._digest.update(data)
        self._size += len(data)
        return data

    def sum_before(self, offset: int) -> str:
        for start, digest, data in reversed(self._last):
            if start <= offset:
                before = digest.copy()
                before.update(data[: offset - start])
                return str(before.hexdigest())
        return ""


class _Poured:
    """Pieces as something to read from, compared at its end with the sum of the first reading."""

    def __init__(self, pieces: Iterator[bytes], wanted: str, place: Path) -> None:
        self._pieces, self._wanted, self._place = pieces, wanted, place
        self._rest, self._digest = b"", hashlib.sha256()

    def read(self, size: int, /) -> bytes:
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                self._compare()
                return b""
            self._digest.update(piece)
            self._rest = piece
        data, self._rest = self._rest[:size], self._rest[size:]
        return data

    def _compare(self) -> None:
        if self._digest.hexdigest() != self._wanted:
            raise _damaged(self._place, "beim zweiten Lesen stand etwas anderes darin")


@contextmanager
def _given(poured: _Poured) -> Iterator[Readable]:
    yield poured


@contextmanager
def _tar(place: Path, readable: Readable) -> Iterator[tarfile.TarFile]:
    """Whatever is wrong with it while it is read is told as damage."""
    try:
        with tarfile.open(fileobj=readable, mode="r|", bufsize=CHUNK) as tar:  # type: ignore[call-overload]
            yield tar
    except (tarfile.TarError, EOFError) as exc:
        raise _damaged(place, str(exc)) from exc


def _damaged(place: Path, observed: str) -> ExportFailed:
    return ExportFailed(
        f"{place.name} ist beschädigt oder unvollständig",
        observed=observed,
        next_step="Eine andere Export-Datei nehmen; es wurde nichts verändert.",
    )

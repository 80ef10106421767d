"""A backup as one tar: everything as it comes, last the checksums and the manifest that says it is whole."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import tempfile
from collections.abc import Callable
from typing import IO

from upkeep import __version__
from upkeep.backup.manifest import Source
from upkeep.backup.reading import StoredBackup
from upkeep.errors import ExportFailed
from upkeep.export import layout
from upkeep.ports.clock import moment
from upkeep.ports.streamed import Readable

LINE = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r"})


def write(backup: StoredBackup, sink: IO[bytes], timeout: float, told: Callable[[str], None]) -> None:
    """`told` hears which source is being read. Raises ExportFailed, and what reading the backup raises."""
    counted = _Counted(sink)
    try:
        with tempfile.TemporaryFile() as sums, tarfile.TarFile(fileobj=counted, mode="w") as tar:  # type: ignore[arg-type]
            written = _Writer(tar, sums, backup)
            written.readme()
            for source in backup.manifest.sources:
                told(source.name)
                with backup.stream(source.name, timeout) as readable:
                    written.tree(source, readable) if layout.is_tree(source) else written.file(source, readable)
            written.seal(counted)
    except (tarfile.TarError, OSError) as exc:
        if isinstance(exc, BrokenPipeError):
            raise
        raise ExportFailed("Der Export kam nicht zum Ende", observed=str(exc)) from exc


class _Counted:
    """Bytes and SHA-256 of what was written so far."""

    def __init__(self, sink: IO[bytes]) -> None:
        self._sink, self.size, self.digest = sink, 0, hashlib.sha256()

    def write(self, data: bytes) -> int:
        self._sink.write(data)
        self.digest.update(data)
        self.size += len(data)
        return len(data)

    def tell(self) -> int:
        return self.size


class _Summed:
    """Takes the sum of what is read through it, and gives as much as was asked for: tarfile takes less for the end."""

    def __init__(self, readable: Readable) -> None:
        self._readable, self.digest = readable, hashlib.sha256()

    def read(self, size: int, /) -> bytes:
        pieces, missing = [], size
        while missing and (piece := self._readable.read(missing)):
            pieces.append(piece)
            missing -= len(piece)
        data = b"".join(pieces)
        self.digest.update(data)
        return data


class _Writer:
    def __init__(self, tar: tarfile.TarFile, sums: IO[bytes], backup: StoredBackup) -> None:
        self._tar, self._sums, self._manifest = tar, sums, backup.manifest

    def readme(self) -> None:
        known = {key: getattr(self._manifest, key) for key in ("stack", "host", "at", "run")}
        self._own(layout.README, layout.TEXT.format(**known).encode())

    def file(self, source: Source, readable: Readable) -> None:
        """Its size has to be known before; what is read has to be as long, to its proven end."""
        info = self._info(layout.place(source), int(source.facts["bytes"]))
        self._add(info, readable)
        if readable.read(1):
            raise ExportFailed(f"{source.name} ist länger, als das Manifest sagt", limit=f"{info.size} Bytes")

    def tree(self, source: Source, readable: Readable) -> None:
        with tarfile.open(fileobj=readable, mode="r|") as inner:  # type: ignore[call-overload]  # it only reads
            while member := inner.next():
                content = inner.extractfile(member) if member.isreg() else None
                self._add(_below(layout.place(source), member), content)
                inner.members.clear()
        while readable.read(1 << 20):  # to its proven end
            pass

    def seal(self, counted: _Counted) -> None:
        size = self._sums.tell()
        self._sums.seek(0)
        self._tar.addfile(self._info(layout.SUMS, size), self._sums)
        seen = {"bytes": counted.size, "sha256": counted.digest.hexdigest()}
        told = {"export": layout.SCHEMA, "upkeep": __version__, **seen, "backup": json.loads(self._manifest.text())}
        self._own(layout.MANIFEST, json.dumps(told, indent=1, ensure_ascii=False).encode())

    def _own(self, name: str, content: bytes) -> None:
        self._tar.addfile(self._info(name, len(content)), io.BytesIO(content))

    def _info(self, name: str, size: int) -> tarfile.TarInfo:
        info = tarfile.TarInfo(name)
        info.size, info.mode, info.mtime = size, 0o600, int(moment(self._manifest.at).timestamp())
        return info

    def _add(self, info: tarfile.TarInfo, content: Readable | None) -> None:
        summed = _Summed(content) if content else None
        self._tar.addfile(info, summed)  # type: ignore[arg-type]  # it only reads
        self._tar.members.clear()  # type: ignore[attr-defined]  # as many as there are files
        if summed:
            escaped = info.name.translate(LINE)
            mark = "\\" if escaped != info.name else ""
            self._sums.write(f"{mark}{summed.digest.hexdigest()}  {escaped}\n".encode("utf-8", "surrogateescape"))


def _below(folder: str, member: tarfile.TarInfo) -> tarfile.TarInfo:
    """The same entry below that directory. What the tar said of its name and size in addition is written anew."""
    member.name = folder + member.name.removeprefix("./").lstrip("/")
    if member.islnk():
        member.linkname = folder + member.linkname.removeprefix("./").lstrip("/")
    member.pax_headers = {
        key: value for key, value in member.pax_headers.items() if key not in ("path", "linkpath", "size")
    }
    return member

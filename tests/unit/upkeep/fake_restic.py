"""A repository in a test's world: what is in it, whether it answers, what its check finds."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from upkeep.errors import RepositoryFailed
from upkeep.ports.clock import stamp
from upkeep.ports.restic import Saved, Snapshot, Stream
from upkeep.ports.restic_answers import Told
from upkeep.ports.streamed import Readable

if TYPE_CHECKING:
    from tests.unit.upkeep.world import World


class FakeRestic:
    """`outage`: code of what every call fails with. `damage`: parts a check finds damaged. `feeds`: what a stream's
    command leaves in its outcome file, one for each attempt; the last counts on."""

    shown = "rest:http://sicherung:8000/web1"

    def __init__(self, world: World) -> None:
        self.world = world
        self.repository: str | None = None
        self.stored: dict[str, Snapshot] = {}
        self.contents: dict[str, str] = {}
        self.outage: str | None = None
        self.damage: set[str] = set()
        self.checked: list[str] = []
        self.locked = False
        self.seen_while_saving: list[list[str]] = []
        self.feeds: list[str] = ['{"report": {"left_out": [], "collections": []}}']

    def identity(self) -> str:
        self._answer()
        if self.repository is None:
            raise RepositoryFailed("repository_missing", "Am Sicherungsziel liegt kein Repository")
        return self.repository

    def create(self) -> str:
        with self.world.change("create repository"):
            self.repository = "a" * 64
        return self.repository

    def unlock(self) -> None:
        self._answer()
        self.locked = False

    def save_stream(self, stream: Stream, tags: Iterable[str], timeout: float, told: Told) -> Saved:
        if stream.command[0] == "cat":
            return self._save(tags, f"/{stream.name}", Path(stream.command[1]).read_text())
        feed = self.feeds.pop(0) if len(self.feeds) > 1 else self.feeds[0]
        Path(stream.command[-2]).write_text(feed)
        if "error" in feed:
            raise RepositoryFailed("repository", "restic backup ist gescheitert")
        return self._save(tags, f"/{stream.name}", "Archiv")

    def save_files(self, paths: Iterable[Path], tags: Iterable[str], timeout: float, told: Told) -> Saved:
        return self._save(tags, str(next(iter(paths))), "Dateien")

    def _save(self, tags: Iterable[str], path: str, content: str) -> Saved:
        self._answer()
        self.locked = True  # until it ends: a kill leaves the lock behind
        self.seen_while_saving.append(sorted(box.state for box in self.world.boxes.values() if box.role == "app"))
        with self.world.change(f"save {path}"):
            number = f"{len(self.stored) + 1:064x}"
            found = Snapshot(number, stamp(self.world.clock.now()), "web1", tuple(tags), (path,), 4, 2)
            self.stored[number], self.contents[number] = found, content
        self.locked = False
        return Saved(found.id, found.read, found.added)

    def snapshots(self) -> tuple[Snapshot, ...]:
        self._answer()
        return tuple(self.stored.values())

    def text(self, snapshot_id: str, path: str) -> str:
        return self.contents[snapshot_id]

    @contextmanager
    def stream(self, snapshot_id: str, path: str, timeout: float) -> Iterator[Readable]:
        self._answer()
        content = self.contents[snapshot_id].encode()
        yield io.BytesIO(_tar(content) if path.endswith("/") else content)

    def check(self, part: str, timeout: float) -> None:
        self._exclusive()
        self.checked.append(part)
        if self.damage and (part == "100%" or part.partition("/")[0] in self.damage):
            raise RepositoryFailed("repository", "restic check ist gescheitert")

    def forget(self, snapshots: Iterable[str]) -> None:
        self._exclusive()
        for number in list(snapshots):
            with self.world.change("forget"):
                del self.stored[number]

    def prune(self, timeout: float) -> None:
        self._exclusive()

    def _exclusive(self) -> None:
        self._answer()
        if self.locked:
            raise RepositoryFailed("repository_locked", "Das Sicherungsziel ist gesperrt")

    def _answer(self) -> None:
        if self.outage:
            raise RepositoryFailed(self.outage, "Das Sicherungsziel antwortet nicht")


def _tar(content: bytes) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        info = tarfile.TarInfo("datei")
        info.size = len(content)
        tar.addfile(info, io.BytesIO(content))
    return packed.getvalue()

"""A small real repository with one backup as Upkeep makes them, and what its files are there for."""

from __future__ import annotations

import hashlib
import json
import random
import subprocess
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.integration.backup.test_reading import Maker
from tests.unit.upkeep.drive import Driver
from tests.unit.upkeep.world import World
from upkeep.backup import memory
from upkeep.backup.memory import Memory
from upkeep.backup.reading import stored
from upkeep.errors import UpkeepError
from upkeep.memory.journal import Record, Result
from upkeep.policy.backup import Target
from upkeep.ports import Ports
from upkeep.ports.restic import ResticProgram

PASSWORD = "geheim"
ARCHIVE_BYTES, VOLUME_FILES = 1_500_000, 60
TIMEOUT = 120.0
DATA, MANIFEST, INDEX, KEY = "Daten", "Manifest", "Verzeichnis", "Schlüssel"


class RealRepository(World):
    """The fake world, but what lies in the repository is real."""

    def __init__(self, root: Path, program: str, target: Target) -> None:
        super().__init__(root)
        self.program, self.target = program, target
        self.clock.moment = datetime.now(UTC)

    def ports(self) -> Ports:
        return replace(super().ports(), restic=lambda target, cache: ResticProgram(target, cache, self.program))


@dataclass(frozen=True)
class Verdict:
    """What came of one damage. `structure`: seen by a check that reads no data. `read`: None when reading the backup
    back was refused, otherwise whether every byte was the one that was saved."""

    structure: bool
    found: bool
    said: str
    read: bool | None


class Ground:
    """`files`: what each file of the repository is for, in German → the files."""

    def __init__(self, folder: Path, program: str) -> None:
        self.folder, self.program = folder, program
        self.repository_folder = folder / "repository"
        self.target = self._target()
        self.world = RealRepository(folder / "world", program, self.target)
        self.files: dict[str, list[Path]] = {}
        self.blobs: dict[Path, list[int]] = {}
        self._fill()
        self._place()
        self.whole = self.content()

    def _target(self) -> Target:
        self.folder.mkdir(parents=True)
        address, password = self.folder / "address", self.folder / "password"
        address.write_text(f"{self.repository_folder}\n")
        password.write_text(f"{PASSWORD}\n")
        return Target(address, password, "web1")

    def restic(self, cache: str = "cache") -> ResticProgram:
        return ResticProgram(self.target, self.folder / cache, self.program)

    def _fill(self) -> None:
        (self.folder / "archive").write_bytes(hashlib.shake_256(b"archive").digest(ARCHIVE_BYTES))
        draw = random.Random(4)
        for number in range(VOLUME_FILES):
            place = self.folder / "volume" / f"{number % 7}" / f"bild-{number}"
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(draw.randbytes(draw.randint(1, 20_000)))
        repository = self.restic()
        repository.create()
        Maker(self.folder, repository).backup(datetime.now(UTC) - timedelta(seconds=5))
        self._sort(repository)

    def _sort(self, repository: ResticProgram) -> None:
        """Which file is what: a snapshot by its tags, a pack by the time it came (the manifest's came last)."""
        place = self.repository_folder
        packs = sorted((place / "data").glob("*/*"), key=lambda file: file.stat().st_mtime_ns)
        snapshots = {item.id: item.tags for item in repository.snapshots()}
        manifest = next(number for number, tags in snapshots.items() if "source=manifest" in tags)
        later = (place / "snapshots" / manifest).stat().st_mtime_ns
        before = max((place / "snapshots" / number).stat().st_mtime_ns for number in snapshots if number != manifest)
        self.files = {
            DATA: [file for file in packs if file.stat().st_mtime_ns <= before],
            MANIFEST: [file for file in packs if before < file.stat().st_mtime_ns <= later],
            INDEX: sorted((place / "index").iterdir()),
            "Schnappschuss": [place / "snapshots" / number for number in sorted(snapshots) if number != manifest],
            "Schnappschuss des Manifests": [place / "snapshots" / manifest],
            KEY: sorted((place / "keys").iterdir()),
            "Konfiguration": [place / "config"],
        }
        for number in (place / "index").iterdir():
            for pack in self._ask("cat", "index", number.name)["packs"]:
                ends = [blob["offset"] + blob["length"] for blob in pack["blobs"]]
                self.blobs[place / "data" / pack["id"][:2] / pack["id"]] = ends

    def _ask(self, *words: str) -> Any:
        argv = (self.program, "-r", str(self.repository_folder), "--no-cache", "--no-lock", *words)
        environment = {"RESTIC_PASSWORD": PASSWORD, "PATH": "/usr/bin:/bin"}
        return json.loads(subprocess.run(argv, env=environment, check=True, capture_output=True).stdout)

    def _place(self) -> None:
        target = {
            "address_file": str(self.target.address_file),
            "password_file": str(self.target.password_file),
            "host": self.target.host,
        }
        self.world.place(backup={"target": target})
        self.fresh = Memory(repository=self.restic().identity())
        self.verify()

    def verify(self) -> Record:
        """`upkeep verify --deep` of a host that has read nothing yet."""
        memory.remember(self.world.paths, self.fresh, self.world.files)
        return Driver(self.world).do("verify", deep=True)

    def content(self) -> dict[str, str]:
        """Source → SHA-256 of what reading it back gives, on a host that has no cache."""
        backup = stored(self.restic(cache=f"cache-{random.random()}"), "lager", None, datetime.now(UTC))
        found = {}
        for source in backup.manifest.sources:
            digest = hashlib.sha256()
            with backup.stream(source.name, TIMEOUT) as readable:
                while piece := readable.read(1 << 20):
                    digest.update(piece)
            found[source.name] = digest.hexdigest()
        return found

    def judge(self) -> Verdict:
        """What is said of the repository as it is now."""
        record = self.verify()
        return Verdict(self._structure(), record.result is Result.FAILED, record.message or "", self._read())

    def _structure(self) -> bool:
        try:
            self.restic().check("", TIMEOUT)
        except UpkeepError:
            return True
        return False

    def _read(self) -> bool | None:
        try:
            return self.content() == self.whole
        except UpkeepError:
            return None

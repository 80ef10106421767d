"""MongoDB's archives: dumping against `cat` of the same bytes, loading against inserting, switching against renames."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bson.raw_bson import RawBSONDocument
from pymongo import MongoClient

from bench.failure import BenchFailed
from bench.figures import Figure, Limit, Of, Report
from bench.filling import document
from bench.machine import ROOT
from testbed.packages import ensure_packages
from tests.integration.app.mongod import Mongod
from upkeep.mongo_archive import Documents, check, drop, exchange, old, read, stage, staged, switch, undo
from upkeep.mongo_archive.reading import bounds
from workshop.progress import say

DOCUMENTS = int(os.environ.get("UPKEEP_BENCH_DOCUMENTS", "600000"))
DATABASE, OTHER = "shop", "other"
NAMES = ("articles", "bookings", "events")
INDEXES = ("number", "place")
PIECE = 5_000
METHOD = f"""\
Eine echte mongod 6.0.5 (Replica Set mit einem Mitglied) auf dieser Maschine, {DOCUMENTS:,} Dokumente von rund 310 Bytes
in {len(NAMES)} Sammlungen mit je {len(INDEXES)} Indexen. Die Zahl steht in der Umgebungsvariablen
`UPKEEP_BENCH_DOCUMENTS`; bis 2.000.000 ist es nur eine Frage der Zeit. Die Paare wechseln sich ab.

Sichern: ein eigener Prozess schreibt das Archiv in eine Leitung zu `zstd -3`; Vergleich ist `cat` derselben Bytes aus
einer Datei im Zwischenspeicher. Speicher: größter Bedarf dieses Prozesses; Vergleich ist derselbe mit einem Zehntel der
Dokumente. Prüfen: Aufbau, Prüfsummen und SHA-256 des ganzen Archivs; Vergleich ist `sha256sum`.

Laden: neben die lebenden Daten, mit Nachzählen und Indexen hinterher; Vergleich ist ein einzelner Schreiber, der
dieselben Dokumente in Sammlungen einfügt, die ihre Indexe schon haben. Umschalten und zurück: alle Sammlungen auf
einmal; Vergleich sind einzelne Umbenennungen.""".replace(",000", ".000")
Client = MongoClient[dict[str, Any]]


@dataclass(frozen=True)
class Round:
    """Seconds of each, ours and what it is compared with."""

    dump: tuple[float, float]
    check: tuple[float, float]
    load: tuple[float, float]
    switch: tuple[float, float]
    undo: tuple[float, float]


def measure(quick: bool) -> Report:
    ensure_packages(["zstd"], why="die Messungen")
    documents, rounds = (min(DOCUMENTS, 6_000), 1) if quick else (DOCUMENTS, 3)
    (ROOT / "build").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=ROOT / "build") as folder:
        server = Mongod(Path(folder))
        server.start()
        try:
            with server.client() as client:
                return _measured(Bench(server, client, Path(folder)), documents, rounds)
        finally:
            server.stop()


def _measured(bench: Bench, documents: int, rounds: int) -> Report:
    bench.fill(documents // 10)
    little = bench.archive()
    bench.fill(documents)
    much = bench.archive()
    say(f"  {documents} Dokumente, Archiv {bench.place.stat().st_size / 1e6:.0f} MB")
    taken = [bench.round() for _ in range(rounds)]
    figures = [
        _figure("Sichern bis hinter zstd", taken, "dump", "cat bis hinter zstd", Limit(1.5, Of.RATIO)),
        Figure("Speicher beim Sichern", "MB", [much], "ein Zehntel der Daten", [little], Limit(300, always=True)),
        _figure("Prüfen des Archivs", taken, "check", "sha256sum"),
        _figure("Laden mit Indexen", taken, "load", "ein Schreiber, Indexe zuerst", Limit(0.667, Of.RATIO)),
        _figure("Umschalten", taken, "switch", "einzelne Umbenennungen", Limit(5, always=True)),
        _figure("Zurückschalten", taken, "undo", "einzelne Umbenennungen", Limit(30, always=True)),
    ]
    return Report("sicherung-daten", "Sicherung: MongoDB lesen und zurückspielen", METHOD, figures)


def _figure(name: str, taken: list[Round], kind: str, baseline: str, limit: Limit | None = None) -> Figure:
    pairs = [getattr(one, kind) for one in taken]
    return Figure(name, "s", [ours for ours, _ in pairs], baseline, [theirs for _, theirs in pairs], limit)


@dataclass(frozen=True)
class Bench:
    server: Mongod
    client: Client
    folder: Path

    @property
    def place(self) -> Path:
        """The archive, not compressed."""
        return self.folder / "archive"

    def fill(self, documents: int) -> None:
        """The same documents every time; half of their text hardly compresses."""
        chance = random.Random(documents)
        self.client.drop_database(DATABASE)
        for number, name in enumerate(NAMES):
            for begin in range(number, documents, len(NAMES) * PIECE):
                rows = range(begin, min(documents, begin + len(NAMES) * PIECE), len(NAMES))
                self.client[DATABASE][name].insert_many(document(chance, row) for row in rows)
            for field in INDEXES:
                self.client[DATABASE][name].create_index(field)

    def archive(self) -> float:
        """Write it once; how much memory that took, in MB."""
        with self.place.open("wb") as target:
            ended = subprocess.run(self._dump(), stdout=target, stderr=subprocess.PIPE, cwd=ROOT, check=False)
        return float(_told(ended.returncode, ended.stderr)["peak_mb"])

    def round(self) -> Round:
        dumped = self._compressed(self._dump()), self._compressed(["cat", str(self.place)])
        checked = _seconds(self._check), _seconds(self._sha256sum)
        loaded = _seconds(self._insert), _seconds(self._load)
        switched, undone, single, back = self._switch()
        drop(self.client, [f"{DATABASE}.{name}" for name in self.client[DATABASE].list_collection_names(filter=STAGED)])
        return Round(dumped, checked, loaded[::-1], (switched, single), (undone, back))

    def _dump(self) -> list[str]:
        return [sys.executable, "-m", "bench.dumping", self.server.uri]

    def _compressed(self, argv: list[str]) -> float:
        """Seconds until zstd has all that `argv` writes."""
        began = time.monotonic()
        with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT) as source:
            zstd = ["zstd", "-3", "-q", "-c"]
            subprocess.run(zstd, stdin=source.stdout, stdout=subprocess.DEVNULL, check=True)
            assert source.stderr is not None
            error = source.stderr.read()
        _told(source.returncode, error or b"{}")
        return time.monotonic() - began

    def _check(self) -> None:
        with self.place.open("rb") as source:
            check(source)

    def _sha256sum(self) -> None:
        subprocess.run(["sha256sum", self.place], stdout=subprocess.DEVNULL, check=True)

    def _insert(self) -> None:
        """One writer, indexes first."""
        self.client.drop_database(OTHER)
        for name in NAMES:
            for field in INDEXES:
                self.client[OTHER][name].create_index(field)
        with self.place.open("rb") as source:
            for part in read(source):
                if isinstance(part, Documents) and part.namespace.startswith(f"{DATABASE}."):
                    rows = [RawBSONDocument(part.data[begin:end]) for begin, end in bounds(part.data)]
                    self.client[OTHER][part.namespace.partition(".")[2]].insert_many(rows)
        self.client.drop_database(OTHER)

    def _load(self) -> None:
        with self.place.open("rb") as source:
            stage(self.client, source, lambda name: staged(name, "bench"))

    def _switch(self) -> tuple[float, float, float, float]:
        """Seconds: all at once and back, one by one and back."""
        pairs = [(staged(f"{DATABASE}.{name}", "bench"), f"{DATABASE}.{name}") for name in NAMES]
        moves = exchange(self.client, pairs, lambda name: old(name, "bench"), [DATABASE])
        at_once = _seconds(lambda: switch(self.client, moves)), _seconds(lambda: undo(self.client, moves))
        forth = [(move.source, move.target) for move in moves]
        back = [(target, source) for source, target in reversed(forth)]
        single = _seconds(lambda: self._rename(forth)), _seconds(lambda: self._rename(back))
        return (*at_once, *single)

    def _rename(self, names: list[tuple[str, str]]) -> None:
        for source, target in names:
            self.client.admin.command({"renameCollection": source, "to": target})


STAGED = {"name": {"$regex": "^upkeep-"}}


def _seconds(work: Callable[[], object]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began


def _told(code: int, words: bytes) -> dict[str, Any]:
    if code != 0:
        raise BenchFailed(f"Das Archiv ließ sich nicht schreiben: {words.decode(errors='replace')[-500:]}")
    found: dict[str, Any] = json.loads(words)
    return found

"""Backups of a running stack against the first seed's backup.sh, on the same host and the same data."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.archive import DOCUMENTS
from bench.bookings import desk_of
from bench.failure import BenchFailed
from bench.figures import Figure, Limit, Of, Report
from bench.filling import DATABASE
from bench.ground import BACKUPS, PICTURES, STACK, Ground
from bench.load import Call, Tally, describe, generate
from bench.update import phase_seconds, phases_table
from testbed import restic
from workshop.progress import say

KEYFILE = f"/srv/upkeep/{STACK}/secrets/mongodb-keyfile"
AGENTS_PYTHON = "/opt/upkeep/current/bin/python"
ARCHIVE, TAR = "/var/tmp/bench-archive", "/var/tmp/bench-backup.tar.gz"  # noqa: S108 - on a test host
PICTURE_MEGABYTES = 64
CALLS_PER_SECOND = 20.0
LOADED_PER_SECOND = 50.0
SEED = (
    f"docker compose -p {STACK} stop 2>/dev/null; "
    f"tar -czf {TAR} -C /var/lib/docker/volumes . -C /srv/upkeep/{STACK} compose.yml; "
    f"docker compose -p {STACK} start 2>/dev/null; stat -c %s {TAR}"
)
ADDRESSES = "{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}"
MEGABYTE = 1e6
METHOD = f"""\
Auf einem Testhost läuft die Lager-App; dazu kommen {{documents}} Dokumente in der Datenbank `{DATABASE}` (rund 310
Bytes, mit einem Index) und ein Volume mit {PICTURE_MEGABYTES} MB, die sich nicht zusammendrücken lassen. Die Zahl der
Dokumente steht in der Umgebungsvariablen `UPKEEP_BENCH_DOCUMENTS`.

Der Weg des Seeds (backup.sh): Stack anhalten, `tar -czf` über alle Volumes und compose.yml, wieder starten; gemessen
bis `docker compose start` zurückkommt. Unserer: `upkeep backup` in ein restic-Repository auf derselben Platte, im
Betrieb. Zugleich fragt ein Aufrufer {CALLS_PER_SECOND:.0f}-mal je Sekunde nach seiner Sitzung; seine Ausfallzeit
reicht von der ersten Anfrage, die scheitert, bis zur letzten.

Fünf Sicherungen auf jedem Weg: Dazwischen kommt je ein halbes Hundertstel der Dokumente dazu, und ein halbes ändert
sich unter den jüngsten. Danach eine, vor der sich ein Hundertstel ändert, über alles verstreut (jedes hundertste
Dokument): dagegen hilft restics Aufteilung in Stücke wenig. Durch restic: die Phase der Datenbank im Bericht des
Laufs, gegen `cat` eines fertigen Archivs derselben Daten bis hinter `zstd -3`.

Wirkung auf die App: {LOADED_PER_SECOND:.0f} Aufrufe je Sekunde der Artikelliste, ohne und während einer Sicherung."""


@dataclass(frozen=True)
class Taken:
    """One backup: seconds it took, bytes it left, seconds in which the caller got nothing, the run's report."""

    seconds: float
    size: float
    away: float
    report: dict[str, Any]


def measure(ground: Ground, quick: bool) -> Report:
    documents = min(DOCUMENTS, 6_000) if quick else DOCUMENTS
    bench = Bench(ground, ground.serving(), documents)
    bench.prepare()
    theirs, ours = [bench.seed()], [bench.upkeep()]
    for _ in range(1 if quick else 4):
        bench.change("recent")
        theirs, ours = [*theirs, bench.seed()], [*ours, bench.upkeep()]
    bench.change("scattered")
    scattered = bench.upkeep()
    piped = [bench.compressed() for _ in range(1 if quick else 3)]
    without, during = bench.loaded()
    saved = [_database_seconds(one.report) for one in (*ours, scattered)]
    figures = [
        _figure("Ausfall für Aufrufer", "away", ours, theirs, Limit(0, always=True)),
        _figure("Dauer", "seconds", ours, theirs, Limit(0.125, Of.RATIO)),
        _size("Gespeichert, erste Sicherung", ours[:1], theirs[:1]),
        _size("Gespeichert, jede weitere (1 % neu)", ours[1:], theirs[1:], Limit(0.05, Of.RATIO)),
        _size("Gespeichert, 1 % verstreut geändert", [scattered], theirs[-1:]),
        Figure("Platz für alle", "MB", [_stored(ours)], "backup.sh", [_stored(theirs)], Limit(0.25, Of.RATIO)),
        Figure("Datenbank durch restic", "s", saved, "cat bis hinter zstd", piped, Limit(2.5, Of.RATIO)),
        Figure("p99 der App während einer Sicherung", "ms", [during], "ohne", [without], Limit(2, Of.RATIO)),
    ]
    method = METHOD.replace("{documents}", f"{documents:,}".replace(",", "."))
    return Report(
        "sicherung", "Sicherung eines laufenden Stacks", method, figures, [phases_table([one.report for one in ours])]
    )


def _figure(name: str, field: str, ours: list[Taken], theirs: list[Taken], limit: Limit) -> Figure:
    mine, other = ([getattr(one, field) for one in taken] for taken in (ours, theirs))
    return Figure(name, "s", mine, "backup.sh", other, limit)


def _size(name: str, ours: list[Taken], theirs: list[Taken], limit: Limit | None = None) -> Figure:
    mine, other = ([one.size / MEGABYTE for one in taken] for taken in (ours, theirs))
    return Figure(name, "MB", mine, "backup.sh", other, limit)


def _stored(taken: list[Taken]) -> float:
    return sum(one.size for one in taken) / MEGABYTE


@dataclass(frozen=True)
class Bench:
    ground: Ground
    host: str
    documents: int

    def prepare(self) -> None:
        pictures = f"/var/lib/docker/volumes/{PICTURES}/_data"
        made = f"for n in 1 2 3 4; do head -c {PICTURE_MEGABYTES // 4}M /dev/urandom > {pictures}/$n.jpg; done"
        self._sh(f"docker volume create {PICTURES}; {made}; mkdir -p {BACKUPS}; rm -rf {BACKUPS}/* {TAR} {ARCHIVE}")
        self._sh("systemctl restart upkeep-agent; sleep 2")  # the folder is among those it may write to
        self._sh(f"ln -sf {restic.PROGRAM} /usr/bin/restic")  # a key as an operator's costs what it costs
        self._sh("command -v zstd >/dev/null || apt-get -qq install -y zstd >/dev/null")
        size = self.change("fill")
        say(f"  {self.documents} Dokumente, {size / MEGABYTE:.0f} MB")

    def change(self, what: str, *more: str) -> float:
        """Bytes of all documents afterwards."""
        address = self._sh(f"docker inspect -f '{ADDRESSES}' {STACK}-mongodb-1").split()[0]
        source = (Path(__file__).parent / "filling.py").read_text(encoding="utf-8")
        words = (AGENTS_PYTHON, "-", address, KEYFILE, what, str(self.documents), *more)
        return float(json.loads(self.ground.on(self.host, *words, stdin=source))["bytes"])

    def seed(self) -> Taken:
        (seconds, told), tally = self._watched(lambda: self._sh(SEED))
        return self._told("backup.sh", Taken(seconds, float(told.split()[-1]), _away(tally), {}))

    def upkeep(self) -> Taken:
        before = self._stored()
        (seconds, told), tally = self._watched(lambda: self._sh(f"upkeep backup {STACK} --json"))
        return self._told("Upkeep", Taken(seconds, self._stored() - before, _away(tally), json.loads(told)))

    def compressed(self) -> float:
        """Seconds until zstd has the whole archive."""
        if self._sh(f"test -e {ARCHIVE} || echo no"):
            self.change("archive", ARCHIVE)
        begin = time.monotonic()
        self._sh(f"cat {ARCHIVE} | zstd -3 -q -c >/dev/null")
        return time.monotonic() - begin

    def loaded(self) -> tuple[float, float]:
        """p99 in ms, without a backup and while there is one; both equally long."""
        self.change("scattered")
        desk = desk_of(self.ground)
        calls = [Call("/api/articles?limit=50", headers=desk.headers)]
        (seconds, _), during = self._watched(lambda: self._sh(f"upkeep backup {STACK}"), calls, LOADED_PER_SECOND)
        _, without = self._watched(lambda: self._sh(f"sleep {seconds:.1f}"), calls, LOADED_PER_SECOND)
        for name, tally in (("ohne", without), ("während", during)):
            say(f"  {name}: {describe(tally)}")
            if tally.failures:
                raise BenchFailed(f"Anfragen sind gescheitert: {describe(tally)}")
        return without.percentile(0.99) * 1000, during.percentile(0.99) * 1000

    def _watched(
        self, work: Callable[[], str], calls: list[Call] | None = None, rate: float = CALLS_PER_SECOND
    ) -> tuple[tuple[float, str], Tally]:
        """Seconds and result of `work`, and what a caller saw meanwhile."""
        return asyncio.run(self._watch(work, calls or [Call("/api/session")], rate))

    async def _watch(self, work: Callable[[], str], calls: list[Call], rate: float) -> tuple[tuple[float, str], Tally]:
        tally, stop = Tally(), asyncio.Event()
        load = asyncio.create_task(generate(f"http://{self.ground.address(self.host)}", calls, rate, stop, tally))
        try:
            begin = time.monotonic()
            result = await asyncio.to_thread(work)
            seconds = time.monotonic() - begin
            await self._served_again(tally)
        finally:
            stop.set()
            await load
        return (seconds, result), tally

    async def _served_again(self, tally: Tally) -> None:
        """After the seed's way the app needs a moment until it answers."""
        for _ in range(600):
            if tally.samples and tally.samples[-1].outcome == "ok":
                return
            await asyncio.sleep(0.1)
        raise BenchFailed(f"Eine Minute nach der Sicherung antwortet die App noch nicht: {describe(tally)}")

    def _stored(self) -> float:
        return float(self._sh(f"du -sb {BACKUPS} | cut -f1"))

    def _told(self, way: str, taken: Taken) -> Taken:
        say(f"  {way}: {taken.seconds:.1f} s, {taken.size / MEGABYTE:.0f} MB, Ausfall {taken.away:.1f} s")
        return taken

    def _sh(self, script: str) -> str:
        return self.ground.on(self.host, "sh", "-c", script)


def _away(tally: Tally) -> float:
    missed = [sample for sample in tally.samples if sample.outcome != "ok"]
    return max(sample.ended for sample in missed) - min(sample.due for sample in missed) if missed else 0.0


def _database_seconds(report: dict[str, Any]) -> float:
    return sum(phase_seconds(phase) for phase in report["phases"] if "mongodb" in phase["name"])

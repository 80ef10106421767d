"""The second book, played on hosts of its own."""

from __future__ import annotations

import argparse
import fnmatch
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench.machine import Circumstances
from tests.faults.matrix import sources
from tests.faults.matrix.data import campaign, report
from tests.faults.matrix.data.lane import DataLane, Store, publish
from tests.faults.matrix.data.tasks import Shot, Survey
from tests.faults.matrix.engine import SHOWN
from tests.faults.matrix.ledger import FOLDER, Ledger
from tests.faults.matrix.pool import Pool
from tests.integration.upkeep.images import testbed
from workshop.progress import say, step


def play(arguments: argparse.Namespace) -> int:
    ledger = Ledger.open(arguments.ledger or FOLDER / f"data-{sources.fingerprint(sources.DATA)}.jsonl")
    seen, bed = Circumstances.now(), f"{arguments.testbed}-data"
    hosts = [f"m{number}" for number in range(1, arguments.hosts + 1)]
    store = Store(bed, hosts)
    say(f"Was schon gelaufen ist, steht in {ledger.path}")
    try:
        if wanted(arguments, ledger):
            lanes = _lanes(arguments, bed, store)
            pool = Pool(time.monotonic() + arguments.minutes * 60)
            pool.add(wanted(arguments, ledger))
            with step("Störungen an Sicherungen"):
                pool.work_off([*lanes])
    finally:
        if not arguments.keep:
            store.remove()
            testbed("down", bed)
    return _conclude(ledger, arguments.into, seen)


def wanted(arguments: argparse.Namespace, ledger: Ledger) -> list[Survey | Shot]:
    """What is outstanding and was asked for."""
    kinds = arguments.only
    scenes, cells = campaign.outstanding(ledger)

    def named(name: str) -> bool:
        return any(fnmatch.fnmatch(name, pattern) for pattern in arguments.scenes)

    surveys = [Survey(one, ledger, kinds) for one in scenes if named(one.name) and campaign.kinds_of(one) & {*kinds}]
    shots = [Shot(cell, ledger) for cell in cells if cell.kind in kinds and named(cell.scene.name)]
    return [*surveys, *shots]


def _lanes(arguments: argparse.Namespace, bed: str, store: Store) -> list[DataLane]:
    with step("Testhosts, Versionen und Sicherungsserver"):
        publish(bed)
        testbed("up", bed, "--hosts", ",".join(f"{name}=debian13-docker" for name in store.names))
        store.start()
        lanes = [DataLane(bed, name, store=store) for name in store.names]
        with ThreadPoolExecutor(len(lanes)) as side_by_side:
            list(side_by_side.map(DataLane.prepare, lanes))
    return lanes


def _conclude(ledger: Ledger, folder: Path, seen: Circumstances) -> int:
    """The page of a run that is not complete is none of the product's documents."""
    open_ends, found = report.unfinished(ledger), report.failures(ledger)
    place = report.write(ledger.path.parent if open_ends else folder, ledger, seen)
    for line in [*found, *open_ends[:SHOWN]]:
        print(f"  ✘ {line}")
    say(f"{len(ledger.of('cell'))} Läufe, {len(found)} Befunde; geschrieben: {place}")
    say("Nicht vollständig: noch einmal aufrufen" if open_ends else "Jeder Lauf ist gemacht")
    return 1 if found or open_ends else 0

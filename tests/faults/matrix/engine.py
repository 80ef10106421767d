"""The first book: what changes a stack, disturbed at every moment, and every kind of broken release."""

from __future__ import annotations

import argparse
import fnmatch
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench.machine import Circumstances
from tests.faults.matrix import broken, campaign, report
from tests.faults.matrix.lane import Lane, publish_databases, publish_versions
from tests.faults.matrix.ledger import Ledger
from tests.faults.matrix.own_registry import OwnRegistry
from tests.faults.matrix.pool import Pool
from tests.faults.matrix.tasks import Shot, Suffering, Survey
from tests.integration.upkeep.images import testbed
from workshop.progress import say, step

SHOWN = 12


def play(arguments: argparse.Namespace) -> int:
    ledger = Ledger.open(arguments.ledger)
    seen = Circumstances.now()
    registry = OwnRegistry(arguments.testbed)
    say(f"Was schon gelaufen ist, steht in {ledger.path}")
    try:
        if wanted(arguments, registry, ledger):
            lanes = _lanes(arguments, registry)
            pool = Pool(time.monotonic() + arguments.minutes * 60)
            pool.add(wanted(arguments, registry, ledger))
            with step("Störungen"):
                pool.work_off(lanes)
    finally:
        if not arguments.keep:
            testbed("down", arguments.testbed)
            registry.remove()
    return _conclude(ledger, arguments.into, seen)


def wanted(arguments: argparse.Namespace, registry: OwnRegistry, ledger: Ledger) -> list[Survey | Shot | Suffering]:
    """What is outstanding and was asked for."""
    left, kinds = campaign.outstanding(ledger), arguments.only

    def named(name: str) -> bool:
        return any(fnmatch.fnmatch(name, pattern) for pattern in arguments.scenes)

    surveys = [Survey(one, ledger, kinds) for one in left.scenes if named(one.name)]
    shots = [Shot(cell, ledger) for cell in left.cells if cell.kind in kinds and named(cell.scene.name)]
    pairs = left.faults if "images" in kinds else []
    faults = [Suffering(fault, strategy, registry, ledger) for fault, strategy in pairs if named(fault.name)]
    return [*(one for one in surveys if campaign.kinds_of(one.scene) & {*kinds}), *shots, *faults]


def _lanes(arguments: argparse.Namespace, registry: OwnRegistry) -> list[Lane]:
    names = [f"m{number}" for number in range(1, arguments.hosts + 1)]
    with step("Testhosts und Versionen"):
        publish_versions(arguments.testbed)
        publish_databases()
        testbed("up", arguments.testbed, "--hosts", ",".join(f"{name}=debian13-docker" for name in names))
        broken.publish(arguments.testbed, registry)
        lanes = [Lane(arguments.testbed, name) for name in names]
        with ThreadPoolExecutor(len(lanes)) as side_by_side:
            list(side_by_side.map(Lane.prepare, lanes))
    return lanes


def _conclude(ledger: Ledger, folder: Path, seen: Circumstances) -> int:
    """The page of a run that is not complete is none of the product's documents."""
    open_ends = report.unfinished(ledger)
    place = report.write(ledger.path.parent if open_ends else folder, ledger, seen)
    found = report.failures(ledger)
    for line in [*found, *open_ends[:SHOWN]]:
        print(f"  ✘ {line}")
    if len(open_ends) > SHOWN:
        print(f"  ✘ … und {len(open_ends) - SHOWN} weitere Lücken")
    say(f"{len(ledger.of('cell')) + len(ledger.of('fault'))} Läufe, {len(found)} Befunde; geschrieben: {place}")
    say("Nicht vollständig: noch einmal aufrufen" if open_ends else "Jeder Schritt hat seine Zeile")
    return 1 if found or open_ends else 0

"""`python -m tests.faults.damage`: every damage; goes on where a killed run stopped; writes docs/messungen."""

from __future__ import annotations

import argparse
import hashlib
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench import pages
from bench.machine import ROOT, Circumstances
from testbed import restic
from tests.faults.damage.deeds import COUNTS, Deed, deeds
from tests.faults.damage.ground import Ground
from tests.faults.damage.report import report
from tests.faults.matrix.ledger import FOLDER, Ledger
from workshop.progress import say, step

SOURCES = ("upkeep/backup", "upkeep/ports", "tests/faults/damage")
LANES = 2


def main() -> int:
    arguments = _arguments()
    ledger, seen = Ledger.open(FOLDER / f"damage-{_fingerprint()}.jsonl"), Circumstances.now()
    until = time.monotonic() + arguments.minutes * 60
    with tempfile.TemporaryDirectory() as folder, step("Schäden an Sicherungen"):
        program = str(restic.unpacked(Path(folder)))
        with ThreadPoolExecutor(LANES) as side_by_side:
            list(side_by_side.map(lambda lane: _work(lane, Path(folder), program, ledger, until), range(LANES)))
    return _conclude(ledger, arguments.into, seen)


def _work(lane: int, folder: Path, program: str, ledger: Ledger, until: float) -> None:
    """Each lane has a repository of its own, and every so many of the list."""
    ground = Ground(folder / f"lane-{lane}", program)
    done = {entry["number"] for entry in ledger.of("damage")}
    for deed in deeds(ground):
        if deed.number % LANES == lane and deed.number not in done and time.monotonic() < until:
            _commit(ground, deed, ledger)


def _commit(ground: Ground, deed: Deed, ledger: Ledger) -> None:
    held = deed.commit()
    try:
        verdict = ground.judge()
    finally:
        deed.undo(held)
    told = {"found": verdict.found, "structure": verdict.structure, "read": verdict.read, "said": verdict.said}
    ledger.add(kind="damage", number=deed.number, file=deed.kind, what=deed.what, **told)


def _conclude(ledger: Ledger, folder: Path, seen: Circumstances) -> int:
    """The page of a run that is not complete is none of the product's documents."""
    cases = sorted(ledger.of("damage"), key=lambda entry: entry["number"])
    wanted = sum(COUNTS.values()) * len({case["file"] for case in cases})
    if not cases or len(cases) < wanted:
        say(f"{len(cases)} von {wanted} Fällen; noch einmal aufrufen")
        return 1
    found = report(cases)
    pages.write(folder, found, seen)
    print(pages.shown(found))
    return 1 if found.missed else 0


def _fingerprint() -> str:
    digest = hashlib.sha256()
    for name in SOURCES:
        for file in sorted((ROOT / name).glob("*.py")):
            digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.damage", description="Schäden an Sicherungen")
    parser.add_argument("--into", type=Path, default=ROOT / "docs" / "messungen", help="wohin die Seite kommt")
    parser.add_argument("--minutes", type=float, default=float("inf"), metavar="N", help="danach nichts Neues beginnen")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())

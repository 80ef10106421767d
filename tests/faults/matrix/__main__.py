"""`python -m tests.faults.matrix`: a book of disturbances, or several; goes on where a killed run stopped; writes
docs/messungen."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from bench.machine import ROOT
from tests.faults.matrix import campaign, engine
from tests.faults.matrix.data import book
from tests.faults.matrix.data import campaign as data

BOOKS = {"engine": engine.play, "data": book.play}
KINDS = tuple(dict.fromkeys((*campaign.KINDS, *data.KINDS)))


def main() -> int:
    arguments = _arguments()
    return max([BOOKS[name](arguments) for name in dict.fromkeys(arguments.books)])


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.matrix", description="Störungen an jeder Stelle")
    parser.add_argument("--hosts", type=int, default=3, help="Testhosts nebeneinander (%(default)s)")
    parser.add_argument("--testbed", default="matrix", metavar="NAME", help="Name des Testbeds (%(default)s)")
    parser.add_argument("--ledger", type=Path, help="Datei der Ergebnisse (Vorgabe: build/faults/, je Stand des Codes)")
    parser.add_argument("--into", type=Path, default=ROOT / "docs" / "messungen", help="wohin die Seite kommt")
    parser.add_argument("--keep", action="store_true", help="Testhosts am Ende stehen lassen")
    parser.add_argument(
        "--books", nargs="+", choices=BOOKS, default=["engine"], metavar="BUCH", help="engine (Vorgabe), data"
    )
    parser.add_argument(
        "--only", nargs="+", choices=KINDS, default=KINDS, metavar="ART", help=f"nur: {' '.join(KINDS)}"
    )
    parser.add_argument("--scenes", nargs="+", default=["*"], metavar="NAME", help="nur diese Szenen, auch mit *")
    parser.add_argument("--minutes", type=float, default=float("inf"), metavar="N", help="danach nichts Neues beginnen")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())

"""`python -m bench.proof`: the proof under load; goes on where a killed run stopped. 1 when a limit is missed."""

from __future__ import annotations

import argparse
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import pages
from bench.failure import BenchFailed
from bench.machine import ROOT
from bench.proof import living, quiet, rolling, seedway, undoing
from bench.proof.living import Lived
from bench.proof.notebook import Notebook, state_of_work_tree
from bench.proof.report import Found, report
from bench.proof.rolling import Rolled
from bench.proof.stage import HOST, ProofGround, Stage
from bench.proof.stretch import Stretch
from bench.proof.undoing import Undone, Way
from testbed.failure import TestbedError
from workshop.progress import fail, say, step

FAILURES = (BenchFailed, TestbedError, subprocess.SubprocessError, OSError)


@dataclass(frozen=True)
class Extent:
    """How much is proved: updates at all rates together, seconds of load without any before and after. `policy`: what
    the updates under load go by.
    """

    rates: tuple[int, ...]
    updates: int
    quiet_seconds: float
    live_updates: int
    policy: dict[str, Any]
    searches: bool = True
    with_seed: bool = True
    ways: tuple[Way, ...] = undoing.WAYS


WHOLE = Extent((quiet.LOWEST,), updates=24, quiet_seconds=25, live_updates=20, policy=rolling.POLICY)
TRIAL = Extent(
    rates=(100,),
    updates=4,
    quiet_seconds=5,
    live_updates=2,
    policy=rolling.POLICY | rolling.SHORT,
    searches=False,
    with_seed=False,
    ways=(),
)


def main() -> int:
    arguments = _arguments()
    extent = TRIAL if arguments.quick else WHOLE
    notebook = Notebook(ROOT / "build" / arguments.testbed / "steps", state_of_work_tree())
    notebook.open(arguments.fresh)
    stage = Stage(ProofGround(arguments.testbed, (HOST,)))
    try:
        with step("Testhost mit der Lager-App in zwei Slots"):
            stage.up(extent.policy)
        found = prove(stage, notebook, extent)
    except FAILURES as error:
        fail(f"{error}\nDie Ergebnisse bis hierher sind gesichert; derselbe Befehl macht weiter.")
    if not arguments.keep:
        stage.ground.down()
    return _conclude(found, notebook, arguments.into or _folder(arguments.quick), arguments.quick)


def prove(stage: Stage, notebook: Notebook, extent: Extent) -> Found:
    """Step by step; each is in the notebook once it is done."""
    rates, searched, seed = list(extent.rates), None, None
    undone: list[tuple[Way, Undone]] = []
    if extent.searches:
        with step("Höchste Rate ohne Updates"):
            searched = notebook.step("rate", lambda: quiet.highest_rate(stage))
            rates.append(searched)
    rates = list(dict.fromkeys(rates))
    updates = extent.updates // len(rates)
    rolled = [_roll(stage, notebook, rate, updates, extent.quiet_seconds) for rate in rates]
    with step(f"{extent.live_updates} Rolling-Updates unter {living.DEVICES} Geräten"):
        lived = Lived.load(notebook.step("live", lambda: living.follow(stage, extent.live_updates).dump()))
    for way in extent.ways:
        with step(f"Rücknahme: {way.title}"):
            undone.append((way, _undo(stage, notebook, way)))
    if extent.with_seed:
        with step("Der Weg des Seeds"):
            rate = extent.rates[0]
            seed = Stretch.load(notebook.step("seed", lambda: seedway.follow(stage, rate).dump()))
    return Found(searched, rolled, seed, undone, lived)


def _undo(stage: Stage, notebook: Notebook, way: Way) -> Undone:
    return Undone.load(notebook.step(way.name, lambda: undoing.undo(stage, way).dump()))


def _roll(stage: Stage, notebook: Notebook, rate: int, updates: int, quiet_seconds: float) -> Rolled:
    with step(f"{updates} Rolling-Updates bei {rate}/s"):
        raw = notebook.step(f"rolling-{rate}", lambda: rolling.roll(stage, rate, updates, quiet_seconds).dump())
    return Rolled.load(raw)


def _conclude(found: Found, notebook: Notebook, folder: Path, quick: bool) -> int:
    made = report(found)
    pages.write(folder, made, notebook.seen, quick)
    notebook.close()
    print(pages.shown(made), flush=True)
    say(f"Geschrieben: {folder}/{made.name}.md")
    missed = [figure.name for figure in made.missed]
    say(f"Verfehlte Grenzen: {'; '.join(missed)}" if missed else "Alle Grenzen eingehalten")
    return 1 if missed and not quick else 0


def _folder(quick: bool) -> Path:
    return ROOT / "build" / "messungen" if quick else ROOT / "docs" / "messungen"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.proof", description="Updates unter Last, gezählt")
    parser.add_argument("--quick", action="store_true", help="Probelauf: vier Updates bei 100 Anfragen/s")
    parser.add_argument("--fresh", action="store_true", help="nichts von einem abgebrochenen Lauf übernehmen")
    parser.add_argument("--into", type=Path, metavar="ORDNER", help="wohin die Seite geschrieben wird")
    parser.add_argument("--testbed", default="load", metavar="NAME", help="Name des Testbeds (%(default)s)")
    parser.add_argument("--keep", action="store_true", help="Testhost am Ende stehen lassen")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())

"""`python -m tests.faults.matrix`: all matrices; goes on where a killed run stopped; writes docs/messungen."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from bench.machine import ROOT, Circumstances
from tests.faults.matrix import broken, campaign, report
from tests.faults.matrix.campaign import Cell
from tests.faults.matrix.lane import Lane, LaneBroken, publish_databases, publish_versions
from tests.faults.matrix.ledger import Ledger
from tests.faults.matrix.own_registry import OwnRegistry
from tests.faults.matrix.scenes import SCENES, Scene, scene
from tests.integration.upkeep.images import testbed
from workshop.progress import say, step

# What hits others than the agent: scene → every how many steps.
GATE = {"recreate-vor": 1, "recreate-zurueck": 1, "rolling-vor": 1, "rolling-zurueck": 1, "rolling-reserve": 2}
DOCKER = {"recreate-vor": 4, "recreate-zurueck": 3, "rolling-vor": 5, "rolling-zurueck": 5}
REBOOT = {"recreate-vor": 5, "rolling-vor": 7}


def main() -> int:
    arguments = _arguments()
    ledger = Ledger.open(arguments.ledger)
    seen = Circumstances.now()
    registry = OwnRegistry(arguments.testbed)
    say(f"Was schon gelaufen ist, steht in {ledger.path}")
    try:
        lanes = _lanes(arguments, registry)
        matrices(lanes, registry, ledger)
    finally:
        report.write(arguments.into, ledger, seen)
        if not arguments.keep:
            testbed("down", arguments.testbed)
            registry.remove()
    return _conclude(ledger, arguments.into)


def _lanes(arguments: argparse.Namespace, registry: OwnRegistry) -> list[Lane]:
    names = [f"m{number}" for number in range(1, arguments.hosts + 1)]
    with step("Testhosts und Versionen"):
        publish_versions(arguments.testbed)
        publish_databases()
        testbed("up", arguments.testbed, "--hosts", ",".join(f"{name}=debian13-docker" for name in names))
        broken.publish(arguments.testbed, registry)
        lanes = [Lane(arguments.testbed, name) for name in names]
        for lane in lanes:
            lane.prepare()
    return lanes


def matrices(lanes: list[Lane], registry: OwnRegistry, ledger: Ledger) -> None:
    """The records of the journal first, of every scene; then everything else; last what happens between records."""
    for records in (True, False):
        for one in SCENES:
            cells = _kills(lanes[0], ledger, one)
            with step(f"Agent abgeschossen: {one.name}"):
                campaign.shoot(lanes, ledger, [cell for cell in cells if cell.at_record is records])
        if records:
            _everything_else(lanes, registry, ledger)


def _kills(lane: Lane, ledger: Ledger, one: Scene) -> list[Cell]:
    """None where even the undisturbed run goes wrong: the steps without a row tell it in the end."""
    try:
        return campaign.kills(one, campaign.survey(lane, ledger, one))
    except LaneBroken as error:
        say(f"✘ {str(error)[:2000]}")
        return []


def _everything_else(lanes: list[Lane], registry: OwnRegistry, ledger: Ledger) -> None:
    with step("Kaputte Versionen"):
        campaign.suffer_all(lanes, registry, ledger)
    for deed, scenes in (("gate", GATE), ("docker", DOCKER), ("reboot", REBOOT)):
        with step(f"Anderes abgeschossen: {deed}"):
            campaign.shoot(lanes, ledger, _others(ledger, scenes, deed))
    for one in broken.DISK_SCENES:
        course = campaign.survey(lanes[0], ledger, one)
        with step(f"Platte voll: {one.name}"):
            campaign.shoot(lanes, ledger, campaign.disk_full(one, course))


def _others(ledger: Ledger, scenes: dict[str, int], deed: str) -> list[Cell]:
    chosen: list[Cell] = []
    for name, every in scenes.items():
        one: Scene = scene(name)
        chosen += campaign.at_intents(one, ledger.course(name) or [], deed, every)
    return chosen


def _conclude(ledger: Ledger, folder: Path) -> int:
    found = report.failures(ledger)
    say(f"{len(ledger.of('cell')) + len(ledger.of('fault'))} Läufe; geschrieben: {folder}/{report.NAME}.md")
    for line in found:
        print(f"  ✘ {line}")
    say(f"{len(found)} Befunde" if found else "Kein Befund, jeder Schritt hat seine Zeile")
    return 1 if found else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.matrix", description="Störungen an jeder Stelle")
    parser.add_argument("--hosts", type=int, default=2, help="Testhosts nebeneinander (%(default)s)")
    parser.add_argument("--testbed", default="matrix", metavar="NAME", help="Name des Testbeds (%(default)s)")
    parser.add_argument("--ledger", type=Path, help="Datei der Ergebnisse (Vorgabe: build/faults/, je Stand des Codes)")
    parser.add_argument("--into", type=Path, default=ROOT / "docs" / "messungen", help="wohin die Seite kommt")
    parser.add_argument("--keep", action="store_true", help="Testhosts am Ende stehen lassen")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())

"""`python -m tests.faults.matrix`: all matrices; goes on where a killed run stopped; writes docs/messungen."""

from __future__ import annotations

import argparse
import sys

from tests.faults.matrix import campaign
from tests.faults.matrix.lane import Lane, publish_versions
from tests.faults.matrix.ledger import Ledger
from tests.faults.matrix.scenes import SCENES
from tests.integration.upkeep.images import testbed
from workshop.progress import say, step

BED = "matrix"


def main() -> int:
    arguments = _arguments()
    ledger = Ledger.open()
    names = [f"m{number}" for number in range(1, arguments.hosts + 1)]
    with step("Testhosts und Versionen"):
        publish_versions(BED)
        testbed("up", BED, "--hosts", ",".join(f"{name}=debian13-docker" for name in names))
        lanes = [Lane(BED, name) for name in names]
        for lane in lanes:
            lane.prepare()
    try:
        for scene in [one for one in SCENES if one.name in (arguments.scenes or [s.name for s in SCENES])]:
            course = campaign.survey(lanes[0], ledger, scene)
            campaign.shoot(lanes, ledger, campaign.kills(scene, course))
    finally:
        if not arguments.keep:
            testbed("down", BED)
    cells = ledger.of("cell")
    say(f"{len(cells)} Läufe, {sum(bool(cell['problems']) for cell in cells)} mit Befund")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.matrix", description="Störungsmatrizen")
    parser.add_argument("scenes", nargs="*", metavar="SZENE", help="nur diese")
    parser.add_argument("--hosts", type=int, default=2, help="Testhosts nebeneinander (%(default)s)")
    parser.add_argument("--keep", action="store_true", help="Testhosts am Ende stehen lassen")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())

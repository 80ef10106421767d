"""`python -m bench`: takes every measurement and writes docs/messungen; exit code 1 when a limit is missed."""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from bench import agent, app, archive, backing, bookings, gate, live, pages, rollout, update
from bench.failure import BenchFailed
from bench.figures import Report
from bench.ground import Ground
from bench.machine import ROOT, Circumstances
from testbed.failure import TestbedError
from workshop.progress import fail, say, step

# In this order: the first brings the hosts into service that the others measure.
TOPICS: dict[str, Callable[[Ground, bool], Report]] = {
    "playbooks": rollout.measure,
    "wartungsfenster": update.measure,
    "tor": gate.measure,
    "app": app.measure,
    "buchungen": bookings.measure,
    "echtzeit": live.measure,
    "agent": agent.measure,
    "sicherung": backing.measure,
    "sicherung-daten": lambda _, quick: archive.measure(quick),
}
WITHOUT_HOSTS = {"sicherung-daten"}
FAILURES = (BenchFailed, TestbedError, subprocess.SubprocessError, OSError)
ALL_HOSTS = ("one", "left", "middle", "right", "last")


def main() -> int:
    arguments = _arguments()
    chosen = [name for name in TOPICS if name in (arguments.topics or TOPICS)]
    folder = arguments.into or (ROOT / "build" / "messungen" if arguments.quick else ROOT / "docs" / "messungen")
    needs_hosts = bool(set(chosen) - WITHOUT_HOSTS)
    wants_all_hosts = "playbooks" in chosen and not arguments.quick
    ground = Ground(arguments.testbed, ALL_HOSTS if wants_all_hosts else ALL_HOSTS[:1])
    try:
        seen = Circumstances.now()
        if needs_hosts:
            with step("Testhosts und Images"):
                ground.up()
        taken = [_take(ground, name, folder, seen, arguments.quick) for name in chosen]
    except FAILURES as error:
        fail(str(error))
    finally:
        if needs_hosts and not arguments.keep:
            ground.down()
    return _conclude(taken, folder, arguments.quick)


def _take(ground: Ground, name: str, folder: Path, seen: Circumstances, quick: bool) -> Report | None:
    """One topic, written at once; None when it could not be measured, the others still are."""
    try:
        with step(name):
            report = TOPICS[name](ground, quick)
    except FAILURES as error:
        say(f"{name} ließ sich nicht messen: {error}")
        return None
    pages.write(folder, report, seen, quick)
    print(pages.shown(report), flush=True)
    return report


def _conclude(taken: list[Report | None], folder: Path, quick: bool) -> int:
    """0 when everything was measured and within its limits; a trial run's limits prove nothing and do not count."""
    reports = [report for report in taken if report]
    missed = [f"{report.title}: {figure.name}" for report in reports for figure in report.missed]
    say(f"Geschrieben: {folder}/{{{','.join(report.name for report in reports)}}}.md")
    say(f"Verfehlte Grenzen: {'; '.join(missed)}" if missed else "Alle Grenzen eingehalten")
    return 1 if len(reports) < len(taken) or (missed and not quick) else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Messungen, jede mit Vergleichswert")
    parser.add_argument("topics", nargs="*", metavar="THEMA", help=f"nur diese: {', '.join(TOPICS)}")
    parser.add_argument("--quick", action="store_true", help="Probelauf: ein Host, wenige Messungen")
    parser.add_argument("--into", type=Path, metavar="ORDNER", help="wohin die Seiten geschrieben werden")
    parser.add_argument("--testbed", default="bench", metavar="NAME", help="Name des Testbeds (%(default)s)")
    parser.add_argument("--keep", action="store_true", help="Testhosts am Ende stehen lassen")
    arguments = parser.parse_args()
    if unknown := sorted(set(arguments.topics) - set(TOPICS)):
        parser.error(f"unbekanntes Thema: {', '.join(unknown)}; es gibt {', '.join(TOPICS)}")
    return arguments


if __name__ == "__main__":
    sys.exit(main())

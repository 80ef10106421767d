"""The maintenance window of an update against the time the app itself takes to start."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from datetime import datetime
from statistics import median
from typing import Any

from bench.failure import BenchFailed
from bench.figures import Figure, Limit, Of, Report, Table
from bench.ground import STACK, Ground
from bench.load import Call, Tally, describe, generate
from bench.pages import number
from workshop.progress import say

PATH = "/api/session"  # not health: that may rightly say 503 of itself
CALLS_PER_SECOND = 50.0
GRACE = Limit(2, Of.DIFFERENCE, always=True)
METHOD = f"""\
Mehrere Updates nacheinander mit `upkeep update` (Strategie `recreate`), jedes auf eine frisch gebaute Version.
Wartungsfenster und Startzeit stehen im Bericht des Laufs: vom Schließen bis zum Öffnen des Tors, und vom Start des
neuen Containers bis zur ersten guten Antwort. Grenze: Das Fenster darf höchstens 2 s länger sein.

Zugleich fragt ein Aufrufer {CALLS_PER_SECOND:.0f}-mal je Sekunde über das Tor `{PATH}`; sein Fenster reicht
von der ersten bis zur letzten Wartungsantwort. Alles außer 200 und der Wartungsantwort des Tors zählt als Fehler."""


def measure(ground: Ground, quick: bool) -> Report:
    host = ground.serving()
    rounds = [_round(ground, host) for _ in range(1 if quick else 5)]
    started = [report["timings"]["start_to_ready_s"] for report, _ in rounds]
    window = [report["timings"]["maintenance_s"] for report, _ in rounds]
    seen = [tally.closed_seconds() for _, tally in rounds]
    wrong = [sum(tally.failures.values()) for _, tally in rounds]
    asked = [len(tally.samples) for _, tally in rounds]
    start = "Containerstart bis bereit"
    figures = [
        Figure("Wartungsfenster laut Bericht", "s", window, start, started, GRACE),
        Figure("Wartungsfenster aus Sicht der Aufrufer", "s", seen, start, started, GRACE),
        Figure("Fehler bei Aufrufern", "", wrong, "Anfragen", asked, Limit(0, always=True)),
    ]
    return Report("wartungsfenster", "Update: Wartungsfenster", METHOD, figures, [phases_table([r for r, _ in rounds])])


def _round(ground: Ground, host: str) -> tuple[dict[str, Any], Tally]:
    version = ground.release_next_version()
    report, tally = asyncio.run(_update_under_load(ground, host))
    say(f"  Update auf {version}: {report['timings']}; {describe(tally)}")
    if report["result"] != "updated" or report["to"]["version"] != version:
        raise BenchFailed(f"Update auf {version} endete als {report['result']}: {report['message']}")
    return report, tally


async def _update_under_load(ground: Ground, host: str) -> tuple[dict[str, Any], Tally]:
    tally, stop = Tally(), asyncio.Event()
    calls = [Call(PATH)]
    load = asyncio.create_task(generate(f"http://{ground.address(host)}", calls, CALLS_PER_SECOND, stop, tally))
    await asyncio.sleep(1)
    try:
        answer = await asyncio.to_thread(ground.on, host, "upkeep", "update", STACK, "--json")
        await asyncio.sleep(1)
    finally:
        stop.set()
        await load
    return json.loads(answer), tally


def phases_table(reports: Sequence[dict[str, Any]]) -> Table:
    """The run's phases as its journal times them; the window lies between closing and opening."""
    titles = {phase["name"]: phase["title"] for phase in reports[0]["phases"]}
    rows = []
    for name, title in titles.items():
        taken = [phase_seconds(phase) for report in reports for phase in report["phases"] if phase["name"] == name]
        rows.append((title, f"{number(median(taken))} s"))
    return Table("Wohin die Zeit geht", ("Phase", "Median"), rows)


def phase_seconds(phase: dict[str, str]) -> float:
    begun, done = (datetime.fromisoformat(phase[key]) for key in ("intent_at", "done_at"))
    return (done - begun).total_seconds()

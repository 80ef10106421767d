"""`python -m bench.proof.timeline`: in which phase of a rolling update callers wait. A short stretch on the host of
`make load` (which stays for the next time), with few updates and every request held against the run's journal.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bench.load import Sample, Tally
from bench.proof import rolling
from bench.proof.quiet import lasting, told
from bench.proof.stage import HOST, NEW, OLD, ProofGround, Stage
from bench.proof.stretch import GOOD, TIMED
from workshop.progress import say, step

OUTSIDE = "zwischen den Läufen"
SHARE = 0.99


@dataclass(frozen=True)
class Span:
    """A phase of a run, or what lies between two of them. Seconds since the epoch."""

    name: str
    begin: float
    end: float


@dataclass(frozen=True)
class Wait:
    """One request: when it was due (seconds since the epoch), and how long it took (milliseconds)."""

    due: float
    milliseconds: float


def spans(reports: Sequence[dict[str, Any]]) -> list[Span]:
    """The phases of these runs, in their order; a phase lasts until the next one begins."""
    found = []
    for report in reports:
        phases, end = report["phases"], _seconds(report["finished_at"])
        begins = [_seconds(phase["intent_at"]) for phase in phases]
        for phase, begin, until in zip(phases, begins, [*begins[1:], end], strict=True):
            found.append(Span(phase["name"], begin, until))
    return found


def by_span(waits: Sequence[Wait], known: Sequence[Span]) -> dict[str, list[float]]:
    """Milliseconds of the requests that were due in each phase, whatever run it belongs to."""
    sorted_out: dict[str, list[float]] = defaultdict(list)
    for span in known:
        sorted_out[span.name] = []
    ordered = iter(sorted(known, key=lambda span: span.begin))
    now = next(ordered, None)
    for wait in sorted(waits, key=lambda wait: wait.due):
        while now and wait.due >= now.end:
            now = next(ordered, None)
        inside = now is not None and wait.due >= now.begin
        sorted_out[now.name if now and inside else OUTSIDE].append(wait.milliseconds)
    return {name: values for name, values in sorted_out.items() if values}


def by_time(waits: Sequence[Wait], known: Sequence[Span], width: float) -> Iterator[str]:
    """One line for each `width` seconds: how late, and what the run did then."""
    begin = min(wait.due for wait in waits)
    slots: dict[int, list[float]] = defaultdict(list)
    for wait in waits:
        slots[int((wait.due - begin) / width)].append(wait.milliseconds)
    for number, values in sorted(slots.items()):
        moment = begin + number * width
        doing = [span.name for span in known if span.begin < moment + width and span.end > moment]
        yield f"{number * width:7.2f} s {percentile(values):8.1f} ms {max(values):8.1f} ms  {' '.join(doing)}"


def percentile(values: Sequence[float], share: float = SHARE) -> float:
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def measure(stage: Stage, rate: int, updates: int, quiet_seconds: float) -> tuple[float, list[Wait], list[Span]]:
    """p99 without updates, then every request while updates go on, and what these did when."""
    without = stage.stretch(rate, lasting(quiet_seconds))
    say(f"  {rate}/s ohne Updates: {told(without)}")
    tally, offset = Tally(), time.time() - time.monotonic()
    reports: list[dict[str, Any]] = []

    async def updating() -> None:
        await asyncio.sleep(rolling.BEFORE_AND_AFTER)
        for turn in range(updates):
            reports.append(await asyncio.to_thread(stage.update, OLD if turn % 2 else NEW))
            await asyncio.sleep(rolling.BETWEEN)
        await asyncio.sleep(rolling.BEFORE_AND_AFTER)

    during = stage.stretch(rate, updating, tally)
    say(f"  {rate}/s mit {updates} Updates: {told(during)}; {during.outcomes}; {during.accounts}")
    waits = [_wait(sample, offset) for sample in tally.samples if sample.outcome == GOOD and sample.kind in TIMED]
    return without.percentile(SHARE), waits, spans(reports)


def show(yardstick: float, waits: Sequence[Wait], known: Sequence[Span], width: float) -> None:
    for line in by_time(waits, known, width) if width else ():
        print(line)
    late = 2 * yardstick
    total = sum(wait.milliseconds > late for wait in waits)
    print(f"{'Phase':24} {'Anfragen':>9} {'p99 ms':>8} {'max ms':>8} {f'über {late:.0f} ms':>12}")
    for name, values in by_span(waits, known).items():
        slow = sum(value > late for value in values)
        print(f"{name:24} {len(values):9} {percentile(values):8.1f} {max(values):8.1f} {slow:12}")
    whole = percentile([wait.milliseconds for wait in waits])
    print(f"p99 {whole:.1f} ms, ohne Updates {yardstick:.1f} ms: {whole / yardstick:.2f}")
    print(f"zu spät: {total} von {len(waits)}")


def _wait(sample: Sample, offset: float) -> Wait:
    return Wait(sample.due + offset, (sample.ended - sample.due) * 1000)


def _seconds(stamp: str) -> float:
    return datetime.fromisoformat(stamp).timestamp()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.proof.timeline", description=__doc__)
    parser.add_argument("--rate", type=int, default=500, help="Anfragen je Sekunde (%(default)s)")
    parser.add_argument("--updates", type=int, default=4, help="Updates hin und zurück (%(default)s)")
    parser.add_argument("--quiet-seconds", type=float, default=15, help="Last ohne Updates davor (%(default)s s)")
    parser.add_argument("--width", type=float, default=0, metavar="S", help="zusätzlich eine Zeile je S Sekunden")
    parser.add_argument("--testbed", default="load", metavar="NAME", help="Name des Testbeds (%(default)s)")
    arguments = parser.parse_args()
    stage = Stage(ProofGround(arguments.testbed, (HOST,)))
    with step("Testhost mit der Lager-App in zwei Slots"):
        stage.up(rolling.POLICY | rolling.SHORT)
    found = measure(stage, arguments.rate, arguments.updates, arguments.quiet_seconds)
    show(*found, arguments.width)


if __name__ == "__main__":
    main()

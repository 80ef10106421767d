"""The proof under load: what callers do, the book they keep, the steps that survive a kill, the page."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bench import pages
from bench.load import Call, Sample, Tally
from bench.machine import Circumstances
from bench.proof import quiet, stretch, traffic
from bench.proof.listeners import Streams
from bench.proof.living import Lived
from bench.proof.notebook import Notebook
from bench.proof.report import Found, report
from bench.proof.rolling import Rolled, Update
from bench.proof.stage import OLD
from bench.proof.stretch import Stretch, percentile
from bench.proof.traffic import Accounts, Ledger
from bench.proof.undoing import WAYS, Undone

SEEN = Circumstances(datetime(2026, 11, 21, 9, 5, tzinfo=UTC), "abc123", False, 2, "Prozessor", 23.5, "6.1.0", 0.25)


def round_of_calls() -> tuple[Ledger, list[Call]]:
    ledger = Ledger("Probe")
    return ledger, list(itertools.islice(traffic.calls(ledger, ["a1", "b2"]), traffic.ROUND))


def test_a_quarter_writes_each_under_a_name_of_its_own() -> None:
    _, calls = round_of_calls()
    names = {call.body["name"] for call in calls if call.kind == traffic.WRITE}
    assert len(names) == traffic.ROUND / 4
    assert Counter(call.kind for call in calls)[traffic.LONG] == 1
    assert Counter(call.kind for call in calls)[traffic.UPLOAD] == 1


def test_only_the_answer_that_names_the_write_acknowledges_it() -> None:
    ledger, calls = round_of_calls()
    first, second = [call for call in calls if call.kind == traffic.WRITE][:2]
    assert first.accepts(json.dumps(first.body).encode())
    assert not second.accepts(json.dumps(first.body).encode())
    assert not second.accepts(b'{"name"')
    assert ledger.acknowledged == {first.body["name"]}


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b'{"id": "zz"}', b'{"user": null}', b"<html>"])
def test_an_answer_to_something_else_is_malformed(body: bytes) -> None:
    _, calls = round_of_calls()
    assert not any(call.accepts(body) for call in calls)


def test_the_upload_sends_what_its_digest_says() -> None:
    _, calls = round_of_calls()
    upload = next(call for call in calls if call.kind == traffic.UPLOAD)
    assert upload.accepts(json.dumps({"sha256": traffic.UPLOADED}).encode())


def test_the_book_tells_lost_from_doubled_from_unheard_of() -> None:
    ledger = Ledger("P", {"P-1", "P-2", "P-3"})
    assert ledger.compare(["P-1", "P-2", "P-2", "P-9"]) == Accounts(3, once=1, missing=1, twice=1, unconfirmed=1)


def test_percentile_is_the_smallest_latency_that_covers_the_share() -> None:
    assert percentile(Counter({10: 98, 50: 1, 900: 1}), 0.99) == 5.0
    assert percentile(Counter({10: 1}), 0.99) == 1.0


def test_long_answers_and_uploads_count_but_not_in_the_latency() -> None:
    kinds = (traffic.READ, traffic.WRITE, traffic.LONG, traffic.UPLOAD)
    samples = [Sample(0, 0, 0.02, "ok", "1.0.0", kind) for kind in kinds]
    samples.append(Sample(0, 0, 11.0, "timeout", "", traffic.READ))
    found = stretch.boiled_down(Tally(samples), 200, 1.0, Streams())
    assert (found.requests, found.failed, found.stalled) == (5, 1, 1)
    assert found.latencies == {200: 2}
    assert found.releases == {"1.0.0": 4}


def measured(rate: int = 200, failed: int = 0, tick: int = 100, accounts: Accounts | None = None) -> Stretch:
    outcomes = {f"{traffic.READ}/ok": 30_000, f"{traffic.WRITE}/ok": 10_000}
    outcomes |= {f"{traffic.READ}/timeout": failed} if failed else {}
    book = accounts or Accounts(10_000, 10_000, 0, 0, 0)
    releases = {"1.0.0": 20_000, "1.1.0": 20_000}
    return Stretch(rate, 60.0, outcomes, releases, {tick: 40_000}, 0, 0.01, 60, 0.2, 0.6, Streams(), book)


def found_with(during: Stretch, number: int = 12) -> Found:
    updates = [Update("updated", "1.0.0 → 1.1.0", 12.0, {"drained_cut": 0})] * number
    quiet_ones = [measured(), measured()]
    return Found(500, [Rolled(quiet_ones, during, updates)] * 2, measured(failed=700), [])


def test_a_maintenance_page_is_a_failure_here() -> None:
    seen = replace(measured(), outcomes={f"{traffic.READ}/ok": 9, f"{traffic.READ}/maintenance": 1})
    assert seen.failed == 1


@pytest.mark.parametrize(
    ("during", "missed"),
    [
        (measured(), set()),
        (measured(failed=1), {"Fehler bei 200/s mit Updates"}),
        (measured(tick=201), {"p99 bei 200/s mit Updates"}),
        (measured(accounts=Accounts(9, 8, 1, 0, 0)), {"Bestätigt, aber nicht genau einmal da"}),
        (measured(accounts=Accounts(9, 8, 0, 1, 0)), {"Bestätigt, aber nicht genau einmal da"}),
    ],
)
def test_the_page_judges_by_the_issue(during: Stretch, missed: set[str]) -> None:
    assert {figure.name for figure in report(found_with(during)).missed} == missed


def test_too_few_updates_prove_nothing() -> None:
    assert [figure.name for figure in report(found_with(measured(), number=9)).missed] == ["Rolling-Updates"]


@pytest.mark.parametrize(
    ("change", "missed"),
    [
        ({}, []),
        ({"incomplete": 1}, ["Geräte, denen ein Ereignis fehlt oder doppelt kam"]),
        ({"away": [0.2, 2.1]}, ["Längste Unterbrechung eines Geräts"]),
    ],
    ids=str,
)
def test_a_device_that_misses_an_event_or_is_away_too_long_is_missed(change: dict[str, Any], missed: list[str]) -> None:
    updates = [Update("updated", "1.0.0 → 1.1.0", 12.0, {})] * 20
    lived = replace(Lived(50, 900, 0, 0, 0, [0.2, 0.7], updates), **change)
    assert Lived.load(lived.dump()) == lived
    assert [figure.name for figure in report(replace(found_with(measured()), lived=lived)).missed] == missed


def test_an_unfinished_way_back_is_missed() -> None:
    undone = Undone(measured(), [Update("rolled_back", "", 20.0, {})], OLD, None)
    ways = [(way, replace(undone, release=release)) for way, release in zip(WAYS, (OLD, "1.3.0"), strict=False)]
    missed = report(replace(found_with(measured()), undone=ways)).missed
    assert [figure.name for figure in missed] == ["Rücknahmen, nach denen die alte Version läuft"]


def test_both_ways_stand_in_one_table_of_the_generated_page() -> None:
    text = pages.page(report(found_with(measured())), SEEN)
    assert text.startswith("<!-- Erzeugt von `make load`;")
    heading = next(line for line in text.splitlines() if "Weg des Seeds, 4-mal" in line)
    assert "200/s, 12 Updates" in heading
    assert "| **Fehler** | 0 | 0 | 0 | 0 | 0 | 0 | 700 |" in text


def test_results_survive_a_round_through_the_notebook() -> None:
    rolled = Rolled([measured()], measured(failed=3), [Update("updated", "gut", 9.5, {"drained_cut": 1})])
    assert Rolled.load(json.loads(json.dumps(rolled.dump()))) == rolled
    undone = Undone(measured(), [Update("rolled_back", "", 9.5, {})], "1.0.0", True)
    assert Undone.load(json.loads(json.dumps(undone.dump()))) == undone


def test_a_step_is_done_once_and_again_when_the_work_tree_changed(tmp_path: Path) -> None:
    done: list[str] = []

    def steps(state: str, fresh: bool = False) -> Notebook:
        notebook = Notebook(tmp_path / "steps", state)
        notebook.open(fresh)
        assert notebook.step("rate", lambda: done.append(state) or 500) == 500
        return notebook

    steps("eins"), steps("eins")
    assert done == ["eins"]
    steps("zwei"), steps("zwei", fresh=True).close()
    steps("zwei")
    assert done == ["eins", "zwei", "zwei", "zwei"]


def test_a_killed_run_keeps_the_circumstances_of_its_beginning(tmp_path: Path) -> None:
    notebook = Notebook(tmp_path, "eins")
    notebook.open()
    seen = notebook.seen
    Notebook(tmp_path, "eins").open()
    assert Notebook(tmp_path, "eins").seen == seen


@pytest.mark.parametrize(("capacity", "found"), [(999, 500), (430, 425), (200, 200), (480, 475)])
def test_the_highest_rate_is_found_in_five_trials(capacity: int, found: int) -> None:
    class Machine:
        tried: list[int] = []  # noqa: RUF012

        def stretch(self, rate: int, _: object) -> Stretch:
            self.tried.append(rate)
            return measured(rate, failed=0 if rate <= capacity else 1)

    machine = Machine()
    machine.tried = []
    assert quiet.highest_rate(machine) == found  # type: ignore[arg-type]
    assert len(machine.tried) <= 5


def test_a_yardstick_that_is_too_slow_does_not_count() -> None:
    assert quiet.counts(measured(tick=5000))
    assert not quiet.counts(measured(tick=5001))


def test_waiting_lets_the_load_go_on() -> None:
    asyncio.run(quiet.lasting(0)())

"""Requests held against the phases of the runs that went on meanwhile."""

from __future__ import annotations

import pytest

from bench.proof.timeline import OUTSIDE, Span, Wait, by_span, by_time, percentile, spans

REPORT = {
    "finished_at": "2026-01-01T00:00:06+00:00",
    "phases": [
        {"name": "drain:app-1", "intent_at": "2026-01-01T00:00:01+00:00"},
        {"name": "replace:app-1", "intent_at": "2026-01-01T00:00:04+00:00"},
    ],
}
BEGIN = 1_767_225_600.0  # midnight of that day


def test_phase_lasts_until_the_next_one_begins() -> None:
    assert spans([REPORT]) == [
        Span("drain:app-1", BEGIN + 1, BEGIN + 4),
        Span("replace:app-1", BEGIN + 4, BEGIN + 6),
    ]


def test_request_counts_for_the_phase_in_which_it_was_due() -> None:
    waits = [Wait(BEGIN + moment, moment) for moment in (0.5, 1.5, 4.0, 5.9, 6.0)]
    assert by_span(waits, spans([REPORT])) == {
        "drain:app-1": [1.5],
        "replace:app-1": [4.0, 5.9],
        OUTSIDE: [0.5, 6.0],
    }


def test_each_moment_tells_the_slowest_and_what_went_on() -> None:
    lines = list(by_time([Wait(BEGIN + 3.9, 10), Wait(BEGIN + 4.1, 30)], spans([REPORT]), 0.25))
    assert len(lines) == 1
    assert lines[0].split() == ["0.00", "s", "30.0", "ms", "30.0", "ms", "drain:app-1", "replace:app-1"]


@pytest.mark.parametrize(("share", "wanted"), [(0.5, 5), (0.99, 10), (1.0, 10)])
def test_percentile_is_one_of_the_values(share: float, wanted: float) -> None:
    assert percentile([float(number) for number in range(1, 11)], share) == wanted

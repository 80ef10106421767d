"""What the demo says about an update: versions, and what callers saw."""

from __future__ import annotations

from collections import Counter

import pytest

from bench.load import Sample, Tally
from workshop.callers import counted, summary
from workshop.demo import next_version

SEEN = [(1.0, "ok", "1.0.0"), (2.0, "maintenance", ""), (5.5, "maintenance", ""), (6.0, "ok", "1.1.0")]


@pytest.mark.parametrize(
    ("release", "previous", "available", "wanted"),
    [
        ("1.0.0", None, None, "1.1.0"),
        ("1.9.0", "1.8.0", "1.9.0", "1.10.0"),
        ("1.0.0", "1.1.0", None, "1.2.0"),  # after a rollback: 1.1.0 has been
        ("1.1.0", "1.0.0", "1.2.0-kaputt", "1.3.0"),
    ],
)
def test_the_next_version_is_above_everything_the_stack_has_seen(
    release: str, previous: str | None, available: str | None, wanted: str
) -> None:
    known = {"release": release, "previous": previous, "available": available}
    assert next_version({name: {"version": number} if number else None for name, number in known.items()}) == wanted


def test_outcomes_are_told_in_german_good_ones_first() -> None:
    outcomes = Counter({"http-502": 1, "reset": 2, "maintenance": 3, "ok": 4})
    assert counted(outcomes) == "4 × 200, 3 × 503 Wartung, 2 × abgebrochene Verbindungen, 1 × 502"


def test_the_summary_counts_failures_and_names_versions_in_their_order() -> None:
    tally = Tally([Sample(at, at, at, outcome, release) for at, outcome, release in [*SEEN, (7.0, "http-502", "")]])
    assert summary(tally) == [
        "Anfragen        5: 2 × 200, 2 × 503 Wartung, 1 × 502",
        "Versionen       1.0.0, danach 1.1.0",
        "Wartungsseite   3,5 s",
        "Fehler          1",
    ]

"""Percentiles from a bounded histogram."""

from __future__ import annotations

import random

import pytest
from lager.watch.timings import GROWTH, LAST, Timings, bucket_of, timings_from


def timings(*milliseconds: float) -> Timings:
    made = Timings()
    for one in milliseconds:
        made.add(one)
    return made


@pytest.mark.parametrize("share", [0.5, 0.95, 0.99])
def test_percentiles_are_off_by_a_bucket_at_most(share: float) -> None:
    drawn = sorted(random.Random(7).lognormvariate(3, 1) for _ in range(5000))
    exact = drawn[int(share * len(drawn)) - 1]
    assert exact / GROWTH <= timings(*drawn).percentile(share) <= exact * GROWTH


def test_a_percentile_never_exceeds_the_slowest_answer() -> None:
    assert timings(1234.5).percentile(0.5) == 1234.5


def test_the_structure_is_bounded_whatever_comes() -> None:
    made = timings(0, -1, 1e12, *(1.01**power for power in range(3000)))
    assert len(made.counts) <= LAST + 1
    assert made.percentile(1) == made.slowest_ms


def test_merged_timings_are_those_of_all_answers() -> None:
    one, other = timings(1, 2, 3), timings(100, 200)
    other.add(900, is_failed=True)
    one.merge(timings_from(other.document()))
    assert (one.total, one.failed, one.slowest_ms) == (6, 1, 900)
    assert one.counts == {**timings(1, 2, 3, 100, 200, 900).counts}


def test_buckets_grow_with_time() -> None:
    assert [bucket_of(ms) for ms in (0.1, 0.5, 0.55, 1000, 60_000)] == sorted(
        bucket_of(ms) for ms in (0.1, 0.5, 0.55, 1000, 60_000)
    )
    assert bucket_of(60_000) <= LAST

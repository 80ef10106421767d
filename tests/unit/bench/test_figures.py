"""Figures are judged by the number that their limit is about."""

from __future__ import annotations

import pytest

from bench.figures import Figure, Limit, Of


def figure(ours: list[float], theirs: list[float], limit: Limit | None) -> Figure:
    return Figure("Größe", "s", ours, "Vergleich", theirs, limit)


@pytest.mark.parametrize(
    ("limit", "decisive", "kept"),
    [
        (Limit(10), 4, True),
        (Limit(10, always=True), 12, False),
        (Limit(2.5, Of.RATIO), 2, True),
        (Limit(1.5, Of.DIFFERENCE), 2, False),
        (Limit(2, Of.RATIO, at_least=True), 2, True),
        (Limit(1.8, Of.RATIO, at_least=True, always=True), 1.5, False),
    ],
)
def test_limit_holds_for_its_own_number(limit: Limit, decisive: float, kept: bool) -> None:
    judged = figure([3, 4, 12], [2, 2, 3], limit)
    assert (judged.decisive, judged.is_kept) == (decisive, kept)


def test_equally_many_samples_are_compared_pair_by_pair() -> None:
    drifting = figure([2, 20, 200], [1, 10, 100], None)
    assert drifting.ratio == 2
    assert drifting.compared(Of.DIFFERENCE) == [1, 10, 100]


def test_other_numbers_of_samples_are_compared_with_the_median() -> None:
    assert figure([6], [2, 3, 9], None).ratio == 2


def test_figure_without_limit_has_no_verdict() -> None:
    assert figure([1], [0], None).is_kept is None

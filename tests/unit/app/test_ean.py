"""EAN check digits."""

from __future__ import annotations

import pytest
from lager.articles.ean import check_digit, problem_of


@pytest.mark.parametrize("ean", ["4006381333931", "96385074", "036000291452", "10012345678902"])
def test_valid_codes_have_no_problem(ean: str) -> None:
    assert problem_of(ean) is None
    assert check_digit(ean[:-1]) == ean[-1]


@pytest.mark.parametrize(
    ("ean", "said"),
    [
        ("4006381333932", "Prüfziffer"),
        ("4006381339331", "Prüfziffer"),
        ("400638133393", "Prüfziffer"),
        ("40063813339", "8, 12, 13 oder 14 Ziffern; hier sind es 11"),
        ("40063813339a1", "nur aus Ziffern"),
        ("٤٠٠٦٣٨١٣٣٣٩٣١", "nur aus Ziffern"),
    ],
)
def test_problem_is_named(ean: str, said: str) -> None:
    problem = problem_of(ean)
    assert problem is not None
    assert said in problem

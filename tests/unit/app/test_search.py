"""What a search finds, and in which order the list is."""

from __future__ import annotations

import re

import pytest
from lager.articles.search import (
    fold,
    needed_grams,
    query_words,
    search_fields,
    sort_key,
    text_filter,
)

PIPE = {
    "name": "Kupferrohr blank 15 × 1,0 mm, Stange 5 m",
    "number": "KR-15-0100",
    "ean": "4006381333931",
    "manufacturer_number": "RH 4711/B",
    "category": "Rohre",
    "supplier": "Rheinhaus",
}
CABLE = {"name": "Mantelleitung NYM-J 3 x 1,5 mm²", "number": "2101.01", "category": "Kabel & Leitungen"}
PLUG = {"name": "Dübel 6 mm", "number": "3101.01"}


def finds(query: str, article: dict[str, str]) -> bool:
    """The same two conditions that MongoDB evaluates."""
    words = query_words(query)
    stored = search_fields(article)["search"]
    has_grams = set(needed_grams(words)) <= set(stored["grams"])
    patterns = [condition["search.text"]["$regex"] for condition in text_filter(words)]
    return has_grams and all(re.search(pattern, stored["text"]) for pattern in patterns)


@pytest.mark.parametrize(
    ("query", "article"),
    [
        ("rohr", PIPE),
        ("KUPFER", PIPE),
        ("rohr kupfer", PIPE),
        ("kr-15", PIPE),
        ("kr150100", PIPE),
        ("0100", PIPE),
        ("4711", PIPE),
        ("1333931", PIPE),
        ("15x1.0", PIPE),
        ("15 x 1,0", PIPE),
        ("r", PIPE),
        ("nymj", CABLE),
        ("nym-j 3x1,5", CABLE),
        ("3 × 1.5", CABLE),
        ("dübel", PLUG),
        ("duebel", PLUG),
        ("dubel", PLUG),
        ("DÜB", PLUG),
    ],
)
def test_finds(query: str, article: dict[str, str]) -> None:
    assert finds(query, article)


@pytest.mark.parametrize(
    ("query", "article"),
    [("rohrzange", PIPE), ("kupfer nym", PIPE), ("ohr15", PIPE), ("hr", PIPE), ("rheinhaus", PIPE), ("3x2,5", CABLE)],
)
def test_does_not_find(query: str, article: dict[str, str]) -> None:
    assert not finds(query, article)


def test_what_is_typed_never_becomes_an_operator_or_a_pattern() -> None:
    conditions = text_filter(query_words('{"$gt": ""} .* (a+)+$ [0-9]'))
    patterns = [condition["search.text"]["$regex"] for condition in conditions]
    assert all(re.fullmatch(r"(\(\^\| \))?([a-z0-9]|\\\.)+", pattern) for pattern in patterns), patterns


def test_very_long_searches_are_cut() -> None:
    words = query_words("wort" * 100 + " " + " ".join(f"teil{n}" for n in range(100)))
    assert len(words) == 8
    assert len(words[0]) == 40


def test_list_order_is_by_name_with_numbers_in_natural_order() -> None:
    names = ["Rohr 15 mm", "rohr 8 mm", "Bohrer", "Rohr 100 mm", "Ähre"]
    ordered = sorted(names, key=lambda name: sort_key(name, "1"))
    assert ordered == ["Ähre", "Bohrer", "rohr 8 mm", "Rohr 15 mm", "Rohr 100 mm"]


def test_sort_key_differs_for_articles_of_the_same_name() -> None:
    assert sort_key("Rohr", "1") != sort_key("Rohr", "2")


def test_fold_keeps_words_apart() -> None:
    assert fold("Maß 3 x 4, Größe") == "mass 3x4, grosse"

"""The example business is plausible and complete."""

from __future__ import annotations

from lager.articles.ean import problem_of
from lager.articles.model import ArticleInput
from lager.demo.load import all_examples
from lager.demo.places import PLACES
from lager.locations.model import PARENTS, Kind


def test_there_are_enough_different_articles_with_valid_eans() -> None:
    examples = all_examples()
    assert len(examples) >= 300
    assert len({example.number for example in examples}) == len(examples)
    assert len({example.ean for example in examples}) == len(examples)
    assert [example.ean for example in examples if problem_of(example.ean)] == []


def test_every_article_is_valid_and_lies_at_known_places() -> None:
    codes = {place.code for place in PLACES}
    for example in all_examples():
        assert set(example.series.places) <= codes, example
        ArticleInput.model_validate({"name": example.name, "number": example.number, "purchase_price": example.price})


def test_places_fit_into_their_parents_and_include_three_vehicles() -> None:
    kinds = {place.code: place.kind for place in PLACES}
    assert len(kinds) == len(PLACES)
    assert list(kinds.values()).count(Kind.VEHICLE) == 3
    for place in PLACES:
        parent = kinds[place.parent] if place.parent else None
        assert (parent in PARENTS[place.kind]) if parent else not PARENTS[place.kind], place


def test_examples_are_the_same_each_time() -> None:
    assert all_examples() == all_examples()

"""The example business is plausible and complete."""

from __future__ import annotations

from collections import Counter

from lager.articles.ean import problem_of
from lager.articles.model import ArticleInput
from lager.bookings.model import Kind as BookingKind
from lager.demo.load import all_examples
from lager.demo.movements import movements
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


def test_movements_go_on_from_day_to_day_and_take_only_what_is_there() -> None:
    told = movements(all_examples())
    assert told == movements(all_examples())
    assert len({movement.name for movement in told}) == len(told) >= 100
    assert {movement.kind for movement in told} == set(BookingKind)
    times = [(-movement.days_ago, movement.hour) for movement in told]
    assert times == sorted(times)
    stock: Counter[tuple[str, str]] = Counter()
    for movement in told:
        for move in movement.moves:
            if movement.kind is BookingKind.CORRECTION:
                stock[move.number, str(move.source)] = move.amount
                continue
            stock[move.number, str(move.target)] += move.amount
            stock[move.number, str(move.source)] -= move.amount if move.source else 0
        assert min(stock.values()) >= 0, movement


def test_examples_are_the_same_each_time() -> None:
    assert all_examples() == all_examples()

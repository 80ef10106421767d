"""What happened in the example business: opening stock, then four weeks of deliveries, sites and counts.

The same on every call. Nothing is taken that is not there, so everything can really be booked in this order.
"""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from lager.bookings.model import Kind
from lager.demo.catalogue import Example

DAYS = 28
OPENING_LINES = 60  # per booking
VANS = {"T1": "Uwe Petersen", "T2": "Selin Yılmaz", "KD": "Malte Brandt"}
OFFICE = "Jana Petersen"
SITES = (
    "Gartenstraße 12",
    "Neubau Hafenweg 3",
    "Bäckerei Lühr",
    "Kita Sonnenberg",
    "Familie Okafor",
    "Praxis Dr. Weiß",
)


@dataclass(frozen=True)
class Move:
    """``source`` and ``target`` are codes of places; of a count ``amount`` is what was found."""

    number: str
    amount: int
    source: str | None = None
    target: str | None = None


@dataclass(frozen=True)
class Movement:
    """A booking to be. ``name`` is unique; ``undoes`` the name of the one it takes back. Hours count from midnight."""

    name: str
    kind: Kind
    who: str
    days_ago: int
    hour: float
    moves: tuple[Move, ...] = ()
    reason: str = ""
    note: str = ""
    undoes: str | None = None


class _Story:
    """Writes the movements and keeps count of what lies where."""

    def __init__(self, examples: Sequence[Example]) -> None:
        self.examples = examples
        self.stock: defaultdict[tuple[str, str], int] = defaultdict(int)
        self.by_van = {van: [e for e in examples if _bin(e, van)] for van in VANS}

    def opening(self) -> Iterator[Movement]:
        moves = [
            Move(example.number, _opening_amount(example, place), target=place)
            for example in self.examples
            for place in example.series.places
        ]
        for start in range(0, len(moves), OPENING_LINES):
            part = tuple(moves[start : start + OPENING_LINES])
            name = f"opening-{start // OPENING_LINES}"
            hour = 7 + start / len(moves)
            yield self._done(Movement(name, Kind.IN, OFFICE, DAYS + 2, hour, part, "Anfangsbestand"))

    def days(self) -> Iterator[Movement]:
        for day in range(DAYS, 0, -1):
            if day % 7 not in (0, 6):
                steps = sorted(self._steps(day), key=lambda step: step[0])
                yield from (make(hour) for hour, make in steps)

    def _steps(self, day: int) -> Iterator[tuple[float, Callable[[float], Movement]]]:
        """When something happens, and what."""
        for place, van in enumerate(VANS):
            if _chance(f"load {van} {day}", 2):
                yield 7.2 + place / 3, partial(self._loading, van, day)
            yield 11.2 + place / 3 + _digit(f"when {van} {day}", 5), partial(self._site, van, day)
        if day % 4 == 1:
            yield 9.4, partial(self._delivery, day)
        if day % 6 == 4:
            yield 16.4, partial(self._count, day)

    def mistake(self) -> Iterator[Movement]:
        """Booked from the wrong van, and taken back ten minutes later."""
        wrong = self._site("T1", 1, 16.5)
        yield wrong
        yield Movement(f"undo-{wrong.name}", Kind.UNDO, wrong.who, 1, 16.7, undoes=wrong.name)

    def _loading(self, van: str, day: int, hour: float) -> Movement:
        moves = []
        for example in self._some(van, f"loading {van} {day}"):
            store, amount = example.series.places[0], max(1, example.series.minimum // 3)
            if self.stock[example.number, store] > amount:
                moves.append(Move(example.number, amount, store, _bin(example, van)))
        return self._done(Movement(f"loading-{van}-{day}", Kind.TRANSFER, VANS[van], day, hour, tuple(moves)))

    def _site(self, van: str, day: int, hour: float) -> Movement:
        moves = []
        for example in self._some(van, f"site {van} {day} {hour}"):
            place = _bin(example, van) or ""
            present = self.stock[example.number, place]
            if present > 1:
                moves.append(Move(example.number, 1 + _digit(f"{example.number} {day}", present // 2), source=place))
        site = SITES[_digit(f"where {van} {day}", len(SITES))]
        name = f"site-{van}-{day}-{hour:.1f}"
        return self._done(Movement(name, Kind.OUT, VANS[van], day, hour, tuple(moves), note=site))

    def _delivery(self, day: int, hour: float) -> Movement:
        supplier = self.examples[_digit(f"supplier {day}", len(self.examples))].series.supplier
        offered = [e for e in self.examples if e.series.supplier == supplier and _chance(f"{e.number} {day}", 6)][:12]
        moves = tuple(Move(e.number, max(1, e.series.minimum), target=e.series.places[0]) for e in offered)
        note = f"{supplier}, Lieferschein {30_000 + _digit(f'slip {day}', 60_000)}"
        return self._done(Movement(f"delivery-{day}", Kind.IN, OFFICE, day, hour, moves, "Lieferung", note))

    def _count(self, day: int, hour: float) -> Movement:
        example = self.examples[_digit(f"count {day}", len(self.examples))]
        place = example.series.places[0]
        found = max(0, self.stock[example.number, place] - 1 - day % 2)
        self.stock[example.number, place] = found
        move = Move(example.number, found, source=place)
        return Movement(f"count-{day}", Kind.CORRECTION, OFFICE, day, hour, (move,), "Inventur")

    def _some(self, van: str, what: str) -> list[Example]:
        known = self.by_van[van]
        start, count = _digit(what, len(known)), 2 + _digit(f"how many {what}", 4)
        return (known + known)[start : start + count]

    def _done(self, movement: Movement) -> Movement:
        for move in movement.moves:
            for place, amount in ((move.source, -move.amount), (move.target, move.amount)):
                if place:
                    self.stock[move.number, place] += amount
        return movement


def movements(examples: Sequence[Example]) -> list[Movement]:
    """In the order of their times."""
    story = _Story(examples)
    told = [*story.opening(), *story.days(), *story.mistake()]
    return [movement for movement in told if movement.moves or movement.undoes]


def _bin(example: Example, van: str) -> str | None:
    return next((place for place in example.series.places if place.startswith(f"{van}-")), None)


def _opening_amount(example: Example, place: str) -> int:
    """Somewhat more than the minimum on the shelf, a handful in a vehicle."""
    minimum = example.series.minimum
    if place == example.series.places[0]:
        return minimum + _digit(f"shelf {example.number}", 2 * minimum) + 1
    return max(2, minimum // 3 + _digit(f"{place} {example.number}", max(2, minimum // 3)))


def _digit(what: str, below: int) -> int:
    """A number from 0, always the same for the same words."""
    return zlib.crc32(what.encode()) % max(1, below)


def _chance(what: str, one_in: int) -> bool:
    return _digit(what, one_in) == 0

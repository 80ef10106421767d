"""What a measurement says: figures with a baseline of the same run, judged against limits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from statistics import median


class Of(Enum):
    """What a limit holds for."""

    VALUE = ""
    RATIO = "Verhältnis"
    DIFFERENCE = "Unterschied"


@dataclass(frozen=True)
class Limit:
    """`at_least` turns „at most" round; `always` means that every single sample must keep it, not only the median."""

    bound: float
    of: Of = Of.VALUE
    at_least: bool = False
    always: bool = False


@dataclass(frozen=True)
class Figure:
    """Samples of one quantity beside those of its baseline; equally many of both are compared pair by pair."""

    name: str
    unit: str
    samples: Sequence[float]
    baseline_name: str
    baseline: Sequence[float]
    limit: Limit | None = None

    def compared(self, of: Of) -> list[float]:
        """The samples themselves, or what they are against the baseline."""
        if of is Of.VALUE:
            return list(self.samples)
        against: Callable[[float, float], float] = _ratio if of is Of.RATIO else _difference
        if len(self.samples) == len(self.baseline):
            return [against(ours, theirs) for ours, theirs in zip(self.samples, self.baseline, strict=True)]
        return [against(ours, median(self.baseline)) for ours in self.samples]

    @property
    def median(self) -> float:
        return median(self.samples)

    @property
    def baseline_median(self) -> float:
        return median(self.baseline)

    @property
    def ratio(self) -> float:
        return median(self.compared(Of.RATIO))

    @property
    def decisive(self) -> float | None:
        """The number that the limit is about."""
        if self.limit is None:
            return None
        found = self.compared(self.limit.of)
        if not self.limit.always:
            return median(found)
        return min(found) if self.limit.at_least else max(found)

    @property
    def is_kept(self) -> bool | None:
        """None where there is no limit."""
        if self.limit is None or self.decisive is None:
            return None
        return self.decisive >= self.limit.bound if self.limit.at_least else self.decisive <= self.limit.bound


@dataclass(frozen=True)
class Table:
    """More than a figure: rows of text under a heading."""

    heading: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Report:
    """What one topic found. `name` is its file's name, `method` German Markdown on how it was measured, `made_by` the
    command that writes it."""

    name: str
    title: str
    method: str
    figures: Sequence[Figure]
    tables: Sequence[Table] = field(default_factory=tuple)
    made_by: str = "make bench"

    @property
    def missed(self) -> list[Figure]:
        return [figure for figure in self.figures if figure.is_kept is False]


def _ratio(ours: float, theirs: float) -> float:
    return ours / theirs if theirs else float("inf")


def _difference(ours: float, theirs: float) -> float:
    return ours - theirs

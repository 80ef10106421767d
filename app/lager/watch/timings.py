"""How long answers took, in a bounded structure: a histogram with logarithmic buckets that can be merged.

At most ``LAST + 1`` counters a route, whatever happens; a percentile is off by ``GROWTH`` (10 %) at most.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

SHORTEST_MS = 0.5
GROWTH = 1.1
LAST = 123  # SHORTEST_MS * GROWTH ** LAST is a minute


@dataclass
class Timings:
    """``counts`` by bucket, milliseconds. ``failed`` are answers with 5xx."""

    counts: dict[int, int] = field(default_factory=dict)
    failed: int = 0
    slowest_ms: float = 0.0

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    def add(self, milliseconds: float, *, is_failed: bool = False) -> None:
        bucket = bucket_of(milliseconds)
        self.counts[bucket] = self.counts.get(bucket, 0) + 1
        self.failed += is_failed
        self.slowest_ms = max(self.slowest_ms, milliseconds)

    def merge(self, other: Timings) -> None:
        for bucket, count in other.counts.items():
            self.counts[bucket] = self.counts.get(bucket, 0) + count
        self.failed += other.failed
        self.slowest_ms = max(self.slowest_ms, other.slowest_ms)

    def percentile(self, share: float) -> float:
        """The milliseconds that ``share`` (0 to 1) of the answers did not exceed."""
        wanted, seen = share * self.total, 0
        for bucket in sorted(self.counts):
            seen += self.counts[bucket]
            if seen >= wanted:
                return self.slowest_ms if bucket == LAST else min(self.slowest_ms, SHORTEST_MS * GROWTH**bucket)
        return self.slowest_ms

    def document(self) -> dict[str, Any]:
        """As MongoDB stores it; ``timings_from`` reads it."""
        return {"counts": sorted(map(list, self.counts.items())), "failed": self.failed, "slowest_ms": self.slowest_ms}


def timings_from(document: dict[str, Any]) -> Timings:
    counts: Iterable[tuple[int, int]] = document["counts"]
    return Timings(dict(counts), document["failed"], document["slowest_ms"])


def bucket_of(milliseconds: float) -> int:
    if milliseconds <= SHORTEST_MS:
        return 0
    return min(LAST, math.ceil(math.log(milliseconds / SHORTEST_MS) / math.log(GROWTH)))

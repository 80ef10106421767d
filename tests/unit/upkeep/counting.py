"""Numbers one after the other; unlike itertools.count also for what is copied as a whole (not from Python 3.14 on)."""

from __future__ import annotations


class Numbers:
    def __init__(self, first: int = 1) -> None:
        self._next = first

    def __next__(self) -> int:
        self._next += 1
        return self._next - 1

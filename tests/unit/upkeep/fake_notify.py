"""Somebody to be told, in a test's world."""

from __future__ import annotations

from upkeep.notify.notice import Delivery, Notice


class FakeNotify:
    """`sent`: what arrived. `problem`: why nothing does now. `ways`: 0 when nobody wants to be told."""

    def __init__(self) -> None:
        self.sent: list[Notice] = []
        self.problem: str | None = None
        self.ways = 1

    def send(self, notice: Notice) -> tuple[Delivery, ...]:
        if not self.problem and self.ways:
            self.sent.append(notice)
        return (Delivery("E-Mail an anna@example.de", self.problem),) * self.ways

    def said(self) -> list[tuple[str, str]]:
        """(kind, code) of what arrived since the last time."""
        found = [(str(notice.kind), notice.code) for notice in self.sent]
        self.sent.clear()
        return found

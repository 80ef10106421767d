"""What somebody is told: an alarm, its all-clear, or a trial."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    ALARM = "alarm"
    ALL_CLEAR = "all_clear"
    TEST = "test"


WORDS = {Kind.ALARM: "ALARM", Kind.ALL_CLEAR: "Entwarnung", Kind.TEST: "Probe"}


@dataclass(frozen=True)
class Notice:
    """`code`: for programs; `title`: a few words; `text`: what happened and what to do; `at`: ISO 8601. `stack` is
    empty for what concerns the whole host."""

    kind: Kind
    code: str
    title: str
    text: str
    at: str
    stack: str = ""

    def subject(self, host: str) -> str:
        """One line."""
        about = f" {self.stack}:" if self.stack else ""
        return " ".join(f"[Upkeep {host}] {WORDS[self.kind]}{about} {self.title}".split())

    def body(self, host: str) -> str:
        where = f"Stack:     {self.stack}\n" if self.stack else ""
        return f"{self.text}\n\nHost:      {host}\n{where}Zeitpunkt: {self.at}\nKennung:   {self.code}\n"

    def document(self, host: str) -> dict[str, Any]:
        """For a webhook. `text` is what chat services show."""
        told = f"{self.subject(host)}\n{self.text}"
        return asdict(self) | {"schema": 1, "host": host, "message": self.text, "text": told}


@dataclass(frozen=True)
class Delivery:
    """`way`: by which it went, in German, without secrets. `problem`: None when it arrived."""

    way: str
    problem: str | None = None

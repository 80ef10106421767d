"""What pytest says of a room's tests: one file of JUnit's XML per room, another one for its second turn."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

Counts = tuple[int, int, int]


def again_of(room: str) -> str:
    """The name of its second turn."""
    return f"{room}-nochmal"


@dataclass(frozen=True)
class Reports:
    """All of them lie in one folder."""

    folder: Path

    def place(self, room: str) -> Path:
        return self.folder / f"{room}.xml"

    def clear(self) -> None:
        for report in self.folder.glob("*.xml"):
            report.unlink()

    def failed(self, room: str) -> tuple[str, ...]:
        """Tests of the first turn, each once."""
        cases = [case for suite in self._suites(room) for case in suite.iter("testcase")]
        failing = [case for case in cases if case.find("failure") is not None or case.find("error") is not None]
        return tuple(dict.fromkeys(f"{case.get('classname')}::{case.get('name')}" for case in failing))

    def counts(self, room: str) -> Counts:
        """(passed, failed, skipped), the second turn of some of its tests included; zeros where there is no report."""
        passed, failed, skipped = self._of_one_turn(room)
        if self._suites(again_of(room)):
            later, failed, _ = self._of_one_turn(again_of(room))
            passed += later
        return passed, failed, skipped

    def _of_one_turn(self, room: str) -> Counts:
        total = failed = skipped = 0
        for suite in self._suites(room):
            total += int(suite.get("tests", 0))
            failed += int(suite.get("failures", 0)) + int(suite.get("errors", 0))
            skipped += int(suite.get("skipped", 0))
        return total - failed - skipped, failed, skipped

    def _suites(self, room: str) -> list[ElementTree.Element]:
        report = self.place(room)
        return list(ElementTree.parse(report).getroot().iter("testsuite")) if report.exists() else []  # noqa: S314 - our own

"""What a slot that does not run is said to be."""

from __future__ import annotations

import pytest

from upkeep.phases.ready import _crash
from upkeep.ports.containers import Container


@pytest.mark.parametrize(
    ("exit_code", "restarts", "said"),
    [
        (0, 0, ""),
        (1, 3, ", Exit-Code 1, 3 Neustarts"),
        (137, 5, ", Exit-Code 137 (von außen beendet, etwa weil der Speicher nicht reichte), 5 Neustarts"),
    ],
)
def test_crash_is_described_by_what_ended_it(exit_code: int, restarts: int, said: str) -> None:
    container = Container("id", "lager-app-1-1", "app-1", "app", "restarting", None, {}, "", restarts, exit_code)
    assert _crash(container) == said

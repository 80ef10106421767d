"""The short version of `make load`: nobody notices a rolling update, and no way back loses what was confirmed."""

from __future__ import annotations

import pytest

from tests.faults.managed import ManagedHost
from tests.integration.upkeep.callers import Mix, during
from tests.load.conftest import NEW, OLD

pytestmark = [pytest.mark.docker, pytest.mark.slow]
ROUNDS = 2
MIX = Mix(per_second=120, read="/api/health", long_every=101, long_seconds=2)


def test_rolling_updates_back_and_forth_cost_nobody_an_answer(host: ManagedHost) -> None:
    reports = []

    def updates() -> None:
        for version in (NEW, OLD) * ROUNDS:
            reports.append(host.do("update", to=version, force=True))

    seen = during(host, updates, MIX)
    assert [report["result"] for report in reports] == ["updated"] * 2 * ROUNDS, reports
    assert seen.tally.outcomes.keys() == {"ok"}, str(seen)
    assert seen.tally.releases.keys() == {OLD, NEW}, str(seen)
    assert seen.accounts
    assert seen.accounts.once == seen.accounts.acknowledged > 0, str(seen)
    assert (seen.accounts.wrong, seen.accounts.unconfirmed) == (0, 0), str(seen)

"""What happens to an update when whoever asked for it goes away."""

from __future__ import annotations

from typing import Any

import pytest

from tests.faults.managed import ManagedHost
from tests.faults.stage import Stage

pytestmark = [pytest.mark.docker, pytest.mark.slow]
MIDDLE = ("stop", "switch", "start", "ready")


def test_play_killed_in_the_middle_of_an_update(stage: Stage, host: ManagedHost) -> None:
    before, newer = stage.newer(late=3)
    playing = stage.plays.start("update")
    run = host.await_phase(*MIDDLE)
    assert playing.kill().code == -9
    assert_ends_and_next_play_tells(stage, run, before, newer)


def test_ssh_sessions_cut_in_the_middle_of_an_update(stage: Stage, host: ManagedHost) -> None:
    before, newer = stage.newer(late=3)
    playing = stage.plays.start("update")
    run = host.await_phase(*MIDDLE)
    host.testbed("cut", "--ssh")
    played = playing.ended()
    assert played.code == 2, played.output
    assert "web1 ist nicht mehr erreichbar" in played.text
    assert_ends_and_next_play_tells(stage, run, before, newer)


def test_network_cut_in_the_middle_of_an_update(stage: Stage, host: ManagedHost) -> None:
    before, newer = stage.newer(late=3)
    playing = stage.plays.start("update")
    run = host.await_phase(*MIDDLE)
    host.testbed("cut")
    try:
        assert host.report(run)["result"] == "updated"
        played = playing.ended()
    finally:
        host.testbed("mend")
    assert played.code == 2, played.output
    assert "web1 ist nicht mehr erreichbar" in played.text
    assert_ends_and_next_play_tells(stage, run, before, newer)


def assert_ends_and_next_play_tells(stage: Stage, run: str, before: str, newer: str) -> None:
    report: dict[str, Any] = stage.host.report(run)
    assert report["result"] == "updated", report
    assert report["message"].startswith(f"{before} → {newer} (Wartung ")
    assert stage.host.serves(newer)
    played = stage.plays.fine("update")
    assert f"{newer} läuft schon; es gibt nichts Neueres. Vorheriger Lauf: Update, " in played.text
    assert f"von {report['starter']}: erledigt ({before} → {newer})" in played.text
    assert report["starter"].startswith("ansible:root@")
    assert played.recap("web1", "changed") == 0

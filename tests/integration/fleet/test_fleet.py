"""Several hosts behind a balancer: nobody notices an update, and whatever breaks, nobody stays drained."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.faults.plays import until
from tests.integration.fleet.fleet import HOSTS, Fleet
from tests.integration.upkeep.load import Load

pytestmark = [pytest.mark.docker, pytest.mark.slow]


def results(report: dict[str, Any]) -> list[str]:
    return [row["result"] for row in report["hosts"]]


def test_rolling_through_three_hosts_loses_no_request_and_a_second_play_changes_nothing(fleet: Fleet) -> None:
    before, newer = fleet.running()[0], fleet.newer()
    with Load(fleet.balancer) as load:
        played, report = fleet.play("update")
    assert played.code == 0, played.output
    assert load.kinds() == {f"200 {before}", f"200 {newer}"}
    assert fleet.running() == [newer] * 3
    assert results(report) == ["updated"] * 3
    assert (report["result"], report["finished"]) == ("updated", True)
    assert f"web2 lager {before} {newer} aktualisiert" in played.text
    assert (fleet.drained(), fleet.locked()) == ([], False)

    again, report = fleet.play("update")
    assert again.code == 0, again.output
    assert [again.recap(host, "changed") for host in HOSTS] == [0, 0, 0], again.output
    assert report["result"] == "unchanged"


def test_a_broken_second_host_stops_the_play_and_leaves_the_third_alone(fleet: Fleet) -> None:
    before, newer = fleet.running()[0], fleet.newer(sick_on="web2")
    with Load(fleet.balancer) as load:
        played, report = fleet.play("update")
    assert played.code == 2, played.output
    assert fleet.running() == [newer, before, before]
    assert results(report) == ["updated", "rolled_back", "untouched"]
    assert (report["result"], report["finished"]) == ("failed", True)
    assert "Vorher aktualisiert, bleibt so: web1. Nicht mehr angefasst: web3." in played.text
    assert "web3 – – – nicht angefasst –" in played.text
    assert (fleet.drained(), fleet.locked()) == ([], False)
    until(lambda: fleet.serving() == list(HOSTS), 60, "alle bedienen")
    assert load.kinds() == {f"200 {before}", f"200 {newer}"}


@pytest.mark.faults
def test_a_killed_play_leaves_a_drain_that_ends_by_itself_and_the_next_play_heals(fleet: Fleet) -> None:
    newer = fleet.newer(late=4)
    playing = fleet.plays.start("update", drain_lease=12)
    until(lambda: fleet.drained() == ["web1"], 60, "web1 ist abgehängt")
    drained_at = time.monotonic()
    second = fleet.plays.run("update")
    assert second.code == 2, second.output
    assert "Ein Flottenlauf ist schon im Gange: Update 2" in second.text
    playing.kill()
    assert fleet.drained() == ["web1"]
    until(lambda: fleet.drained() == [], 15, "das Abhängen endet von selbst")
    assert time.monotonic() - drained_at <= 13

    healing, report = fleet.play("update", wait_for_running=60)
    assert healing.code == 0, healing.output
    assert (fleet.running(), report["result"]) == ([newer] * 3, "updated")
    assert (fleet.drained(), fleet.locked()) == ([], False)


@pytest.mark.faults
def test_revert_all_takes_back_what_was_updated_newest_first(fleet: Fleet) -> None:
    before = fleet.running()[0]
    fleet.newer(sick_on="web3")
    with Load(fleet.balancer) as load:
        played, report = fleet.play("update", on_failure="revert_all")
    assert played.code == 2, played.output
    assert fleet.running() == [before] * 3
    assert results(report) == ["reverted", "reverted", "rolled_back"]
    assert played.output.index("(item=web2, lager)") < played.output.index("(item=web1, lager)")
    assert (fleet.drained(), fleet.locked()) == ([], False)
    assert {kind.partition(" ")[0] for kind in load.kinds()} == {"200"}


@pytest.mark.faults
def test_an_unreachable_host_in_the_middle_stops_the_play(fleet: Fleet) -> None:
    before, newer = fleet.running()[0], fleet.newer()
    fleet.testbed("cut", "web2")
    try:
        played, report = fleet.play("update")
    finally:
        fleet.testbed("mend", "web2")
    assert played.code == 2, played.output
    assert fleet.running() == [newer, before, before]
    assert results(report) == ["updated", "unreachable", "untouched"]
    assert "web2 ist nicht erreichbar und wurde nicht angerührt" in played.text
    assert (fleet.drained(), fleet.locked()) == ([], False)


@pytest.mark.faults
def test_a_host_lost_in_the_middle_of_its_update_is_not_left_drained(fleet: Fleet) -> None:
    before, newer = fleet.running()[0], fleet.newer(late=6)
    playing = fleet.plays.start("update", "-l", "web1,web2")
    until(lambda: fleet.drained() == ["web1"], 60, "web1 ist abgehängt")
    time.sleep(3)
    fleet.testbed("cut", "web1")
    try:
        played = playing.ended()
        assert (fleet.drained(), fleet.locked()) == ([], False)
    finally:
        fleet.testbed("mend", "web1")
    assert played.code == 2, played.output
    assert "web1 ist nicht mehr erreichbar" in played.text
    until(lambda: fleet.running() == [newer, before, before], 30, "web1 führt seinen Lauf zu Ende")
    until(lambda: fleet.serving() == list(HOSTS), 60, "alle bedienen")


@pytest.mark.faults
def test_a_killed_plays_drain_is_healed_at_once_by_the_next_play(fleet: Fleet) -> None:
    newer = fleet.newer(late=4)
    playing = fleet.plays.start("update")
    until(lambda: fleet.drained() == ["web1"], 60, "web1 ist abgehängt")
    playing.kill()
    played, _ = fleet.play("update", wait_for_running=60)
    assert played.code == 0, played.output
    assert "Von einem abgebrochenen Lauf noch abgehängt, jetzt wieder dabei: web1" in played.text
    assert fleet.running() == [newer] * 3


@pytest.mark.faults
def test_the_canary_goes_first_and_is_watched(fleet: Fleet) -> None:
    newer = fleet.newer()
    with Load(fleet.balancer) as load:
        played, report = fleet.play("update", canary="web2", canary_pause=5)
    assert played.code == 0, played.output
    assert [row["host"] for row in report["hosts"]] == ["web2", "web1", "web3"]
    assert "web2 5 s beobachtet: " in played.text
    assert fleet.running() == [newer] * 3
    assert {kind.partition(" ")[0] for kind in load.kinds()} == {"200"}


@pytest.mark.faults
def test_rollback_goes_host_by_host_too(fleet: Fleet) -> None:
    before = fleet.running()[0]
    fleet.newer()
    assert fleet.play("update")[0].code == 0
    with Load(fleet.balancer) as load:
        played, report = fleet.play("rollback")
    assert played.code == 0, played.output
    assert fleet.running() == [before] * 3
    assert report["playbook"] == "rollback.yml"
    assert {kind.partition(" ")[0] for kind in load.kinds()} == {"200"}


@pytest.mark.faults
def test_a_drain_survives_reload_and_restart_and_what_is_drained_by_hand_stays(fleet: Fleet) -> None:
    balancer = fleet.balancer
    balancer.run("upkeep-balancer", "drain", "web2", "--minutes", "5")
    with Load(balancer) as load:
        balancer.run("systemctl", "reload", "haproxy")
        assert fleet.drained() == ["web2"]
    assert {kind.partition(" ")[0] for kind in load.kinds()} == {"200"}
    balancer.run("systemctl", "restart", "haproxy")
    assert fleet.drained() == ["web2"]
    fleet.newer()
    played, _ = fleet.play("update")
    assert played.code == 0, played.output
    assert "web2 bleibt abgehängt: von Hand" in played.text
    assert fleet.drained() == ["web2"]
    balancer.run("upkeep-balancer", "ready", "web2")
    assert balancer.run("stat", "-c", "%a %U", "/run/haproxy/admin.sock").split() == ["600", "root"]


@pytest.mark.faults
def test_the_balancers_playbook_twice_changes_nothing(fleet: Fleet) -> None:
    assert fleet.plays.fine("load_balancer", "--check").recap("lb1", "changed") == 0
    assert fleet.plays.fine("load_balancer").recap("lb1", "changed") == 0

"""One fleet run at a time, and one report."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.upkeep_balancing.fleet import FleetLock, Holder

from tests.unit.fleet.conftest import plugin

lock_action = plugin("action", "upkeep_fleet_lock")
filters = plugin("filter", "upkeep_fleet")
callback = plugin("callback", "upkeep_fleet")


def holder(run: str) -> Holder:
    return Holder(run, "anna@laptop", "Update", "laptop", "1 2")


class Clock:
    def __init__(self) -> None:
        self.moment = 1000.0

    def __call__(self) -> float:
        return self.moment


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def lock(tmp_path: Path, clock: Clock) -> FleetLock:
    return FleetLock(tmp_path, clock)


def test_the_second_one_learns_who_was_first(lock: FleetLock) -> None:
    lock.take(holder("a"), 60)
    first = lock.take(holder("b"), 60)
    assert first.run == "a"
    assert "Ein Flottenlauf ist schon im Gange: Update a, gestartet von anna@laptop" in first.sentence()
    assert "-e take_over=a" in first.sentence()


def test_it_is_renewed_given_back_and_runs_out(lock: FleetLock, clock: Clock) -> None:
    lock.take(holder("a"), 60)
    clock.moment += 50
    assert lock.take(holder("a"), 60).since == 1000.0
    clock.moment += 50
    assert lock.take(holder("b"), 60).run == "a"
    assert not lock.give_back("b")
    assert lock.give_back("a")
    assert lock.take(holder("b"), 60).run == "b"
    clock.moment += 60
    assert lock.holder() is None


def test_only_the_named_one_is_taken_over(lock: FleetLock) -> None:
    lock.take(holder("a"), 60)
    assert lock.take(holder("b"), 60, instead_of="x").run == "a"
    assert lock.take(holder("b"), 60, instead_of="a").run == "b"


def test_a_dead_play_is_known_only_on_its_own_controller() -> None:
    here = lock_action.controller()
    me = f"{os.getpid()} {lock_action.born(os.getpid())}"
    assert not lock_action.is_dead({"controller": here, "process": me})
    assert lock_action.is_dead({"controller": here, "process": f"{os.getpid()} 17"})
    assert lock_action.is_dead({"controller": here, "process": "4194304 17"})
    assert not lock_action.is_dead({"controller": "elsewhere", "process": "4194304 17"})
    assert not lock_action.is_dead({})


def updated(item: Any, before: str, after: str, result: str = "updated") -> dict[str, Any]:
    report = {"from": {"version": before}}
    return {"item": item, "result": result, "release": {"version": after}, "report": report, "message": "…"}


def test_what_is_reverted_comes_newest_first_and_without_the_failed_host() -> None:
    done = {"updates": {"results": [{"item": "x", "result": "updated"}, {"item": "y", "result": "unchanged"}]}}
    hostvars = {"web1": done, "web2": done, "web3": {}}
    assert filters.fleet_updated(["web1", "web2", "web3"], hostvars, "web3") == [
        {"host": "web2", "stack": "x"},
        {"host": "web1", "stack": "x"},
    ]
    assert [entry["host"] for entry in filters.fleet_updated(["web1", "web2"], hostvars, "web2")] == ["web1"]


def test_the_ending_names_everybody() -> None:
    done = [{"host": "web1", "stack": "x"}]
    text = filters.fleet_ending(["web1", "web2", "web3"], "web2", done, False)
    assert text == "\nVorher aktualisiert, bleibt so: web1. Nicht mehr angefasst: web3."
    assert "wieder zurückgenommen" in filters.fleet_ending(["web1", "web2"], "web2", done, True)


def test_the_reason_of_a_loop_is_that_of_its_first_failed_item() -> None:
    failed = {"msg": "One or more items failed", "results": [{"msg": "gut"}, {"failed": True, "msg": "kaputt"}]}
    assert filters.fleet_reason(failed) == "kaputt"
    assert filters.fleet_reason({"msg": "allein"}) == "allein"


def report_of_a_broken_second_host(clock: Clock) -> Any:
    report = callback.Report("update.yml", ["web1", "web2", "web3"], clock)
    report.began("web1")
    report.planned("web1", {"item": "probe", "release": {"version": "1.0.0"}})
    clock.moment += 12.34
    report.ran("web1", updated("probe", "1.0.0", "1.1.0"))
    report.began("web2")
    clock.moment += 3
    report.ran("web2", updated("probe", "1.0.0", "1.0.0", "rolled_back"))
    report.went_wrong("web2", "Schluss", "failed")
    return report


def test_table_has_every_host_in_order(clock: Clock) -> None:
    lines = report_of_a_broken_second_host(clock).table().splitlines()
    assert [line.split("  ", 1)[0] for line in lines] == ["Host", "web1", "web2", "web3"]
    assert [" ".join(line.split()) for line in lines[1:]] == [
        "web1 probe 1.0.0 1.1.0 aktualisiert 12,3",
        "web2 probe 1.0.0 1.0.0 gescheitert, alte Version läuft 3,0",
        "web3 – – – nicht angefasst –",
    ]


def test_json_says_the_same_and_whether_it_is_all(clock: Clock) -> None:
    report = report_of_a_broken_second_host(clock)
    body = report.as_json()
    assert (body["result"], body["finished"], body["finished_at"]) == ("failed", False, None)
    assert [(host["host"], host["result"]) for host in body["hosts"]] == [
        ("web1", "updated"),
        ("web2", "rolled_back"),
        ("web3", "untouched"),
    ]
    report.finished = True
    assert report.as_json()["finished_at"]


def test_a_revert_shows_on_the_host_it_happened_to(clock: Clock) -> None:
    report = report_of_a_broken_second_host(clock)
    report.ran("web2", updated({"host": "web1", "stack": "probe"}, "1.1.0", "1.0.0"))
    row = report.rows[0]
    assert (row.host, row.before, row.after, row.result) == ("web1", "1.0.0", "1.0.0", "reverted")


def test_what_breaks_after_an_update_is_no_success(clock: Clock) -> None:
    report = callback.Report("update.yml", ["web1"], clock)
    report.began("web1")
    report.ran("web1", updated("probe", "1.0.0", "1.1.0"))
    assert report.result == "updated"
    report.went_wrong("web1", "app/web1 bedient nicht", "failed")
    assert (report.result, report.rows[0].message) == ("failed", "app/web1 bedient nicht")


def test_an_unreachable_host_is_called_that(clock: Clock) -> None:
    report = callback.Report("update.yml", ["web1"], clock)
    report.ran("web1", {"item": "probe", "unreachable": True, "msg": "Connection timed out"})
    report.went_wrong("web1", "web1 ist nicht mehr erreichbar", "failed")
    assert report.rows[0].result == "unreachable"

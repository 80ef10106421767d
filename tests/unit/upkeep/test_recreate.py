from __future__ import annotations

from typing import Any

import pytest

from tests.unit.upkeep.drive import Driver
from tests.unit.upkeep.streams import Streams
from upkeep.gate import maintenance
from upkeep.gate.maintenance import Notice
from upkeep.stories.execution import execute


def test_first_install_ends_with_an_open_gate_and_the_channels_version(driver: Driver) -> None:
    record = driver.must("deploy", "updated")
    assert record.message == "lager 1.0.0 ist installiert und bereit."
    assert driver.world.gate.closed_by is None
    assert driver.world.gate.maps["release.map"] == {"app-1": "1.0.0"}
    assert driver.state.release is not None
    assert driver.state.release.version == "1.0.0"


def test_gate_starts_after_the_app_is_ready(driver: Driver) -> None:
    driver.must("deploy", "updated")
    assert driver.world.compose.calls == [("app-1",), ("gate",)]


def test_second_deploy_is_unchanged_and_touches_no_container(deployed: Driver) -> None:
    before = set(deployed.world.boxes)
    record = deployed.must("deploy", "unchanged")
    assert record.message == "Alles ist, wie es sein soll (1.0.0)."
    assert set(deployed.world.boxes) == before


def test_update_runs_the_new_digest_and_remembers_the_previous(deployed: Driver) -> None:
    digest = deployed.world.release("1.1.0")
    record = deployed.must("update", "updated")
    assert record.message.startswith("1.0.0 → 1.1.0 (Wartung ")
    assert deployed.world.box("app-1").image.endswith(digest)
    assert deployed.state.release is not None
    assert deployed.state.previous is not None
    assert (deployed.state.release.version, deployed.state.previous.version) == ("1.1.0", "1.0.0")


def test_gate_is_shut_while_the_app_is_replaced_and_open_afterwards(deployed: Driver) -> None:
    deployed.world.release("1.1.0")
    record = deployed.must("update", "updated")
    assert deployed.world.gate.history[-2:] == [f"run:{record.id}", "open"]


@pytest.mark.parametrize(("phase", "kind"), [("close", "good"), ("open", "good"), ("reopen", "sick")])
def test_gate_that_was_just_starting_when_it_was_told_follows_all_the_same(
    deployed: Driver, monkeypatch: pytest.MonkeyPatch, phase: str, kind: str
) -> None:
    """It has read its files before they changed, and answers only afterwards."""
    deployed.world.release("1.1.0", kind=kind)
    run = deployed.begin("update")
    gate, clock, change = deployed.world.gate, deployed.world.clock, maintenance.change
    sleep, began = clock.sleep, list[float]()

    def change_what_it_has_read(*words: Any) -> bool:
        if run.record.intended(phase) and not began:
            gate.read_files()
            gate.mute = True
            began.append(clock.elapsed)
        return change(*words)

    def sleep_until_it_answers(seconds: float) -> None:
        sleep(seconds)
        gate.mute = gate.mute and clock.elapsed - began[0] < 2

    monkeypatch.setattr(maintenance, "change", change_what_it_has_read)
    monkeypatch.setattr(clock, "sleep", sleep_until_it_answers)
    execute(run)
    assert (gate.closed_by, gate.mute, len(began)) == (None, False, 1)
    assert deployed.read(run.record.id).result == ("updated" if kind == "good" else "rolled_back")
    if phase == "close":
        assert gate.history[-2:] == [f"run:{run.record.id}", "open"]


def test_everything_is_pulled_before_the_gate_is_shut(deployed: Driver) -> None:
    deployed.world.release("1.1.0")
    deployed.world.fuse.arm(None)
    deployed.must("update", "updated")
    passed = deployed.world.fuse.passed
    assert passed.index(f"after pull {'registry.example:5000/lager'}") < passed.index("before gate state.map")


def test_update_without_anything_newer_is_unchanged(deployed: Driver) -> None:
    record = deployed.must("update", "unchanged")
    assert record.message == "1.0.0 läuft schon; es gibt nichts Neueres."


def test_failed_probe_brings_the_old_version_back_and_opens_the_gate(deployed: Driver) -> None:
    bad = deployed.world.release("1.1.0", kind="sick")
    record = deployed.must("update", "rolled_back")
    assert record.message == (
        "app-1 nach 20 s nicht bereit (zuletzt HTTP 503). 1.0.0 läuft weiter. Protokoll: `upkeep logs lager`."
    )
    assert deployed.world.behaviour(deployed.world.box("app-1")).version == "1.0.0"
    assert deployed.world.gate.closed_by is None
    assert deployed.state.held == (bad,)


def test_failing_containers_last_words_are_in_the_report(deployed: Driver) -> None:
    deployed.world.release("1.1.0", kind="sick")
    assert deployed.must("update", "rolled_back").last_logs == ["app-1: app-1 sagt: sick"]


def test_wrong_version_is_not_ready(deployed: Driver) -> None:
    deployed.world.release("1.1.0", kind="liar")
    assert "meldet Version 0.0.0 statt 1.1.0" in deployed.must("update", "rolled_back").reason


def test_crash_loop_is_given_up_long_before_the_timeout(deployed: Driver) -> None:
    deployed.world.release("1.1.0", kind="crash")
    record = deployed.must("update", "rolled_back")
    assert "app-1 startet nicht (zuletzt Container restarting, Exit-Code 1" in record.reason
    assert record.timings["maintenance_s"] < 10


def test_smoke_page_that_fails_brings_the_old_version_back(driver: Driver) -> None:
    app = {"port": 8000, "health_path": "/api/health", "version_path": None, "smoke_path": "/", "slots": 1}
    driver.world.place(app=app)
    driver.must("deploy", "updated")
    driver.world.release("1.1.0", kind="ugly")
    assert "app-1 ist bereit, aber / nicht (zuletzt HTTP 503)" in driver.must("update", "rolled_back").reason


def test_held_digest_needs_force(deployed: Driver) -> None:
    bad = deployed.world.release("1.1.0", kind="sick")
    deployed.must("update", "rolled_back")
    said = "1.0.0 läuft weiter, denn die neueste Version ist zurückgehalten. Zurückgehalten: 1.1.0 ("
    assert deployed.must("update", "unchanged").message.startswith(said)
    refused = deployed.must("update", "refused", to="1.1.0")
    assert "1.1.0 wurde zurückgerollt und ist zurückgehalten" in refused.message
    deployed.world.published[bad].kind = "good"
    deployed.must("update", "updated", force=True)
    assert deployed.state.held == ()


def test_rollback_that_does_not_get_ready_keeps_the_gate_shut_and_says_so(deployed: Driver) -> None:
    old = deployed.world.box("app-1").image.partition("@")[2]
    deployed.world.release("1.1.0", kind="sick")
    deployed.world.published[old].kind = "sick"
    record = deployed.must("update", "failed")
    assert "1.0.0 antwortet nicht; die Wartungsseite bleibt eingeschaltet" in record.message
    assert deployed.world.gate.closed_by == f"run:{record.id}"
    assert deployed.world.gate.maps["state.map"]["title"] == "Störung"


def test_next_good_run_reopens_what_a_failed_one_left_shut(deployed: Driver) -> None:
    old = deployed.world.box("app-1").image.partition("@")[2]
    deployed.world.release("1.1.0", kind="sick")
    deployed.world.published[old].kind = "sick"
    deployed.must("update", "failed")
    deployed.world.release("1.2.0")
    deployed.must("update", "updated")
    assert deployed.world.gate.closed_by is None


def test_failed_pull_leaves_everything_as_it_was(deployed: Driver) -> None:
    deployed.world.release("1.1.0")
    deployed.world.pull_fails = True
    before = set(deployed.world.boxes)
    record = deployed.must("update", "failed")
    assert "no space left on device" in record.message
    assert "1.0.0 läuft unverändert weiter." in record.message
    assert set(deployed.world.boxes) == before
    assert deployed.world.gate.history[-1] == "open"


def test_operators_maintenance_survives_a_run(deployed: Driver) -> None:
    notice = Notice("operator", "Inventur", "Inventur", "Bis Montag.", since="2026-11-21T09:00:00Z")
    maintenance.change(deployed.world.paths, deployed.world.ports(), lambda _: maintenance.Maintenance(operator=notice))
    deployed.world.release("1.1.0")
    record = deployed.must("update", "updated")
    assert deployed.world.gate.closed_by == "operator"
    assert deployed.world.gate.maps["state.map"]["title"] == "Inventur"
    assert record.phase("open").detail == "bleibt wegen der Wartung des Betreibers geschlossen"  # type: ignore[union-attr]


def test_run_waits_for_requests_inside_the_gate(deployed: Driver) -> None:
    deployed.world.release("1.1.0")
    deployed.world.gate.inside = [3, 2, 1]
    record = deployed.must("update", "updated")
    assert record.timings["requests_cut"] == 0


def test_requests_that_outlast_the_drain_timeout_are_counted(driver: Driver) -> None:
    driver.world.place(update={"drain_timeout": 1})
    driver.must("deploy", "updated")
    driver.world.release("1.1.0")
    driver.world.gate.inside = [2] * 1000
    assert driver.must("update", "updated").timings["requests_cut"] == 2


def test_open_streams_are_told_by_sigterm_at_half_time(driver: Driver) -> None:
    """Nobody gets in meanwhile: the window must not last for those who never leave by themselves."""
    driver.world.place(update={"drain_timeout": 30})
    driver.must("deploy", "updated")
    driver.world.release("1.1.0")
    driver.world.gate.inside = Streams(driver.world)
    driver.world.fuse.arm(None)
    record = driver.must("update", "updated")
    assert driver.world.fuse.passed.count("after signal SIGTERM") == 1
    assert record.timings["requests_cut"] == 0
    assert 15 <= record.timings["maintenance_s"] < 18


def test_app_with_a_path_for_it_ends_its_streams_at_once(driver: Driver) -> None:
    driver.world.place(update={"drain_timeout": 30, "drain_path": "/drain"})
    driver.must("deploy", "updated")
    driver.world.release("1.1.0")
    driver.world.gate.inside = Streams(driver.world)
    record = driver.must("update", "updated")
    assert driver.world.probe.posted == [("app-1", "/drain")]
    assert record.timings["maintenance_s"] < 3


def test_window_is_at_most_two_seconds_longer_than_the_start(deployed: Driver) -> None:
    deployed.world.release("1.1.0", seconds=3.0)
    timings = deployed.must("update", "updated").timings
    assert 3.0 <= timings["start_to_ready_s"] <= 3.2
    assert timings["maintenance_s"] <= timings["start_to_ready_s"] + 2


def test_all_slots_stop_before_any_new_one_starts(driver: Driver) -> None:
    driver.world.place(slots=3)
    driver.must("deploy", "updated")
    driver.world.release("1.1.0")
    driver.world.fuse.arm(None)
    driver.must("update", "updated")
    starts = [f"before start app-{number}" for number in (1, 2, 3)]
    passed = [label for label in driver.world.fuse.passed if label in ("after stop", *starts)]
    assert passed[:3] == ["after stop"] * 3
    assert sorted(passed[3:]) == starts


def test_only_current_and_previous_images_stay(deployed: Driver) -> None:
    for version in ("1.1.0", "1.2.0", "1.3.0"):
        deployed.world.release(version)
        deployed.must("update", "updated")
    versions = {deployed.world.published[image.partition("@")[2]].version for image in deployed.world.images}
    assert versions == {None, "1.2.0", "1.3.0"}
    assert len(list(deployed.world.paths.releases.iterdir())) == 2


def test_version_that_fades_in_its_probation_never_meets_a_user(driver: Driver) -> None:
    driver.world.place(update={"probation": 10})
    driver.must("deploy", "updated")
    driver.world.release("1.1.0", kind="fading")
    record = driver.must("update", "rolled_back")
    assert "app-1 wurde in der Probezeit wieder schlecht (zuletzt HTTP 503)" in record.reason
    assert driver.world.gate.history == ["open", f"run:{record.id}", "open"]


def test_way_back_waits_for_a_docker_that_was_stopped_meanwhile(deployed: Driver) -> None:
    """As an upgrade of its package does: for a while nobody answers at all."""
    deployed.world.release("1.1.0")
    history = deployed.world.gate.history
    deployed.world.docker.stopped_when = lambda: history[-1:] == ["open"] and len(history) > 1
    record = deployed.must("update", "rolled_back")
    assert record.message.startswith("Docker antwortet nicht")
    assert "Beim Zurückgehen" not in record.reason
    assert (history[-1], deployed.world.gate.closed_by) == ("open", None)
    assert deployed.state.release is not None
    assert deployed.state.release.version == "1.0.0"


def test_version_may_be_told_on_its_own_path(driver: Driver) -> None:
    app = {"port": 8000, "health_path": "/health", "version_path": "/about", "slots": 1}
    driver.world.place(app=app)
    driver.must("deploy", "updated")
    driver.world.release("1.1.0", kind="liar")
    driver.must("update", "rolled_back")


def test_app_without_a_version_path_is_known_by_its_digest_alone(driver: Driver) -> None:
    driver.world.place(app={"port": 8000, "health_path": "/", "version_path": None, "slots": 1})
    driver.must("deploy", "updated")
    driver.world.release("1.1.0", kind="liar")
    driver.must("update", "updated")


def test_pause_tells_the_gate_how_long_requests_may_wait(driver: Driver) -> None:
    driver.world.place(update={"pause": 20})
    driver.must("deploy", "updated")
    driver.world.release("1.1.0")
    told = holds(driver)
    began = driver.world.clock.moment.timestamp()
    driver.must("update", "updated")
    assert told[0] is not None
    assert 20 <= float(told[0]) - began <= 22
    assert told[-1] is None


def test_no_pause_when_the_gate_itself_changes(driver: Driver) -> None:
    driver.world.place(update={"pause": 20})
    driver.must("deploy", "updated")
    driver.world.place(slots=2, update={"pause": 20})
    (driver.world.paths.home / "gate-wanted").mkdir(exist_ok=True)
    (driver.world.paths.home / "gate-wanted" / "haproxy.cfg").write_text("global\n# anders\n")
    told = holds(driver)
    driver.must("deploy", "updated")
    assert len(told) > 1
    assert set(told) == {None}


def holds(driver: Driver) -> list[str | None]:
    """Every `hold` the gate hears of from now on."""
    told: list[str | None] = []
    set_map = driver.world.gate.set_map

    def listen(name: str, entries: dict[str, str]) -> None:
        told.append(entries.get("hold"))
        set_map(name, entries)

    driver.world.gate.set_map = listen  # type: ignore[method-assign]
    return told

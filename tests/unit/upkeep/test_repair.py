"""The agent's memory of a stack is damaged: nothing new begins, and a repair judges it from what is left."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.upkeep.drive import Driver
from tests.unit.upkeep.test_resume import kill_at
from tests.unit.upkeep.world import Killed
from upkeep import status
from upkeep.agent.operator import set_maintenance
from upkeep.errors import JournalCorrupt
from upkeep.gate import maintenance
from upkeep.memory import journal, repair
from upkeep.runs.run import Run
from upkeep.stories.execution import execute

Damage = Callable[[Path], None]


def edited(path: Path) -> None:
    path.write_text(path.read_text().replace("1.1.0", "9.9.9"))


def cut(path: Path) -> None:
    path.write_text(path.read_text()[:-20])


def rubbish(path: Path) -> None:
    path.write_bytes(b"\x00\xff kein JSON")


@pytest.fixture
def updated(deployed: Driver) -> Driver:
    """1.1.0 runs, 1.0.0 is the one before, 1.2.0 failed and is held."""
    deployed.world.release("1.1.0")
    deployed.must("update", "updated")
    deployed.world.release("1.2.0", kind="sick")
    deployed.must("update", "rolled_back")
    return deployed


def judged(driver: Driver) -> repair.Judgement:
    return repair.judge(driver.world.paths, driver.world.ports())


def test_nothing_is_wrong(updated: Driver) -> None:
    assert judged(updated).answer() == {
        "changed": False,
        "diff": {"before": "", "after": ""},
        "steps": [],
        "message": "Es gibt nichts zu reparieren.",
    }
    assert updated.must("repair", "unchanged").message == "Es gibt nichts zu reparieren."


@pytest.mark.parametrize("damage", [edited, cut, rubbish])
def test_damaged_state_is_rebuilt_from_what_runs_and_what_happened(updated: Driver, damage: Damage) -> None:
    before, boxes = updated.state, set(updated.world.boxes)
    damage(updated.world.paths.state_file)
    with pytest.raises(JournalCorrupt, match=r"state\.json ist nicht lesbar"):
        _ = updated.state
    assert "state.json ist nicht lesbar" in updated.must("deploy", "failed").message
    told = judged(updated)
    assert told.steps == ("state.json und release.env schreiben: 1.1.0, vorige 1.0.0",)
    updated.must("repair", "updated")
    assert updated.state.release == before.release
    assert updated.state.previous is not None
    assert before.previous is not None
    assert updated.state.previous.digest == before.previous.digest
    assert (updated.state.held, updated.state.held_versions) == (before.held, before.held_versions)
    assert (updated.state.references, updated.state.hashes) == (before.references, before.hashes)
    assert set(updated.world.boxes) == boxes, "nothing was restarted"
    assert updated.must("deploy", "unchanged").message.startswith("Alles ist, wie es sein soll (1.1.0).")
    updated.must("rollback", "updated")


def test_status_and_public_answer_with_a_damaged_state(updated: Driver) -> None:
    rubbish(updated.world.paths.state_file)
    rubbish(updated.world.paths.maintenance_file)
    shown = status.status(updated.world.paths, updated.world.ports(), None)
    assert "state.json ist nicht lesbar" in shown["attention"]
    assert any("maintenance.json ist nicht lesbar" in text for text in shown["drift"])
    assert status.public(updated.world.paths, None)["release"] is None


def test_without_any_journal_the_running_release_is_still_known(updated: Driver) -> None:
    rubbish(updated.world.paths.state_file)
    for path in updated.world.paths.runs.glob("*.json"):
        path.unlink()
    updated.must("repair", "updated")
    assert updated.state.release is not None
    assert (updated.state.release.version, updated.state.previous) == ("1.1.0", None)
    updated.world.release("1.3.0")
    updated.must("update", "updated")


def test_nothing_left_but_the_containers_and_release_env(updated: Driver) -> None:
    paths = updated.world.paths
    rubbish(paths.state_file)
    updated.world.files.remove(paths.releases)
    updated.world.files.remove(paths.runs)
    updated.must("repair", "updated")
    assert updated.state.release is not None
    assert paths.snapshot(updated.state.release.snapshot or "").compose_file.exists()
    updated.must("deploy", "updated")  # what was applied of secrets nobody knows: one restart
    updated.must("deploy", "unchanged")


def test_stack_of_which_there_is_no_trace_counts_as_not_deployed(driver: Driver) -> None:
    driver.world.paths.data.mkdir(parents=True)
    rubbish(driver.world.paths.state_file)
    driver.must("repair", "updated")
    assert driver.state.release is None
    driver.must("deploy", "updated")


@pytest.mark.parametrize("acted", [False, True])
@pytest.mark.parametrize("phase", ["close", "stop", "switch", "start", "ready", "open"])
def test_journal_lost_in_the_middle_of_an_update(deployed: Driver, phase: str, acted: bool) -> None:
    """Whatever the update had come to: afterwards one release serves, the gate is open, and updates go on."""
    deployed.world.release("1.1.0")
    run = dying_in(deployed, phase, acted)
    cut(journal.path_of(deployed.world.paths, run.record.id))
    assert deployed.resume() == []
    shut = deployed.world.gate.closed_by
    deployed.must("update", "refused")
    assert deployed.world.gate.closed_by == shut, "only the repair opens it"
    deployed.must("repair", "updated")
    running = {deployed.world.behaviour(box).version for box in deployed.world.boxes.values() if box.role == "app"}
    assert deployed.state.release is not None
    assert deployed.state.release.version in running
    assert deployed.world.box("app-1").image == deployed.state.release.image
    assert deployed.world.box("app-1").state == "running"
    assert deployed.world.gate.closed_by is None
    assert deployed.state.attention is None
    deployed.world.release("1.2.0")
    deployed.must("update", "updated")


def dying_in(driver: Driver, phase: str, acted: bool) -> Run:
    """An update whose agent is killed in this phase, before or after it acted."""
    run = driver.begin("update")
    real = run.phase

    def told(name: str, title: str, percent: int, action: Callable[[Run], str | None]) -> None:
        def die(run: Run) -> str | None:
            if acted:
                action(run)
            raise Killed(name)

        real(name, title, percent, die if name == phase else action)

    run.phase = told  # type: ignore[method-assign]
    with pytest.raises(Killed):
        execute(run)
    return run


def test_edited_journal_of_a_run_that_had_ended_stops_nothing(updated: Driver) -> None:
    run = updated.must("deploy", "unchanged")
    edited(journal.path_of(updated.world.paths, run.id))
    updated.resume()
    shown = status.status(updated.world.paths, updated.world.ports(), None)
    assert any(f"Das Journal {run.id} ist beschädigt." in text for text in shown["drift"])
    updated.must("deploy", "unchanged")
    assert judged(updated).steps[0] == f"Journal beiseitelegen: {run.id}"
    updated.must("repair", "updated")
    assert status.status(updated.world.paths, updated.world.ports(), None)["drift"] == []


def test_broken_audit_log_goes_aside_and_a_new_one_begins(updated: Driver) -> None:
    path = updated.world.paths.audit_log
    edited(path)
    assert judged(updated).steps[0] == "audit.log beiseitelegen und ein neues beginnen"
    run = updated.must("repair", "updated")
    assert path.with_suffix(f".broken-{run.id}").exists()
    assert json.loads(path.read_text().splitlines()[-1])["operation"] == "repair"
    assert status.status(updated.world.paths, updated.world.ports(), None)["audit"]["problem"] is None


@pytest.mark.parametrize("on", [True, False])
def test_operators_maintenance_is_read_from_the_gates_map(updated: Driver, on: bool) -> None:
    paths, ports = updated.world.paths, updated.world.ports()
    set_maintenance(paths, ports, {"on": on, "title": "Inventur & Zählung"}, run_active=False)
    rubbish(paths.maintenance_file)
    updated.must("repair", "updated")
    notice = maintenance.load(paths).operator
    assert (notice.title if notice else None) == ("Inventur & Zählung" if on else None)
    assert updated.world.gate.closed_by == ("operator" if on else None)


def test_release_env_edited_by_hand_is_written_anew(updated: Driver) -> None:
    env = updated.world.paths.release_env
    text = env.read_text()
    env.write_text("UPKEEP_APP_IMAGE=evil\n")
    updated.must("repair", "updated")
    assert env.read_text() == text


def test_app_that_does_not_get_ready_leaves_the_gate_shut_and_runs_refused(deployed: Driver) -> None:
    deployed.world.release("1.1.0")
    kill_at(deployed, "update", 60)
    assert deployed.last is not None
    rubbish(journal.path_of(deployed.world.paths, deployed.last.id))
    deployed.resume()
    for box in deployed.world.boxes.values():
        deployed.world.behaviour(box).kind = "sick" if box.role == "app" else "good"
        box.state = "exited" if box.role == "app" else box.state
    failed = deployed.must("repair", "failed")
    assert "`upkeep repair lager --yes` wiederholen" in failed.message
    assert "Eine Reparatur ist nicht fertig geworden" in deployed.must("update", "refused").message


def test_killed_repair_is_done_again(updated: Driver) -> None:
    rubbish(updated.world.paths.state_file)
    for point in (4, 8, 12, 16):
        run = updated.begin("repair")
        updated.world.fuse.arm(point)
        try:
            execute(run)
        except Killed:
            updated.world.fuse.arm(None)
            (record,) = updated.resume()
            assert record.result == "updated", record.message
        updated.world.fuse.arm(None)
        assert updated.state.attention is None
        rubbish(updated.world.paths.state_file)

"""Hooks: programs of the host around a run, told what it is about; what they print is in the report without secrets."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from tests.unit.upkeep.drive import Driver
from tests.unit.upkeep.test_resume import Stage, kill_at
from upkeep.agent import protocol
from upkeep.policy.commands import When
from upkeep.ports.programs import Ended

CHECK, TELL, CALL = "/usr/local/sbin/pruefen", "/usr/local/sbin/melden", "/usr/local/sbin/alarm"
HOOKS = {
    "before": [{"command": [CHECK, "--streng"], "timeout": 7}],
    "after": [{"command": [TELL]}],
    "alarm": [{"command": [CALL]}],
}


@pytest.fixture
def hooked(driver: Driver) -> Driver:
    """1.0.0 is deployed with a hook of each kind, 1.1.0 is in the channel."""
    return scene(driver)


def scene(driver: Driver) -> Driver:
    driver.world.place(hooks=HOOKS)
    driver.world.programs.present = {CHECK, TELL, CALL}
    driver.must("deploy", "updated")
    driver.world.programs.calls.clear()
    driver.world.release("1.1.0")
    return driver


def test_hooks_run_around_the_run_and_know_what_it_is_about(hooked: Driver) -> None:
    record = hooked.must("update", "updated")
    (check, tell) = hooked.world.programs.calls
    assert (check[0], check[2], tell[0]) == ((CHECK, "--streng"), 7, (TELL,))
    facts = {"UPKEEP_STACK": "lager", "UPKEEP_RUN": record.id, "UPKEEP_OPERATION": "update"}
    assert facts.items() <= check[1].items()
    assert (check[1]["UPKEEP_FROM"], check[1]["UPKEEP_TO"]) == ("1.0.0", "1.1.0")
    assert "UPKEEP_RESULT" not in check[1]
    assert tell[1]["UPKEEP_RESULT"] == "updated"


def test_hook_before_runs_when_everything_is_loaded_and_nothing_is_touched(hooked: Driver) -> None:
    hooked.world.fuse.arm(None)
    hooked.must("update", "updated")
    passed = hooked.world.fuse.passed
    called = passed.index(f"before program {CHECK}")
    assert passed.index("after pull registry.example:5000/lager") < called < passed.index("before create app-1")


@pytest.mark.parametrize(
    ("ended", "seen"),
    [
        (Ended(3, "Bänder fehlen\n", 0.1), "gefunden: Exit-Code 3: Bänder fehlen; erwartet: Exit-Code 0"),
        (Ended(None, "", 7.0), "gefunden: nach 7 s nicht fertig und beendet"),
    ],
)
def test_hook_before_that_fails_or_hangs_refuses_the_run(hooked: Driver, ended: Ended, seen: str) -> None:
    hooked.world.programs.ends[CHECK] = ended
    before = dict(hooked.world.boxes)
    record = hooked.must("update", "refused")
    assert f"Der Hook {CHECK} vor dem Lauf ist gescheitert; geändert wurde nichts ({seen}" in record.message
    assert hooked.world.boxes == before
    assert hooked.world.gate.closed_by is None
    assert hooked.state.held == ()


def test_in_an_emergency_a_failing_hook_can_be_overruled(hooked: Driver) -> None:
    hooked.must("update", "updated")
    hooked.world.programs.ends[CHECK] = Ended(3, "Bänder fehlen\n", 0.1)
    hooked.must("rollback", "refused")
    record = hooked.must("rollback", "updated", force=True)
    assert f"Warnung: Der Hook {CHECK} vor dem Lauf ist gescheitert (Exit-Code 3: Bänder fehlen)." in record.message


def test_hooks_after_a_refusal_can_undo_what_those_before_did(hooked: Driver) -> None:
    hooked.world.programs.ends[CHECK] = Ended(1, "", 0.1)
    hooked.must("update", "refused")
    assert hooked.world.programs.calls[-1][0] == (TELL,)
    assert hooked.world.programs.calls[-1][1]["UPKEEP_RESULT"] == "refused"


def test_hook_after_that_fails_is_a_warning(hooked: Driver) -> None:
    hooked.world.programs.ends[TELL] = Ended(2, "kein Netz\n", 0.1)
    record = hooked.must("update", "updated")
    assert record.message.endswith(f"Warnung: Der Hook {TELL} nach dem Lauf ist gescheitert (Exit-Code 2: kein Netz).")
    assert record.warnings
    assert hooked.state.release is not None
    assert hooked.state.release.version == "1.1.0"


def test_hooks_after_a_failed_update_hear_that_it_was_rolled_back(hooked: Driver) -> None:
    hooked.world.release("1.1.0", kind="sick")
    hooked.must("update", "rolled_back")
    assert hooked.world.programs.calls[-1][1]["UPKEEP_RESULT"] == "rolled_back"


def test_run_without_changes_calls_nobody(hooked: Driver) -> None:
    hooked.must("deploy", "unchanged")
    assert hooked.world.programs.calls == []


def test_missing_program_is_said_before_anything_is_loaded(hooked: Driver) -> None:
    hooked.world.programs.present = {CHECK, CALL}
    record = hooked.must("update", "refused")
    assert f"Der Hook {TELL} ist auf diesem Host nicht ausführbar" in record.message
    assert hooked.world.programs.calls == []


def test_secrets_of_the_stack_are_not_in_the_report(hooked: Driver) -> None:
    hooked.world.programs.ends[CHECK] = Ended(1, "Passwort geheim-token falsch\n", 0.1)
    record = hooked.must("update", "refused")
    report = str(record.report())
    assert "geheim-token" not in report
    assert "Passwort ••• falsch" in report


def test_output_is_in_the_protocol(hooked: Driver) -> None:
    hooked.world.programs.ends[CHECK] = Ended(0, "\n".join(f"Zeile {n}" for n in range(100)), 1.25)
    record = hooked.must("update", "updated")
    lines = protocol.of_run(record.report())
    assert f"Hook davor: {CHECK} --streng (Exit-Code 0, 1,2 s)" in lines
    shown = [line for line in lines if line.startswith("  Zeile")]
    assert (len(shown), shown[0], shown[-1]) == (40, "  Zeile 60", "  Zeile 99")


def test_gate_that_stays_shut_raises_the_alarm(hooked: Driver, caplog: pytest.LogCaptureFixture) -> None:
    old = hooked.world.box("app-1").image.partition("@")[2]
    hooked.world.release("1.1.0", kind="sick")
    hooked.world.published[old].kind = "sick"
    with caplog.at_level(logging.ERROR, "upkeep.run"):
        record = hooked.must("update", "failed")
    call = next(call for call in hooked.world.programs.calls if call[0] == (CALL,))
    assert call[1]["UPKEEP_RESULT"] == "failed"
    assert "die Wartungsseite bleibt eingeschaltet" in call[1]["UPKEEP_REASON"]
    assert [line for line in caplog.messages if line.startswith(f"ALARM lager: {record.reason[:20]}")]


def test_rolled_back_update_raises_no_alarm(hooked: Driver) -> None:
    hooked.world.release("1.1.0", kind="sick")
    hooked.must("update", "rolled_back")
    assert CALL not in hooked.world.programs.called()


def test_agent_killed_in_a_hook_before_says_so_and_does_not_repeat_it(hooked: Driver) -> None:
    kill_at(hooked, "update", f"before program {CHECK}")
    (record,) = hooked.resume()
    assert record.result == "failed"
    assert record.message.startswith(
        f"Der Agent wurde beendet, während der Hook {CHECK} lief; geändert war noch nichts, "
        "und der Hook wird nicht wiederholt. 1.0.0 läuft unverändert weiter."
    )
    assert hooked.world.programs.called() == [TELL]


def test_agent_killed_in_a_hook_after_ends_the_update_with_a_warning(hooked: Driver) -> None:
    kill_at(hooked, "update", f"before program {TELL}")
    (record,) = hooked.resume()
    assert record.result == "updated"
    assert "abgebrochen, weil der Agent beendet wurde" in record.warnings[0]
    assert hooked.world.programs.called() == [CHECK]


def test_no_hook_before_or_after_ever_runs_twice(tmp_path: Path) -> None:
    stage = Stage(tmp_path, lambda driver: scene(driver) and None)
    for point in range(1, stage.points("update") + 1, 3):
        driver = stage.fresh()
        where = kill_at(driver, "update", point)
        driver.resume()
        called = driver.world.programs.called()
        assert all(called.count(name) <= 1 for name in (CHECK, TELL)), where
        assert driver.last is not None
        record = driver.read(driver.last.id)
        assert record.finished_at, where
        assert all(command.ended_at for command in record.commands), where
        told = any(command.when is When.AFTER for command in record.commands)
        assert told == record.intended("before"), where


def test_alarm_that_was_cut_short_is_raised_again(hooked: Driver) -> None:
    old = hooked.world.box("app-1").image.partition("@")[2]
    hooked.world.release("1.1.0", kind="sick")
    hooked.world.published[old].kind = "sick"
    kill_at(hooked, "update", f"after program {CALL}")
    (record,) = hooked.resume()
    assert record.result == "failed"
    assert hooked.world.programs.called().count(CALL) == 2
    assert record.message.count("Beim Zurückgehen") == 1, record.message
    assert hooked.world.gate.closed_by == f"run:{record.id}"

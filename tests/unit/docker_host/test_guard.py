"""A guarded change either holds because someone confirmed it from outside, or everything is as before."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import pytest
from ansible.module_utils.upkeep_guard import Change, Check, Guard, GuardError, Part, install_program
from ansible.module_utils.upkeep_takeback import Memory, main

OLD_CONNECTION = "192.0.2.7 50000 192.0.2.1 22"
NEW_CONNECTION = "192.0.2.7 50001 192.0.2.1 22"


class Commands:
    """Stands in for the host's programs; records what ran, in order, and answers as told."""

    def __init__(self) -> None:
        self.ran: list[str] = []
        self.answers: dict[str, tuple[int, str]] = {}

    def __call__(self, argv: Sequence[str]) -> subprocess.CompletedProcess[str]:
        line = " ".join(argv)
        self.ran.append(line)
        code, said = next((answer for start, answer in self.answers.items() if line.startswith(start)), (0, ""))
        return subprocess.CompletedProcess(list(argv), code, said, "")


@pytest.fixture
def commands() -> Commands:
    return Commands()


@pytest.fixture
def memory(tmp_path: Path) -> Memory:
    return Memory(tmp_path / "memory")


@pytest.fixture
def guard(memory: Memory, commands: Commands) -> Guard:
    return Guard(memory, commands, lambda: datetime(2026, 11, 21, 9, 30))


@pytest.fixture
def change(tmp_path: Path) -> Change:
    rules = Part(
        path=tmp_path / "etc" / "rules",
        content="new rules\n",
        mode=0o600,
        checks=[Check(["check"], ["in effect"])],
        activate=[["activate"]],
        revert=[["deactivate"]],
        live=["show"],
    )
    return Change("access", [rules], timeout=45)


@pytest.fixture(autouse=True)
def checks_pass(commands: Commands) -> None:
    commands.answers["check"] = (0, "something\n  IN effect\n")


def rules(change: Change) -> Path:
    return change.parts[0].path


def taken_back(memory: Memory, name: str = "access") -> None:
    """What the timer does."""
    assert main(["revert", name], memory) == 0


def test_timer_is_armed_before_anything_is_written_and_activated_last(
    guard: Guard, change: Change, commands: Commands
) -> None:
    guard.apply(change, OLD_CONNECTION)
    armed, *then = commands.ran
    assert armed.startswith("systemd-run ")
    assert "--unit=upkeep-guard-access" in armed
    assert "--on-active=45s" in armed
    assert "AccuracySec=250ms" in armed  # systemd's default would be a minute late
    assert armed.endswith("upkeep_takeback.py revert access")
    assert then == ["check", "activate", "show"]
    assert rules(change).read_text() == "new rules\n"
    assert rules(change).stat().st_mode & 0o777 == 0o600


def test_confirmation_over_a_new_connection_keeps_the_change(
    guard: Guard, change: Change, commands: Commands, memory: Memory
) -> None:
    guard.apply(change, OLD_CONNECTION)
    assert guard.confirm("access", NEW_CONNECTION) is True
    assert commands.ran[-1] == "systemctl stop upkeep-guard-access.timer"
    taken_back(memory)  # a timer that fires all the same finds nothing to do
    assert rules(change).read_text() == "new rules\n"
    assert guard.plan(change) == []


def test_confirmation_over_the_old_connection_is_refused(guard: Guard, change: Change) -> None:
    guard.apply(change, OLD_CONNECTION)
    with pytest.raises(GuardError, match="alte SSH-Verbindung und beweist nichts"):
        guard.confirm("access", OLD_CONNECTION)
    assert guard.plan(change) != []


def test_without_confirmation_the_timer_restores_content_and_mode(guard: Guard, change: Change, memory: Memory) -> None:
    rules(change).parent.mkdir()
    rules(change).write_text("old rules\n")
    rules(change).chmod(0o640)
    guard.apply(change, OLD_CONNECTION)
    taken_back(memory)
    assert rules(change).read_text() == "old rules\n"
    assert rules(change).stat().st_mode & 0o777 == 0o640
    with pytest.raises(GuardError, match=r"zurückgenommen: keine Bestätigung innerhalb von 45 s\. Es gelten wieder"):
        guard.confirm("access", NEW_CONNECTION)


def test_a_file_that_was_not_there_is_removed_again(guard: Guard, change: Change, memory: Memory) -> None:
    guard.apply(change, OLD_CONNECTION)
    taken_back(memory)
    assert not rules(change).exists()


def test_reboot_takes_back_the_files_and_starts_nothing(
    guard: Guard, change: Change, memory: Memory, capsys: pytest.CaptureFixture[str]
) -> None:
    guard.apply(change, OLD_CONNECTION)
    assert main(["revert-all", "--files-only"], memory) == 0
    assert not rules(change).exists()
    assert "„access“ zurückgenommen" in capsys.readouterr().out
    with pytest.raises(GuardError, match="ein Neustart kam dazwischen"):
        guard.confirm("access", NEW_CONNECTION)


def test_failing_check_restores_at_once_and_says_why(
    guard: Guard, change: Change, commands: Commands, memory: Memory
) -> None:
    commands.answers["check"] = (255, "line 3: Bad configuration option: Prot")
    with pytest.raises(GuardError) as problem:
        guard.apply(change, OLD_CONNECTION)
    assert "„check“ scheitert: line 3: Bad configuration option: Prot." in str(problem.value)
    assert "Es gelten wieder die bisherigen Einstellungen." in str(problem.value)
    assert not rules(change).exists()
    assert "activate" not in commands.ran
    assert commands.ran[-1] == "systemctl stop upkeep-guard-access.timer"
    assert memory.pending_names() == []


def test_setting_without_effect_names_expected_and_observed(guard: Guard, change: Change, commands: Commands) -> None:
    commands.answers["check"] = (0, "in vain\nother line\n")
    with pytest.raises(GuardError, match=r"erwartet „in effect“, „check“ zeigt „in vain“"):
        guard.apply(change, OLD_CONNECTION)


def test_failing_activation_runs_the_commands_for_the_way_back(
    guard: Guard, change: Change, commands: Commands
) -> None:
    commands.answers["activate"] = (1, "Job failed")
    with pytest.raises(GuardError, match="„activate“ scheitert: Job failed"):
        guard.apply(change, OLD_CONNECTION)
    assert commands.ran[-2:] == ["deactivate", "systemctl stop upkeep-guard-access.timer"]


def test_timer_that_cannot_be_armed_stops_everything(guard: Guard, change: Change, commands: Commands) -> None:
    commands.answers["systemd-run"] = (1, "Failed to connect to bus")
    with pytest.raises(GuardError, match="Zeitgeber für die Rücknahme startet nicht: Failed to connect to bus"):
        guard.apply(change, OLD_CONNECTION)
    assert not rules(change).exists()


def test_unconfirmed_predecessor_never_becomes_the_previous_state(guard: Guard, change: Change, memory: Memory) -> None:
    rules(change).parent.mkdir()
    rules(change).write_text("old rules\n")
    guard.apply(change, OLD_CONNECTION)
    assert guard.plan(change) == list(change.parts)  # equal on disk, and yet not done
    guard.apply(change, NEW_CONNECTION)
    taken_back(memory)
    assert rules(change).read_text() == "old rules\n"


def test_what_is_live_counts_even_if_the_file_is_right(guard: Guard, change: Change, commands: Commands) -> None:
    commands.answers["show"] = (0, "table inet upkeep { a }")
    guard.apply(change, OLD_CONNECTION)
    guard.confirm("access", NEW_CONNECTION)
    assert guard.plan(change) == []
    commands.answers["show"] = (1, "No such file or directory")
    assert guard.plan(change) == list(change.parts)


def test_only_what_differs_is_written_and_activated(guard: Guard, change: Change, tmp_path: Path) -> None:
    quiet = Part(path=tmp_path / "quiet", content="as it was\n", activate=[["restart everything"]])
    quiet.path.write_text("as it was\n")
    quiet.path.chmod(0o644)
    both = Change("access", [quiet, *change.parts], 45)
    assert guard.plan(both) == list(change.parts)


def test_change_without_lockout_risk_is_kept_at_once_and_arms_no_timer(
    guard: Guard, change: Change, commands: Commands, memory: Memory
) -> None:
    guard.apply(Change("docker", change.parts, timeout=0), OLD_CONNECTION)
    assert not [line for line in commands.ran if line.startswith("systemd-run")]
    assert memory.pending_names() == []
    assert guard.plan(Change("docker", change.parts, timeout=0)) == []


def test_confirming_nothing_changes_nothing(guard: Guard) -> None:
    assert guard.confirm("never heard of", NEW_CONNECTION) is False


def test_way_back_is_on_disk_before_the_first_file_is_touched(
    memory: Memory, commands: Commands, change: Change
) -> None:
    def armed_with_memory(argv: Sequence[str]) -> subprocess.CompletedProcess[str]:
        if argv[0] == "systemd-run":
            saved = json.loads((memory.root / "access" / "pending.json").read_text())
            assert saved["files"] == [{"path": str(rules(change)), "text": None}]
            assert saved["revert"] == [["deactivate"]]
            assert not rules(change).exists()
        return commands(argv)

    Guard(memory, armed_with_memory).apply(change, OLD_CONNECTION)


def test_program_and_boot_unit_are_installed_once(memory: Memory, tmp_path: Path) -> None:
    for _ in range(2):
        install_program(memory, "program", tmp_path)
    assert (memory.root / "upkeep_takeback.py").read_text() == "program"
    unit = (tmp_path / "upkeep-guard.service").read_text()
    assert f"{memory.root}/upkeep_takeback.py revert-all --files-only" in unit
    assert (tmp_path / "sysinit.target.wants" / "upkeep-guard.service").readlink() == tmp_path / "upkeep-guard.service"

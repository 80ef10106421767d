"""Installing the agent and switching to it: what happens when it does not answer, and during a run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from ansible.module_utils.upkeep_agent_host import Host, Stillness, SwitchFailed
from ansible.module_utils.upkeep_agent_release import AGENT, MARK, Places, Switch, Wanted

from tests.unit.roles.rendering import Rendering
from upkeep.errors import Busy
from upkeep.runs.lock import StackLock


class FakeHost(Host):
    """Commands do what the real ones would, in a folder. `answers`: version → whether that agent answers."""

    def __init__(self, places: Places) -> None:
        self.places = places
        self.answers: dict[str, bool] = {}
        self.runs: list[str | None] = []
        self.trials: list[str] = []
        self.fails_trial: set[str] = set()
        self.lives = 0
        self.commands: list[str] = []
        self.enabled = False
        self.active = ""
        self.broken: set[str] = set()
        self.time = 0.0

    def command(self, *argv: str) -> str:
        line = " ".join(argv)
        self.commands.append(line)
        if any(word in line for word in self.broken):
            raise SwitchFailed(f"„{line}“ ist gescheitert")
        if argv[0] == "systemctl":
            return self.systemctl(*argv[1:])
        if argv[-1] == "--version":
            return f"upkeep {Path(argv[0]).parts[-3].split('-')[0]}"
        if "-m venv" in line:
            (Path(argv[-1]) / "bin").mkdir(parents=True)
        elif argv[0] == "tar":
            (Path(argv[-1]) / "wheels-1").mkdir()
        return ""

    def systemctl(self, verb: str, *words: str) -> str:
        if verb == "enable":
            self.enabled = True
        elif verb == "is-enabled" and not self.enabled:
            raise SwitchFailed("disabled")
        elif verb == "restart":
            self.active = str(self.places.current.readlink()).split("-")[0]
            self.lives += 1
        elif verb == "show" and words[0] == "--property=InvocationID":
            return str(self.lives or "")
        elif verb == "show" and words[0] == "--property=NRestarts":
            return str(int(self.time)) if not self.answers.get(self.active, True) else "0"
        return ""

    def agent_version(self, socket: Path | None = None) -> str | None:
        return self.active if self.active and self.answers.get(self.active, True) else None

    def try_agent(self, python: Path, wanted: str, timeout: float) -> None:
        self.trials.append(wanted)
        if wanted in self.fails_trial:
            raise SwitchFailed(f"Der Agent {wanted} endet beim Start (Code 1): kein Modul namens x")

    def last_words(self, unit: str, since: float) -> str:
        return "kein Schlüssel da"

    def stillness(self, data: Path) -> Stillness:
        held = super().stillness(data)
        if self.runs and (running := self.runs.pop(0)):
            held.release()
            held.running = running
        return held

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += seconds


@pytest.fixture
def host(tmp_path: Path) -> FakeHost:
    (tmp_path / "opt").mkdir()
    (tmp_path / "bin").mkdir()
    (tmp_path / "data" / "lager").mkdir(parents=True)
    (tmp_path / "data" / "lager" / "lock").touch()
    return FakeHost(Places(tmp_path / "opt", tmp_path / "bin" / "upkeep", tmp_path / "agent-files", tmp_path / "data"))


def switch(host: FakeHost, version: str, digest: str = "0123456789", content: str = "unit") -> Switch:
    root = host.places.root
    unit, archive = root.parent / "unit", root / ".wheels.tar"
    unit.write_text(content)
    wanted = Wanted(version, digest, archive, (unit,), wait_for_run=5, answer_timeout=3)
    return Switch(wanted, host, host.places)


def bring(host: FakeHost, version: str, **other: str) -> Switch:
    wanted = switch(host, version, **other)
    wanted.wanted.archive.touch()
    wanted.install()
    wanted.put_in_force()
    return wanted


def linked(host: FakeHost) -> str:
    return str(host.places.current.readlink())


def test_new_version_is_installed_proven_linked_and_answers(host: FakeHost) -> None:
    one = switch(host, "1.0.0")
    assert one.archive_needed
    assert not one.in_force
    bring(host, "1.0.0")
    assert one.in_force
    assert not one.archive_needed
    assert linked(host) == one.wanted.name
    assert host.places.command.readlink() == host.places.current / "bin" / "upkeep"
    assert not one.wanted.archive.exists()


def test_second_call_changes_nothing(host: FakeHost) -> None:
    one = bring(host, "1.0.0")
    host.commands.clear()
    assert one.in_force
    assert host.commands == [f"systemctl is-enabled --quiet {AGENT}"]


def test_version_that_does_not_answer_goes_back(host: FakeHost) -> None:
    before = bring(host, "1.0.0")
    host.answers["2.0.0"] = False
    with pytest.raises(SwitchFailed) as failed:
        bring(host, "2.0.0")
    assert linked(host) == before.wanted.name
    assert host.active == "1.0.0"
    assert str(failed.value) == (
        "Der Agent 2.0.0 antwortet nach höchstens 3 s nicht (zuletzt: kein Schlüssel da). Agent 1.0.0 läuft weiter. "
        "Ursache: `journalctl -u upkeep-agent`."
    )


def test_first_version_that_does_not_answer_has_nothing_to_go_back_to(host: FakeHost) -> None:
    host.answers["1.0.0"] = False
    with pytest.raises(SwitchFailed, match="Eine frühere Version zum Zurückgehen gibt es nicht"):
        bring(host, "1.0.0")


def test_version_that_cannot_say_its_version_is_never_linked(host: FakeHost) -> None:
    before = bring(host, "1.0.0")
    host.broken = {"--version"}
    with pytest.raises(SwitchFailed):
        bring(host, "2.0.0")
    assert linked(host) == before.wanted.name
    assert not (host.places.root / switch(host, "2.0.0").wanted.name / MARK).exists()


def test_version_that_fails_its_trial_never_touches_the_agent_that_runs(host: FakeHost) -> None:
    before = bring(host, "1.0.0")
    host.commands.clear()
    host.fails_trial = {"2.0.0"}
    with pytest.raises(SwitchFailed, match="endet beim Start"):
        bring(host, "2.0.0")
    assert linked(host) == before.wanted.name
    assert not any("restart" in command for command in host.commands)


def test_old_agent_is_gone_before_the_new_one_is_asked(host: FakeHost) -> None:
    """Both may carry the same version; what answers must be the new one. One order for both halves of the change:
    a play that is killed in between leaves no host without an agent."""
    bring(host, "1.0.0")
    host.commands.clear()
    bring(host, "1.0.0", digest="abcdefabcd")
    order = [command for command in host.commands if command.startswith(("systemctl stop", "systemctl restart"))]
    assert order == [f"systemctl restart --no-block {AGENT}"]
    asked = [command for command in host.commands if "InvocationID" in command]
    assert len(asked) >= 2


def test_version_that_crashes_again_and_again_is_given_up_early(host: FakeHost) -> None:
    bring(host, "1.0.0")
    host.answers["2.0.0"] = False
    two = switch(host, "2.0.0")
    patient = Switch(replace(two.wanted, answer_timeout=600), host, host.places)
    two.wanted.archive.touch()
    patient.install()
    with pytest.raises(SwitchFailed, match=r"Agent 1\.0\.0 läuft weiter"):
        patient.put_in_force()
    assert host.time < 10


def test_no_run_begins_while_the_agent_is_replaced(host: FakeHost) -> None:
    bring(host, "1.0.0")
    lock = StackLock(host.places.data / "lager" / "lock")
    order: list[str] = []
    plain = host.systemctl

    def watched(verb: str, *words: str) -> str:
        if verb == "restart":
            with pytest.raises(Busy, match="Wechsel des Agenten"):
                lock.take({})
            order.append("busy")
        return plain(verb, *words)

    host.systemctl = watched  # type: ignore[method-assign]
    bring(host, "2.0.0")
    assert order == ["busy"]
    lock.take({})


def test_run_that_holds_the_lock_is_named(host: FakeHost) -> None:
    before = bring(host, "1.0.0")
    lock = StackLock(host.places.data / "lager" / "lock")
    lock.take({"id": "20261121-093012-update-7f3a", "operation": "update", "starter": "cli:root"})
    with pytest.raises(SwitchFailed) as failed:
        bring(host, "2.0.0")
    assert "Update von lager (20261121-093012-update-7f3a, gestartet von cli:root). Gewartet wurde 5 s." in str(
        failed.value
    )
    assert linked(host) == before.wanted.name
    lock.release()
    bring(host, "2.0.0")


def test_trial_of_a_version_that_dies_says_what_it_said(tmp_path: Path) -> None:
    """For real: a Python that is no agent."""
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho 'kein Modul namens x' >&2\nexit 7\n")
    python.chmod(0o755)
    with pytest.raises(SwitchFailed, match=r"endet beim Start \(Code 7\): kein Modul namens x"):
        Host().try_agent(python, "2.0.0", 10)


def test_version_that_failed_its_trial_leaves_nothing_behind(host: FakeHost) -> None:
    bring(host, "1.0.0")
    bring(host, "1.1.0")
    host.fails_trial = {"2.0.0"}
    with pytest.raises(SwitchFailed):
        bring(host, "2.0.0")
    assert versions(host) == ["1.0.0", "1.1.0"]


def test_going_back_keeps_the_version_before_that(host: FakeHost) -> None:
    one = bring(host, "1.0.0")
    bring(host, "1.1.0")
    host.answers["2.0.0"] = False
    with pytest.raises(SwitchFailed):
        bring(host, "2.0.0")
    assert host.places.previous.readlink() == Path(one.wanted.name)
    bring(host, "1.1.0", digest="abcdefabcd")


def test_interrupted_change_finds_the_way_back(host: FakeHost) -> None:
    """The play died after the link; the next one finds a version that does not answer."""
    before = bring(host, "1.0.0")
    host.answers["2.0.0"] = False
    two = switch(host, "2.0.0")
    two.wanted.archive.touch()
    two.install()
    two.remember_previous()
    two.link(host.places.current, two.wanted.name)
    with pytest.raises(SwitchFailed, match=r"Agent 1\.0\.0 läuft weiter"):
        two.put_in_force()
    assert linked(host) == before.wanted.name


def test_agent_is_not_replaced_during_a_run(host: FakeHost) -> None:
    before = bring(host, "1.0.0")
    host.runs = ["update von lager (gestartet von cli:root)"] * 100
    with pytest.raises(SwitchFailed, match=r"solange etwas läuft: update von lager \(gestartet von cli:root\)"):
        bring(host, "2.0.0")
    assert linked(host) == before.wanted.name
    assert host.active == "1.0.0"


def test_switch_waits_for_a_run_to_end(host: FakeHost) -> None:
    bring(host, "1.0.0")
    host.runs = ["update von lager", "update von lager", None]
    bring(host, "2.0.0")
    assert host.active == "2.0.0"


def test_changed_unit_restarts_the_agent_and_a_failed_restart_is_tried_again(host: FakeHost) -> None:
    bring(host, "1.0.0")
    changed = switch(host, "1.0.0", content="another unit")
    assert not changed.in_force
    host.answers["1.0.0"] = False
    with pytest.raises(SwitchFailed):
        changed.put_in_force()
    host.answers["1.0.0"] = True
    assert not changed.in_force
    changed.put_in_force()
    assert changed.in_force


def test_only_this_version_and_the_one_before_are_kept(host: FakeHost) -> None:
    for version in ("1.0.0", "1.1.0", "1.2.0"):
        bring(host, version)
    assert versions(host) == ["1.1.0", "1.2.0"]
    switch(host, "1.2.0", content="another unit").put_in_force()
    assert versions(host) == ["1.1.0", "1.2.0"]


def versions(host: FakeHost) -> list[str]:
    folders = (path for path in host.places.root.iterdir() if path.is_dir() and not path.is_symlink())
    return sorted(path.name.split("-")[0] for path in folders)


@pytest.fixture(scope="module")
def units() -> dict[str, str]:
    role = Rendering("upkeep_agent", __upkeep_agent__wheelhouse={"digest": "0" * 64})
    return {Path(file["path"]).name: file["content"] for file in role.value("__upkeep_agent__files")}


def test_agent_is_started_again_for_ever_and_each_failure_is_told(units: dict[str, str]) -> None:
    unit = units["upkeep-agent.service"]
    for line in (
        "Restart=always",
        "StartLimitIntervalSec=0",
        "KillMode=control-group",
        "OnFailure=upkeep-agent-alarm.service",
    ):
        assert line in unit.splitlines()
    assert "RuntimeDirectory" not in unit


def test_agent_may_write_where_disks_come_and_go_and_holds_none_of_them() -> None:
    places = ["/mnt/usb/web1", "/srv/export", "/mnt", "/media/stick", "/mntx"]
    role = Rendering("upkeep_agent", upkeep_agent__writable=places)
    found = [line for line in role.template("upkeep-agent.service.j2").splitlines() if "ReadWritePaths=-" in line]
    assert found == [f"ReadWritePaths=-{place}" for place in ("/mnt", "/srv/export", "/media", "/mntx")]


def test_agent_gives_way_to_the_applications(units: dict[str, str]) -> None:
    assert "Slice=upkeep.slice" in units["upkeep-agent.service"].splitlines()
    assert {"CPUWeight=20", "IOWeight=20"} <= set(units["upkeep.slice"].splitlines())


def test_check_is_a_client_of_the_agent_and_nothing_else(units: dict[str, str]) -> None:
    lines = set(units["upkeep-check@.service"].splitlines())
    assert {"ExecStart=/usr/local/bin/upkeep check %i --starter timer", "SuccessExitStatus=5"} <= lines
    assert {"PrivateNetwork=yes", "CapabilityBoundingSet=", "ProtectSystem=strict"} <= lines


def test_door_has_no_rights(units: dict[str, str]) -> None:
    lines = units["upkeep-door@.service"].splitlines()
    for line in (
        "User=upkeep-door",
        "CapabilityBoundingSet=",
        "NoNewPrivileges=yes",
        "PrivateNetwork=yes",
        "ProtectSystem=strict",
        "SystemCallFilter=@system-service",
        "RestrictAddressFamilies=AF_UNIX",
    ):
        assert line in lines
    assert "SupplementaryGroups" not in units["upkeep-door@.service"]
    assert {"SocketMode=0660", "SocketGroup=7301"} <= set(units["upkeep-door@.socket"].splitlines())


def test_log_in_of_a_registry_is_written_as_docker_reads_it() -> None:
    role = Rendering(
        "upkeep_agent",
        __upkeep_agent__wheelhouse={"digest": "0" * 64},
        upkeep_agent__registries=[
            {"registry": "ghcr.io", "username": "firma", "password": "geheim"},
            {"registry": "docker.io", "username": "a", "password": "b"},
        ],
    )
    (file,) = [file for file in role.value("__upkeep_agent__files") if file["path"].endswith("config.json")]
    assert role.yaml("docker-config.json.j2") == {
        "auths": {"ghcr.io": {"auth": "ZmlybWE6Z2VoZWlt"}, "https://index.docker.io/v1/": {"auth": "YTpi"}}
    }
    assert (file["mode"], file["secret"]) == ("0600", True)

from __future__ import annotations

import json
import logging
import socket
from pathlib import Path

import pytest

from upkeep.agent import journald, settings
from upkeep.errors import PolicyInvalid
from upkeep.layout import Layout


def test_missing_file_means_defaults(tmp_path: Path) -> None:
    assert settings.read(tmp_path / "agent.json").log_level == "info"


def test_typo_is_refused(tmp_path: Path) -> None:
    (tmp_path / "agent.json").write_text('{"loglevel": "debug"}')
    with pytest.raises(PolicyInvalid, match="Gemeint ist vielleicht „log_level“"):
        settings.read(tmp_path / "agent.json")


def test_door_by_number(tmp_path: Path) -> None:
    (tmp_path / "agent.json").write_text('{"door_uid": 987}')
    assert settings.read(tmp_path / "agent.json").door_uid == 987


def test_log_lines_are_json_behind_a_priority() -> None:
    record = logging.LogRecord("upkeep.run", logging.WARNING, "x.py", 1, "%s läuft", ("lager",), None)
    line = journald.JournalFormatter().format(record)
    assert line.startswith("<4>")
    assert json.loads(line[3:]) == {"level": "warning", "logger": "upkeep.run", "message": "lager läuft"}


def test_systemd_is_told_when_it_listens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(path))
        monkeypatch.setenv("NOTIFY_SOCKET", str(path))
        journald.notify("READY=1")
        assert systemd.recv(100) == b"READY=1"
    monkeypatch.delenv("NOTIFY_SOCKET")
    journald.notify("READY=1")


def test_paths_of_the_contract() -> None:
    layout = Layout()
    paths = layout.paths("lager")
    assert str(layout.agent_socket) == "/run/upkeep/agent.sock"
    assert str(layout.public_socket) == "/run/upkeep/public.sock"
    assert str(paths.release_env) == "/srv/upkeep/lager/release.env"
    assert str(paths.maps) == "/srv/upkeep/lager/gate/maps"
    assert str(paths.state_file) == "/var/lib/upkeep/lager/state.json"
    assert str(paths.gate_socket) == "/run/upkeep/gate/lager/admin.sock"
    assert str(paths.snapshot("r1").compose_file) == "/var/lib/upkeep/lager/releases/r1/compose.yml"

"""What an operator can get wrong: a clear message, and nothing is changed."""

from __future__ import annotations

from typing import Any

import pytest

from testbed.windows.faults import Fault
from tests.integration.windows.conftest import NewServer


def test_a_server_that_is_too_small_is_left_alone(new_server: NewServer) -> None:
    server = new_server()
    host = server.bed.host()
    host.state["machine"] |= {"cores": 2, "memory_mb": 4096, "free_gb": 5}
    host.save()
    outcome = server.play("site")
    assert outcome.code != 0
    said = " ".join(outcome.told.split())
    assert "2 Kerne (verlangt: 4), 4 GB Arbeitsspeicher (verlangt: 8), 5 GB frei auf C (verlangt: 20)" in said
    assert server.state["features"] == []


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        ({"win_node_app__secrets": {"DATABASE_URL": "x"}}, "SESSION_SECRET und ENCRYPTION_KEY stehen"),
        ({"win_node_app__root": r"C:\Meine Anwendung"}, "ohne Leerzeichen und Umlaute"),
        ({"win_node_app__certificate": "/gibt/es/nicht.pfx"}, "gibt es auf dem Steuerrechner nicht"),
    ],
)
def test_settings_that_cannot_work_are_named(new_server: NewServer, extra: dict[str, Any], said: str) -> None:
    outcome = new_server().play("site", "--tags", "win_node_app_preflight", **extra)
    assert outcome.code != 0
    assert said in " ".join(outcome.told.split())


def test_ports_that_somebody_else_has_are_named_and_no_site_is_touched(new_server: NewServer) -> None:
    server = new_server()
    host = server.bed.host()
    host.state["listeners"] = [{"port": 8099, "name": "tomcat9.exe", "pid": 812}]
    foreign = {"protocol": "http", "ip": "*", "port": 80, "hostname": "etiketten.example.de"}
    host.state["sites"]["Alt"] = {"state": "started", "bindings": [foreign], "physical_path": "C:\\alt"}
    host.state["sites"]["Alt"] |= {"application_pool": "Alt"}
    host.save()
    outcome = server.play("site")
    assert outcome.code != 0
    said = " ".join(outcome.told.split())
    assert "http auf Port 80 hat schon die Site „Alt“; Port 8099 belegt tomcat9.exe" in said
    assert set(server.state["sites"]) == {"Alt"}


def test_wrong_credentials_are_tried_once_a_server(new_server: NewServer) -> None:
    """What the simulated server stands for: a log-in that is refused. Three plays are three attempts, no more."""
    server = new_server()
    server.bed.host().plant(Fault("unreachable", "ansible.windows.setup", calls=100))
    outcome = server.play("site")
    assert outcome.code == 4
    assert "UNREACHABLE" in outcome.told
    assert len(server.bed.host().calls()) == 1

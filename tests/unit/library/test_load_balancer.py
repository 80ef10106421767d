"""Module upkeep_load_balancer as Ansible runs it: what it says. What it does is in tests/integration/fleet."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.fleet.conftest import FakeHaproxy, FakeServer
from tests.unit.library.conftest import Module


@pytest.fixture
def haproxy(tmp_path: Path) -> Iterator[FakeHaproxy]:
    fake = FakeHaproxy(tmp_path / "haproxy.sock", {"app/web1": FakeServer(), "app/web2": FakeServer()})
    fake.start()
    yield fake
    fake.stop()


def test_check_mode_says_what_would_happen_and_does_nothing(run_module: Module, haproxy: FakeHaproxy) -> None:
    asked = {"server": "web2", "state": "drained", "socket": str(haproxy.path)}
    ended = run_module("upkeep_load_balancer", check=True, diff=True, **asked)
    assert (ended.result["changed"], ended.result["message"]) == (True, "web2 wird abgehängt.")
    assert ended.result["diff"]["before"] == ended.result["diff"]["after"]
    assert haproxy.log == []


def test_who_is_ready_stays_ready(run_module: Module, haproxy: FakeHaproxy) -> None:
    ended = run_module("upkeep_load_balancer", server="web2", state="ready", socket=str(haproxy.path))
    assert (ended.code, ended.result["changed"]) == (0, False)
    assert haproxy.log == []


def test_status_names_everybody(run_module: Module, haproxy: FakeHaproxy) -> None:
    servers = run_module("upkeep_load_balancer", socket=str(haproxy.path)).result["servers"]
    assert [(server["name"], server["status"]) for server in servers] == [("web1", "UP"), ("web2", "UP")]


def test_without_haproxy_it_says_the_next_step(run_module: Module, tmp_path: Path) -> None:
    ended = run_module("upkeep_load_balancer", socket=str(tmp_path / "none"))
    assert "HAProxy läuft nicht" in ended.result["msg"]
    assert "systemctl status haproxy" in ended.result["msg"]


def test_a_server_has_to_be_named(run_module: Module, haproxy: FakeHaproxy) -> None:
    ended = run_module("upkeep_load_balancer", state="drained", server="web9", socket=str(haproxy.path))
    assert "Bekannt sind: web1, web2" in ended.result["msg"]

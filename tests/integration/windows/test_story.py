"""From a bare server to the first release, and what an operator does with it afterwards."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from tests.integration.windows.conftest import FIRST_USER, SECRETS, NewServer, Server

ROOT = r"C:\inetpub\etikettendruck"
WRITABLE = {rf"{ROOT}\shared\logs".lower(), rf"{ROOT}\shared\uploads".lower()}


@pytest.mark.timeout(900)
def test_from_a_bare_server_to_releases_and_back(new_server: NewServer) -> None:
    server = new_server()
    set_up(server)
    first_release(server)
    next_release(server)
    maintenance(server)
    way_back(server)


def set_up(server: Server) -> None:
    first = server.play("site")
    assert first.code == 0, first.told
    assert not any(secret in first.told for secret in SECRETS.values())
    rights_are_small(server)
    assert server.site() == "maintenance"
    settings = server.bed.host().disk.read(rf"{ROOT}\shared\.env.production")
    assert 'SHARED_DIR="C:/inetpub/etikettendruck/shared"' in settings.splitlines()
    again = server.play("site")
    assert (again.code, again.changed("win1")) == (0, 0), again.told


def rights_are_small(server: Server) -> None:
    access = server.state["access"]
    modify = {rule.split("|")[0] for rule, entry in access.items() if entry["rights"] == "Modify"}
    assert modify == WRITABLE
    assert not any("iis_iusrs" in rule or "everyone" in rule for rule in access)
    assert server.state["inheritance"][ROOT.lower()] is False
    assert server.state["firewall"]["Upkeep Drucker"]["remoteport"] == "9100"
    assert {binding["ip"] for binding in server.state["sites"]["etikettendruck-pruefung"]["bindings"]} == {"127.0.0.1"}


def first_release(server: Server) -> None:
    checked = server.play("update", package="gibt-es-nicht.zip")
    assert checked.code != 0
    assert "noch keine Version ausgerollt" in checked.told
    deployed = server.deploy("1.0.0")
    assert deployed.code == 0, deployed.told
    assert (server.site(), server.journal["current"]) == ("1.0.0", "1.0.0")
    assert server.state["database"] == {"up": True, "migrations": ["0001_init"], "users": 1}
    assert FIRST_USER["ADMIN_PASSWORD"] not in deployed.told
    configuration = server.bed.host().disk.read(rf"{ROOT}\releases\1.0.0\web.config")
    assert ElementTree.fromstring(configuration).find(".//httpPlatform") is not None  # noqa: S314 - our own
    again = server.deploy("1.0.0")
    assert (again.code, again.changed("win1")) == (0, 0), again.told
    assert "1.0.0 läuft schon" in again.told


def next_release(server: Server) -> None:
    calls = len(server.modules_called())
    updated = server.deploy("1.1.0", playbook="update")
    assert updated.code == 0, updated.told
    assert (server.site(), server.journal["previous"]) == ("1.1.0", "1.0.0")
    assert server.releases() == ["1.0.0", "1.1.0"]
    order = [
        name
        for name in server.modules_called()[calls:]
        if name in {"win_unzip", "win_command", "web_app_pool", "win_uri"}
    ]
    assert order == ["win_unzip", "win_command", "win_command", "web_app_pool", "web_app_pool", "win_uri"]
    health = server.play("health")
    assert health.code == 0, health.told
    assert "Version 1.1.0, laut Journal 1.1.0" in health.told


def maintenance(server: Server) -> None:
    server.play("maintenance", maintenance="on", reason="Inventur")
    assert server.site() == "maintenance"
    deployed = server.deploy("1.2.0")
    assert deployed.code == 0, deployed.told
    assert (server.site(), server.journal["current"]) == ("maintenance", "1.2.0")
    server.play("maintenance", maintenance="off")
    assert server.site() == "1.2.0"


def way_back(server: Server) -> None:
    back = server.play("rollback")
    assert back.code == 0, back.told
    assert (server.site(), server.journal["current"]) == ("1.1.0", "1.1.0")
    again = server.play("rollback")
    assert again.code != 0
    assert "Kein früheres Release bekannt" in again.told

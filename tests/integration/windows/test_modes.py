"""The other ways from IIS to Node: a Windows service behind ARR, and iisnode."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.integration.windows.behind_balancer import end, serve
from tests.integration.windows.conftest import APPLICATION, Server
from tests.integration.windows.scheduled import due

pytestmark = pytest.mark.timeout(900)
APP = r"C:\inetpub\etikettendruck"
SICK = {"build/fault.json": '{"status": 503}'}


def chosen(server: Server) -> tuple[str, str]:
    """What the service is told to run, and its state."""
    host = server.bed.host()
    return host.disk.read(rf"{APP}\service\release.txt").strip(), host.state["services"]["etikettendruck"]["state"]


def test_a_service_behind_arr_from_a_bare_server_to_releases_and_back(tmp_path: Path) -> None:
    server = Server(tmp_path, mode="arr")
    without = server.play("site", win_node_app__wrapper={"file": "WinSW.exe"})
    assert without.code != 0
    assert "win_node_app__wrapper" in without.told
    set_up(server)
    first = server.deploy("1.0.0")
    assert first.code == 0, first.told
    assert (server.site(), *chosen(server)) == ("1.0.0", "1.0.0", "running")
    sick = server.deploy("1.1.0", files=SICK)
    assert sick.code != 0
    assert (server.site(), *chosen(server)) == ("1.0.0", "1.0.0", "running")
    second = server.deploy("1.2.0")
    assert second.code == 0, second.told
    assert (server.site(), *chosen(server)) == ("1.2.0", "1.2.0", "running")
    back = server.play("rollback")
    assert back.code == 0, back.told
    assert (server.site(), *chosen(server)) == ("1.0.0", "1.0.0", "running")


def set_up(server: Server) -> None:
    site = server.play("site")
    assert site.code == 0, site.told
    host = server.bed.host()
    assert host.state["services"]["etikettendruck"]["username"] == r"NT SERVICE\etikettendruck"
    assert host.state["proxy"]["preserveHostHeader"] == "true"
    rights = {rule: entry["rights"] for rule, entry in host.state["access"].items()}
    service = {rule.split("|")[0]: right for rule, right in rights.items() if r"nt service\etikettendruck" in rule}
    writable = {path for path, right in service.items() if right == "Modify"}
    assert writable == {rf"{APP}\shared\logs".lower(), rf"{APP}\shared\uploads".lower()}
    pool = {rule.split("|")[0] for rule in rights if r"iis apppool\etikettendruck|" in f"{rule}|"}
    assert pool == {rf"{APP}\releases".lower()}  # not the secrets
    again = server.play("site")
    assert (again.code, again.changed("win1")) == (0, 0), again.told


def test_a_wrapper_other_than_the_one_that_was_meant_is_not_copied(tmp_path: Path) -> None:
    server = Server(tmp_path, mode="arr")
    (tmp_path / "installer" / "WinSW.exe").write_text("something else")
    outcome = server.play("site")
    assert outcome.code != 0
    assert "Der Dienst auf win1 wurde nicht angerührt" in " ".join(outcome.told.split())
    assert server.state["services"] == {}


def test_a_mode_whose_module_is_missing_is_refused(running: Server) -> None:
    outcome = running.play("site", win_node_app__mode="iisnode")
    assert outcome.code != 0
    assert "„iisnode“ braucht iisnode" in " ".join(outcome.told.split())
    assert running.site() == "1.0.0"


def test_iisnode_serves_a_release_and_goes_back_from_a_sick_one(tmp_path: Path) -> None:
    server = Server(tmp_path, mode="iisnode")
    for outcome in (server.play("site"), server.deploy("1.0.0")):
        assert outcome.code == 0, outcome.told
    assert "SOCKET_PATH" in server.bed.host().disk.read(rf"{APP}\releases\1.0.0\iisnode.cjs")
    assert server.deploy("1.1.0", files=SICK).code != 0
    assert (server.site(), server.releases()) == ("1.0.0", ["1.0.0"])


@pytest.fixture
def served(service_template: Path, tmp_path: Path) -> Iterator[Server]:
    """1.0.0 runs, a real Node process that the role's own service.mjs began."""
    shutil.copytree(service_template, tmp_path, dirs_exist_ok=True)
    server = Server(tmp_path, mode="arr")
    process = serve(server.bed.host().folder, "127.0.0.1")
    yield server
    end(process)


def version(server: Server) -> str:
    """What a user gets."""
    answer = requests.get(f"http://127.0.0.1:{server.bed.host().port('http:80')}/api/health", timeout=30)
    return str(answer.json()["version"]) if answer.status_code == 200 else str(answer.status_code)


def test_what_the_service_runs_follows_a_deployment(served: Server) -> None:
    assert version(served) == "1.0.0"
    updated = served.deploy("1.1.0", files={"build/index.js": APPLICATION})
    assert updated.code == 0, updated.told
    assert version(served) == "1.1.0"


def test_the_server_itself_takes_an_abandoned_deployment_back(served: Server) -> None:
    host = served.bed.host()
    journal = served.journal
    run = {"id": "x", "operation": "deploy", "from": "1.0.0", "to": "1.1.0", "sha256": "ab", "reversible": True}
    run |= {"phase": "closing", "closed": True, "migrated": False, "backup": "", "began": "2026-01-01T03:00:00"}
    host.disk.write(rf"{APP}\journal.json", json.dumps(journal | {"run": run | {"until": "2026-01-01T03:00:00"}}))
    host.state["sites"]["etikettendruck"] |= {"physical_path": rf"{APP}\maintenance"}
    host.state["services"]["etikettendruck"]["state"] = "stopped"
    host.disk.write(rf"{APP}\service\release.txt", "1.1.0\n")
    host.save()
    done = due(host, "finish")
    assert done.returncode == 0, done.stderr
    assert (version(served), *chosen(served), served.journal["run"]) == ("1.0.0", "1.0.0", "running", None)

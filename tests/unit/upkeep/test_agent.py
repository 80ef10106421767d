"""The agent's API over a real socket, asked by the real client."""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.upkeep.drive import Driver
from tests.unit.upkeep.test_resume import kill_at
from upkeep.agent.api import VERBS
from upkeep.agent.desk import Desk
from upkeep.agent.server import SocketServer
from upkeep.client import AgentClient, AgentError, Busy, Refused, UnknownStack, order
from upkeep.ports.docker import Progress

ME = frozenset({os.geteuid()})


@pytest.fixture
def desk(driver: Driver) -> Desk:
    return Desk(driver.world.layout, driver.world.ports())


@pytest.fixture
def client(desk: Desk, tmp_path: Path) -> Iterator[AgentClient]:
    server = SocketServer(tmp_path / "agent.sock", 0o600, os.getegid(), ME, desk, VERBS)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield AgentClient(str(tmp_path / "agent.sock"))
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def held_pull(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Every pull waits until the event is set."""
    go, real = threading.Event(), driver.world.docker.pull

    def pull(name: str, progress: Progress, timeout: float) -> None:
        assert go.wait(10)
        real(name, progress, timeout)

    monkeypatch.setattr(driver.world.docker, "pull", pull)
    yield go
    go.set()


def finish(client: AgentClient, run: str) -> dict[str, Any]:
    seen: list[int] = []
    while True:
        page = client._object("GET", f"/v1/runs/{run}/events?after={seen[-1] if seen else 0}&wait=5")
        seen += [event["n"] for event in page["events"]]
        if page["finished"]:
            assert seen == sorted(set(seen))
            return client._object("GET", f"/v1/runs/{run}")


def test_agent_says_who_it_is(client: AgentClient) -> None:
    answer = client.agent()
    assert (answer["ready"], answer["stacks"]) == (True, ["lager"])


def test_unknown_stack_names_those_that_exist(client: AgentClient) -> None:
    with pytest.raises(UnknownStack) as caught:
        client.status("portal")
    assert "Den Stack „portal“ gibt es auf diesem Host nicht. Bekannt sind: lager." in str(caught.value)


def test_no_way_out_of_the_tree(client: AgentClient) -> None:
    with pytest.raises(UnknownStack, match="ist kein Stack-Name"):
        client.status("../etc")


def test_run_from_order_to_report(client: AgentClient) -> None:
    report = finish(client, client.start("lager", order("deploy", "ansible:alice@laptop")))
    assert report["result"] == "updated"
    assert report["starter"] == "ansible:alice@laptop"
    status = client.status("lager")
    assert status["release"]["version"] == "1.0.0"
    assert status["slots"][0]["health"] == "ready"
    assert status["gate"] == {"state": "open"}
    assert status["running"] is None
    assert status["last_run"]["id"] == report["id"]
    assert status["drift"] == []


def test_second_run_is_told_about_the_first(client: AgentClient, held_pull: threading.Event) -> None:
    run = client.start("lager", order("deploy", "cli:root"))
    with pytest.raises(Busy) as caught:
        client.start("lager", order("update", "timer"))
    assert caught.value.running["id"] == run
    assert caught.value.running["operation"] == "deploy"
    assert f"läuft schon: Ausrollen {run}, gestartet von cli:root" in str(caught.value)
    assert client.status("lager")["running"]["id"] == run
    held_pull.set()
    assert finish(client, run)["result"] == "updated"


def test_run_is_over_only_when_its_outcome_is_on_disk_and_the_stack_is_free(
    client: AgentClient, driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked at every write of the journal, the last one included."""
    real, seen = driver.world.files.write, []

    def write(path: Path, text: str, mode: int = 0o600) -> None:
        real(path, text, mode)
        if path.parent.name == "runs" and len(json.loads(json.loads(text)["body"])["phases"]) > 1:
            seen.append(client._object("GET", f"/v1/runs/{path.stem}"))

    monkeypatch.setattr(driver.world.files, "write", write)
    run = client.start("lager", order("deploy", "test"))
    assert finish(client, run)["result"] == "updated"
    assert {(report["finished_at"], report["result"]) for report in seen} == {(None, None)}
    assert client.status("lager")["running"] is None


def test_run_goes_on_when_its_client_goes_away(
    client: AgentClient, desk: Desk, tmp_path: Path, held_pull: threading.Event
) -> None:
    body = json.dumps(order("deploy", "cli:root")).encode()
    head = f"POST /v1/stacks/lager/runs HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    with socket.socket(socket.AF_UNIX) as rude:
        rude.connect(str(tmp_path / "agent.sock"))
        rude.sendall(head + body)
        rude.recv(12)
    held_pull.set()
    (run_id,) = desk._remembered
    assert finish(client, run_id)["result"] == "updated"


@pytest.mark.parametrize(
    ("body", "part"),
    [
        (order("rollback", "x"), "noch nicht ausgerollt"),
        (order("update", "x"), "noch nicht ausgerollt"),
        (order("explode", "x"), "Diesen Vorgang gibt es nicht"),
        (order("deploy", "x", to="ghcr.io/fremd/app:1"), "ist nicht erlaubt"),
        (order("deploy", "x", to="a b"), "ist kein Abbildname"),
        ({"operation": "deploy", "options": [1]}, "options muss"),
    ],
)
def test_what_can_be_refused_at_once_is(client: AgentClient, body: dict[str, Any], part: str) -> None:
    with pytest.raises(Refused) as caught:
        client.start("lager", body)
    assert part in str(caught.value)


def test_bad_policy_is_refused_at_once_with_its_code(client: AgentClient, driver: Driver) -> None:
    driver.world.place(update={"strategy": "rolling"})
    with pytest.raises(Refused) as caught:
        client.start("lager", order("deploy", "x"))
    assert caught.value.code == "policy"


def test_plan_writes_nothing_and_says_what_would_happen(client: AgentClient, driver: Driver) -> None:
    before = sorted(path for path in driver.world.layout.root.rglob("*") if path.name != "agent.sock")
    answer = client.plan("lager", order("deploy", "x"))
    assert answer["changed"]
    assert answer["steps"] == ["Abbild laden: 1.0.0", "Anwendung starten und prüfen: 1.0.0", "Gate starten"]
    assert answer["diff"]["before"] == ""
    assert answer["diff"]["after"].startswith("Version 1.0.0\nregistry.example:5000/lager@sha256:")
    assert sorted(path for path in driver.world.layout.root.rglob("*") if path.name != "agent.sock") == before


def test_plan_of_an_update_and_of_nothing(client: AgentClient, deployed: Driver) -> None:
    deployed.world.release("1.1.0")
    answer = client.plan("lager", order("update", "x"))
    assert (answer["message"], answer["changed"]) == ("1.0.0 → 1.1.0", True)
    assert "Version 1.0.0" in answer["diff"]["before"]
    assert "Version 1.1.0" in answer["diff"]["after"]
    answer = client.plan("lager", order("deploy", "x"))
    assert (answer["changed"], answer["steps"]) == (False, [])
    assert answer["diff"]["before"] == answer["diff"]["after"]


def test_health_names_every_check(client: AgentClient, deployed: Driver) -> None:
    answer = client.health("lager")
    assert answer["healthy"]
    assert [check["name"] for check in answer["checks"]] == ["app-1", "gate", "maintenance", "disk", "audit"]
    deployed.world.published[deployed.world.box("app-1").image.partition("@")[2]].kind = "sick"
    answer = client.health("lager")
    assert not answer["healthy"]
    assert answer["checks"][0] == {"name": "app-1", "ok": False, "observed": "HTTP 503", "limit": "HTTP 200 als 1.0.0"}


def test_health_before_the_first_deploy(client: AgentClient) -> None:
    assert client.health("lager")["checks"][0]["observed"] == "noch nicht ausgerollt"


def test_logs_tell_the_run_and_what_the_containers_say(client: AgentClient, deployed: Driver) -> None:
    lines = client.logs("lager")
    assert any("Ausrollen" in line and "gestartet von test" in line for line in lines)
    assert any(line.endswith("updated: lager 1.0.0 ist installiert und bereit.") for line in lines)
    assert "app-1: app-1 sagt: good" in lines


def test_drift_is_named(client: AgentClient, deployed: Driver) -> None:
    deployed.world.paths.release_env.write_text("x")
    path = deployed.world.paths.compose_file
    path.write_text(path.read_text().replace("services:\n  app-1:", "services:\n  app-1:\n    mem_limit: 300m"))
    deployed.world.box("gate").state = "exited"
    drift = " ".join(client.status("lager")["drift"])
    assert "wurde von Hand geändert" in drift
    assert "noch nicht ausgerollt: app-1." in drift
    assert "gate läuft nicht (exited)." in drift


def test_status_with_a_broken_policy_still_answers(client: AgentClient, deployed: Driver) -> None:
    deployed.world.paths.policy_file.write_text("schema: 7")
    status = client.status("lager")
    assert status["slots"][0]["health"] == "unknown"
    assert "schema ist ungültig" in status["drift"][0]


def test_unknown_run_and_unknown_path(client: AgentClient) -> None:
    with pytest.raises(AgentError, match="Einen Lauf „20260101-000000-update-0000“ gibt es nicht"):
        client._object("GET", "/v1/runs/20260101-000000-update-0000")
    with pytest.raises(AgentError, match="gibt es hier nicht"):
        client._object("GET", "/v2/agent")
    with pytest.raises(AgentError, match="gibt es hier nicht"):
        client._object("POST", "/v1/agent", {})


def test_bad_bodies(client: AgentClient, tmp_path: Path) -> None:
    assert raw(tmp_path, b"POST /v1/stacks/lager/runs HTTP/1.1\r\nContent-Length: 3\r\n\r\n{x}").startswith(
        b"HTTP/1.1 400"
    )
    assert raw(tmp_path, b"POST /v1/stacks/lager/runs HTTP/1.1\r\nContent-Length: 999999\r\n\r\n").startswith(
        b"HTTP/1.1 413"
    )


def raw(folder: Path, request: bytes) -> bytes:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(5)
        connection.connect(str(folder / "agent.sock"))
        connection.sendall(request)
        return connection.recv(4096)


def test_sockets_have_their_modes(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "agent.sock"
    server = SocketServer(path, 0o600, os.getegid(), ME, desk, VERBS)
    assert path.stat().st_mode & 0o777 == 0o600
    server.server_close()


def test_restarted_agent_finishes_what_was_unfinished(deployed: Driver) -> None:
    deployed.world.release("1.1.0")
    kill_at(deployed, "update", 40)
    run_id = deployed.last.id  # type: ignore[union-attr]
    desk = Desk(deployed.world.layout, deployed.world.ports())
    desk.resume_all()
    wait_for(lambda: bool(desk.events(run_id, 0, 5)["finished"]))
    assert desk.report(run_id)["result"] in ("updated", "rolled_back")
    assert desk.running("lager") is None


def test_watcher_catches_up_after_a_restart_of_the_agent(deployed: Driver) -> None:
    deployed.world.release("1.1.0")
    kill_at(deployed, "update", 40)
    record = deployed.last
    assert record is not None
    seen = deployed.read(record.id).last_event
    desk = Desk(deployed.world.layout, deployed.world.ports())
    desk.resume_all()
    wait_for(lambda: bool(desk.events(record.id, seen, 5)["finished"]))
    assert all(event["n"] > seen for event in desk.events(record.id, seen, 0)["events"])
    later = Desk(deployed.world.layout, deployed.world.ports())
    (last,) = later.events(record.id, seen, 0)["events"]
    assert (last["percent"], last["message"]) == (100, deployed.read(record.id).message)


def test_run_started_while_an_old_one_is_unfinished_waits_for_it(deployed: Driver) -> None:
    deployed.world.release("1.1.0")
    kill_at(deployed, "update", 40)
    old = deployed.last
    assert old is not None
    desk = Desk(deployed.world.layout, deployed.world.ports())
    from upkeep.agent.order import Order

    new = desk.start("lager", Order.parse(order("deploy", "test")))
    wait_for(lambda: bool(desk.events(new, 0, 5)["finished"]))
    assert deployed.read(old.id).finished_at is not None
    assert desk.report(new)["result"] == "unchanged"


def wait_for(condition: Callable[[], bool]) -> None:
    """Conditions here block in long polls themselves; this only bounds how often they may."""
    for _ in range(200):
        if condition():
            return
        threading.Event().wait(0.01)
    raise AssertionError("das dauerte zu lange")


def test_operator_does_not_open_the_gate_of_a_run_that_was_cut_short(deployed: Driver, client: AgentClient) -> None:
    deployed.world.release("1.1.0")
    kill_at(deployed, "update", 60)
    shut = deployed.world.gate.closed_by
    assert shut is not None
    client.maintenance("lager", {"on": False})
    assert deployed.world.gate.closed_by == shut


def test_repair_over_the_socket(deployed: Driver, client: AgentClient) -> None:
    deployed.world.paths.state_file.write_text("{}")
    with pytest.raises(Refused, match="`upkeep repair lager`"):
        client.start("lager", order("update", "cli:root"))
    plan = client.plan("lager", order("repair", "cli:root"))
    assert plan["changed"]
    report = finish(client, client.start("lager", order("repair", "cli:root")))
    assert report["result"] == "updated"
    assert len(report["audit_head"]) == 64
    assert client.told("lager", "history")["runs"][0]["operation"] == "repair"

"""The agent's public socket: what anybody may know, and what a ticket starts. Asked by the door's own client."""

from __future__ import annotations

import itertools
import json
import os
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.unit.upkeep.drive import Driver
from tests.unit.upkeep.test_backup import POLICY
from upkeep.agent.desk import Desk
from upkeep.agent.public import PUBLIC_VERBS
from upkeep.agent.server import SocketServer
from upkeep.client import AgentError, Busy, Refused
from upkeep.door.agent import PublicAgent
from upkeep.errors import DiskFailed
from upkeep.ports.docker import Progress
from upkeep.tickets import ticket
from upkeep.tickets.actions import Action

ME = frozenset({os.geteuid()})
NEW, OLD, PORTAL = "n" * 64, "o" * 64, "p" * 64
ORIGIN = "https://lager.example"
_numbers = itertools.count()


class serving:  # noqa: N801 - reads as a phrase
    def __init__(self, path: Path, desk: Desk, peers: frozenset[int] = ME) -> None:
        self.path = path
        self.server = SocketServer(path, 0o660, os.getegid(), peers, desk, PUBLIC_VERBS)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True)

    def __enter__(self) -> PublicAgent:
        self.thread.start()
        return PublicAgent(str(self.path))

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def opened(deployed: Driver) -> Driver:
    """The door of „lager“ may start things, with two keys; 1.1.0 is there."""
    deployed.world.place(door={"origins": [ORIGIN, "http://10.0.0.5:8080"]})
    key_file(deployed, f"{NEW}\n{OLD}\n")
    deployed.world.release("1.1.0")
    return deployed


@pytest.fixture
def desk(opened: Driver) -> Desk:
    return Desk(opened.world.layout, opened.world.ports())


@pytest.fixture
def agent(desk: Desk, tmp_path: Path) -> Iterator[PublicAgent]:
    with serving(tmp_path / "public.sock", desk) as client:
        yield client


def key_file(driver: Driver, text: str) -> None:
    (driver.world.paths.secrets / "ticket-key").write_text(text)


def made(driver: Driver, key: str = NEW, **changes: Any) -> str:
    now = int(driver.world.clock.moment.timestamp())
    claims = {
        "v": 1,
        "aud": "upkeep-door",
        "stack": "lager",
        "action": "start-update",
        "nonce": f"nonce-of-a-test-{next(_numbers)}",
        "iat": now,
        "exp": now + 60,
        "sub": "anna@betrieb.de",
    }
    return ticket.sign(claims | changes, key)


def start(agent: PublicAgent, text: str, origin: str = ORIGIN, action: Action = Action.START_UPDATE) -> str:
    return agent.act("lager", action, origin, text)


def refused(agent: PublicAgent, text: str, **how: Any) -> str:
    with pytest.raises(Refused) as caught:
        start(agent, text, **how)
    return caught.value.code


def ended(desk: Desk, run: str) -> dict[str, Any]:
    for _ in range(100):
        if desk.events(run, 1_000_000, 5)["finished"]:
            return desk.report(run)
    raise AssertionError("das dauerte zu lange")


def runs(driver: Driver) -> int:
    return len(list(driver.world.paths.runs.glob("*.json")))


def test_anybody_may_know_phase_version_and_how_it_ended(deployed: Driver, tmp_path: Path) -> None:
    desk = Desk(deployed.world.layout, deployed.world.ports())
    assert deployed.last is not None
    with serving(tmp_path / "public.sock", desk) as agent:
        assert agent.public("lager") == {
            "phase": "",
            "percent": 0,
            "title": "",
            "text": "",
            "until": None,
            "running": False,
            "mixed": False,
            "release": "1.0.0",
            "instance": deployed.last.id,
            "result": "updated",
        }
        for method, path in (("GET", "/v1/agent"), ("GET", "/v1/stacks/lager"), ("GET", "/v1/runs/x")):
            with pytest.raises(AgentError, match="gibt es hier nicht"):
                agent._object(method, path)
        for path in ("/v1/stacks/lager/runs", "/v1/stacks/lager/maintenance", "/v1/public/lager/start-restore"):
            with pytest.raises(AgentError, match="gibt es hier nicht"):
                agent._object("POST", path, {})


def test_stranger_is_hung_up_on(desk: Desk, tmp_path: Path) -> None:
    with serving(tmp_path / "strange.sock", desk, frozenset({4711})) as agent, pytest.raises(AgentError):
        agent.public("lager")


def test_a_ticket_starts_the_update_and_names_who_wanted_it(agent: PublicAgent, desk: Desk, opened: Driver) -> None:
    report = ended(desk, start(agent, made(opened)))
    assert (report["operation"], report["result"], report["to"]["version"]) == ("update", "updated", "1.1.0")
    assert report["starter"] == "door:anna@betrieb.de"
    assert report["options"] == {"to": "available", "force": False}
    lines = [json.loads(line) for line in opened.world.paths.audit_log.read_text().splitlines()]
    assert (lines[-1]["run"], lines[-1]["starter"]) == (report["id"], "door:anna@betrieb.de")
    told = agent.public("lager")
    assert (told["running"], told["instance"], told["result"]) == (False, report["id"], "updated")


def test_a_ticket_to_look_only_looks(agent: PublicAgent, desk: Desk, opened: Driver) -> None:
    run = start(agent, made(opened, action="check-update"), action=Action.CHECK_UPDATE)
    assert ended(desk, run)["message"] == "1.1.0 ist verfügbar (läuft: 1.0.0)."


def test_a_ticket_to_save_makes_a_backup_and_nothing_else(agent: PublicAgent, desk: Desk, opened: Driver) -> None:
    ticket_ = made(opened, action="start-backup")
    assert refused(agent, ticket_) == "ticket_other"
    opened.world.place(door={"origins": [ORIGIN]}, backup=POLICY)
    report = ended(desk, start(agent, made(opened, action="start-backup"), action=Action.START_BACKUP))
    assert (report["operation"], report["result"], report["starter"]) == ("backup", "updated", "door:anna@betrieb.de")
    assert opened.world.box("app-1").image.endswith(str(opened.world.tags["registry.example:5000/lager:1.0.0"]))


def test_what_the_last_check_found_is_installed(agent: PublicAgent, desk: Desk, opened: Driver) -> None:
    opened.must("check", "unchanged")
    opened.world.release("1.2.0")  # nobody has shown this one to the admin
    assert ended(desk, start(agent, made(opened)))["to"]["version"] == "1.1.0"


def test_bad_tickets_start_nothing(agent: PublicAgent, opened: Driver) -> None:
    before, now = runs(opened), int(opened.world.clock.moment.timestamp())
    assert refused(agent, "") == "ticket_invalid"
    assert refused(agent, made(opened, iat=now - 70, exp=now - 10)) == "ticket_expired"
    assert refused(agent, made(opened, iat=now + 10, exp=now + 60)) == "ticket_early"
    assert refused(agent, made(opened, exp=now + 61)) == "ticket_invalid"
    assert refused(agent, made(opened, action="check-update")) == "ticket_other"
    assert refused(agent, made(opened), action=Action.CHECK_UPDATE) == "ticket_other"
    assert refused(agent, made(opened, stack="portal")) == "ticket_other"
    assert refused(agent, made(opened, PORTAL, stack="portal")) == "ticket_invalid"
    assert refused(agent, made(opened, PORTAL)) == "ticket_invalid"
    assert refused(agent, made(opened)[:-2]) == "ticket_invalid"
    assert runs(opened) == before
    assert not opened.world.paths.nonces.exists()


@pytest.mark.parametrize("origin", ["", "https://evil.example", "http://lager.example", f"{ORIGIN}:443", f"{ORIGIN}/"])
def test_only_pages_of_the_listed_addresses(agent: PublicAgent, opened: Driver, origin: str) -> None:
    good = made(opened)
    assert refused(agent, good, origin=origin) == "origin"
    assert start(agent, good)  # it was not spent


def test_the_old_key_counts_while_it_is_there(agent: PublicAgent, desk: Desk, opened: Driver) -> None:
    ended(desk, start(agent, made(opened, OLD)))
    key_file(opened, f"{NEW}\n")
    assert refused(agent, made(opened, OLD)) == "ticket_invalid"
    assert start(agent, made(opened, NEW))


def test_a_ticket_counts_once(agent: PublicAgent, desk: Desk, opened: Driver) -> None:
    good = made(opened)
    ended(desk, start(agent, good))
    assert refused(agent, good) == "ticket_used"


def test_a_ticket_counts_once_across_agents_and_clocks(opened: Driver, tmp_path: Path) -> None:
    good = made(opened)
    for life in range(2):
        desk = Desk(opened.world.layout, opened.world.ports())
        with serving(tmp_path / f"{life}.sock", desk) as agent:
            if life == 0:
                ended(desk, start(agent, good))
            else:
                opened.world.clock.moment -= timedelta(seconds=30)
                assert refused(agent, good) == "ticket_used"


def test_of_a_damaged_memory_everything_before_counts_as_spent(agent: PublicAgent, opened: Driver) -> None:
    good = made(opened)
    opened.world.paths.nonces.write_text("{")
    assert refused(agent, good) == "ticket_used"
    opened.world.clock.sleep(2)
    assert refused(agent, good) == "ticket_used"
    assert start(agent, made(opened))


def test_a_nonce_that_cannot_be_kept_starts_nothing(
    agent: PublicAgent, opened: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, before = opened.world.files.write, runs(opened)

    def write(path: Path, text: str, mode: int = 0o600) -> None:
        if path.name == "nonces.json":
            raise DiskFailed("voll")
        real(path, text, mode)

    monkeypatch.setattr(opened.world.files, "write", write)
    with pytest.raises(AgentError, match="voll"):
        start(agent, made(opened))
    assert runs(opened) == before


def test_busy_names_what_runs(agent: PublicAgent, desk: Desk, opened: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    go, real = threading.Event(), opened.world.docker.pull

    def pull(name: str, progress: Progress, timeout: float) -> None:
        assert go.wait(10)
        real(name, progress, timeout)

    monkeypatch.setattr(opened.world.docker, "pull", pull)
    run = start(agent, made(opened))
    told = agent.public("lager")
    assert (told["running"], told["instance"], told["result"]) == (True, run, None)
    second = made(opened)
    with pytest.raises(Busy) as caught:
        start(agent, second)
    assert caught.value.running["id"] == run
    go.set()
    ended(desk, run)
    assert refused(agent, second) == "ticket_used"


def test_eight_a_minute_are_enough(agent: PublicAgent, desk: Desk, opened: Driver) -> None:
    for _ in range(8):
        ended(desk, start(agent, made(opened, action="check-update"), action=Action.CHECK_UPDATE))
    ninth = made(opened)
    assert refused(agent, ninth) == "too_many"
    opened.world.clock.sleep(61)
    assert ended(desk, start(agent, made(opened)))["result"] == "updated"


@pytest.mark.parametrize(
    "door",
    [None, {"origins": []}, {"origins": [ORIGIN], "actions": []}, {"origins": [ORIGIN], "actions": ["check-update"]}],
    ids=str,
)
def test_the_policy_decides_what_the_door_starts(agent: PublicAgent, opened: Driver, door: Any) -> None:
    opened.world.place(**({"door": door} if door else {}))
    assert refused(agent, made(opened)) == "door_closed"


@pytest.mark.parametrize("damage", ["no key", "short key", "policy"])
def test_a_door_nobody_set_up_properly_is_closed_and_tells_strangers_nothing(
    agent: PublicAgent, opened: Driver, damage: str
) -> None:
    paths = opened.world.paths
    if damage == "no key":
        (paths.secrets / "ticket-key").unlink()
    elif damage == "short key":
        key_file(opened, "kurz")
    else:
        paths.policy_file.write_text(yaml.safe_dump({"schema": 1}))
    with pytest.raises(Refused) as caught:
        start(agent, made(opened))
    assert (caught.value.code, str(caught.value)) == ("door_closed", "Das ist über die Tür nicht erlaubt.")


@pytest.mark.parametrize("body", [{}, {"ticket": "x"}, {"ticket": 1, "origin": ORIGIN}, {"ticket": "x", "origin": {}}])
def test_bodies_without_both_texts(agent: PublicAgent, body: dict[str, Any]) -> None:
    with pytest.raises(Refused) as caught:
        agent._object("POST", "/v1/public/lager/start-update", body)
    assert caught.value.code == "bad_request"


def test_refusals_are_logged_with_the_reason(
    agent: PublicAgent, opened: Driver, caplog: pytest.LogCaptureFixture
) -> None:
    refused(agent, "gefälscht")
    assert "Tür von lager: start-update abgelehnt (ticket_invalid)" in caplog.text
    assert "gefälscht" not in caplog.text

"""The web door starts what a good ticket asks for and refuses everything else: through the gate and at its socket."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import yaml

from tests.faults import planted
from tests.faults.managed import ManagedHost, Reply
from tests.faults.plays import until
from tests.faults.stage import Stage
from upkeep.tickets import ticket

pytestmark = [pytest.mark.docker, pytest.mark.slow]

KEY, FOREIGN = planted.vault(1)["vault__ticket"], "f" * 64
CHECK, START = "/api/system/check-update", "/api/system/start-update"
CLEAR = """
import socket
gate = socket.socket(socket.AF_UNIX)
gate.connect("/run/upkeep/gate/probe/admin.sock")
gate.sendall(b"clear table door_callers\\n")
gate.recv(100)
"""
# What the application's own process finds when it looks for a way out: sockets by path, and Docker's usual ports.
LOOK = """
import socket, sys
def attempt(family, address):
    one = socket.socket(family)
    one.settimeout(1)
    try:
        one.connect(address)
        return "offen"
    except OSError as error:
        return type(error).__name__
gateway = ".".join(socket.gethostbyname(socket.gethostname()).split(".")[:3]) + ".1"
for path in ("docker.sock", "upkeep/agent.sock", "upkeep/public.sock", "door/door.sock", "gate/admin.sock"):
    print(attempt(socket.AF_UNIX, "/run/" + path))
for port in (2375, 2376):
    print(attempt(socket.AF_INET, (gateway, port)))
try:
    open("/run/upkeep/system.json", "w")
    print("beschreibbar")
except OSError as error:
    print(error.strerror)
"""


def made(key: str = KEY, action: str = "check-update", **changes: Any) -> str:
    now = int(time.time())
    claims = {"v": 1, "aud": "upkeep-door", "stack": "probe", "action": action, "nonce": uuid.uuid4().hex}
    return ticket.sign(claims | {"iat": now, "exp": now + 60, "sub": "anna"} | changes, key)


@dataclass(frozen=True)
class Way:
    """To the door: `gate` as the world reaches it, `socket` as a gate that was taken over would."""

    host: ManagedHost
    words: tuple[str, ...]

    def ask(self, text: str | None, path: str = CHECK, **headers: str | None) -> Reply:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        given = {"Origin": planted.ORIGIN, "Content-Type": "application/json", "X-Upkeep-Request": "1"} | named
        words = [word for name, value in given.items() for word in ("-H", f"{name}: {value or ''}".rstrip())]
        body = json.dumps({"ticket": text} if text is not None else {})
        argv = ["curl", "-sS", "-m", "20", "-w", "\n%{http_code}", *self.words, *words, "-d", body]
        body, _, status = self.host.run(*argv, f"http://127.0.0.1{path}").rpartition("\n")
        return Reply(int(status), json.loads(body) if body.startswith("{") else {"code": None})

    def said(self, text: str | None, **how: Any) -> tuple[int, str | None]:
        reply = self.ask(text, **how)
        return reply.status, reply.body.get("code")


@pytest.fixture(params=[(), ("--unix-socket", "/run/upkeep/door/probe/door.sock")], ids=["gate", "socket"])
def way(request: pytest.FixtureRequest, host: ManagedHost) -> Way:
    fresh(host)
    return Way(host, request.param)


@pytest.fixture
def door(host: ManagedHost) -> Way:
    fresh(host)
    return Way(host, ())


def fresh(host: ManagedHost) -> None:
    """Nobody has used up attempts."""
    host.run("python3", "-c", CLEAR)
    host.run("rm", "-f", f"{host.data}/nonces.json")


def published(host: ManagedHost) -> dict[str, Any]:
    """As the application's container sees it."""
    return dict(json.loads(host.run("docker", "exec", "probe-app-1-1", "cat", "/run/upkeep/system.json")))


def test_a_ticket_starts_an_update_and_the_application_can_follow_it(stage: Stage, door: Way) -> None:
    before, newer = stage.newer()
    looked = door.ask(made())
    assert looked.status == 202, looked
    assert door.host.report(looked.body["run"])["starter"] == "door:anna"
    until(lambda: published(door.host)["available"], 60, "die Anwendung weiß von der neuen Version")
    assert published(door.host)["available"]["version"] == newer
    started = door.ask(made(action="start-update"), path=START)
    assert started.status == 202, started
    busy = door.ask(made(action="start-update"), path=START)
    assert (busy.status, busy.body["running"]["id"]) == (409, started.body["run"])
    assert door.host.report(started.body["run"], 120)["result"] == "updated"
    door.host.await_idle()
    told = json.loads(door.host.page("/api/system/update").rpartition("\n")[0])
    assert (told["instance"], told["result"], told["release"]) == (started.body["run"], "updated", newer)
    shown = published(door.host)
    assert (shown["version"], shown["available"], shown["running"]) == (newer, None, None)
    assert (shown["history"][0]["from"], shown["history"][0]["to"]) == (before, newer)
    lines = [json.loads(line) for line in door.host.run("cat", f"{door.host.data}/audit.log").splitlines()]
    assert [line["starter"] for line in lines if line["run"] == started.body["run"]] == ["door:anna"]


def test_bad_tickets(way: Way) -> None:
    now, good = int(time.time()), made()
    body, _, signature = good.partition(".")
    runs = way.host.run("ls", f"{way.host.data}/runs")
    assert way.said(None) == (401, "ticket_missing")
    assert way.said("") == (401, "ticket_invalid")
    assert way.said(made(iat=now - 90, exp=now - 30)) == (401, "ticket_expired")
    assert way.said(made(iat=now + 30, exp=now + 60)) == (401, "ticket_early")
    assert way.said(made(exp=now + 3600)) == (401, "ticket_invalid")
    assert way.said(f"{body}x.{signature}") == (401, "ticket_invalid")
    assert way.said(made(FOREIGN)) == (401, "ticket_invalid")
    assert way.said(made(action="start-update")) == (403, "ticket_other")
    assert way.said(made(stack="portal")) == (403, "ticket_other")
    assert way.host.run("ls", f"{way.host.data}/runs") == runs


def test_wrong_calls_with_a_good_ticket(way: Way) -> None:
    good = made()
    assert way.said(good, Cookie="sitzung=x") == (400, "bad_request")
    assert way.said(good, X_Upkeep_Request=None) == (400, "bad_request")
    assert way.said(good, Content_Type="text/plain") == (415, "bad_request")
    assert way.said(good, Content_Type="application/x-www-form-urlencoded") == (415, "bad_request")
    assert way.said(good, Origin="https://evil.example") == (403, "origin")
    assert way.said(good, Origin=None) == (403, "origin")
    # a name that was pointed here afterwards: Host and Origin agree, the policy knows neither
    assert way.said(good, Host="evil.example", Origin="http://evil.example") == (403, "origin")
    assert way.said("x" * 3000)[0] == 413
    # forged words of the gate change nothing: the good call passes
    assert way.said(good, X_Forwarded_Host="evil.example", X_Upkeep_Stack="portal")[0] == 202


def test_a_ticket_counts_once_also_for_the_agents_next_life(way: Way) -> None:
    good = made()
    run = way.ask(good).body["run"]
    assert way.said(good) == (401, "ticket_used")
    way.host.report(run)
    way.host.run("systemctl", "kill", "--signal=SIGKILL", "upkeep-agent")
    way.host.await_agent()
    way.host.run("systemctl", "restart", "upkeep-agent")
    way.host.await_agent()
    assert way.said(good) == (401, "ticket_used")


@pytest.fixture
def rotated(host: ManagedHost) -> Iterator[str]:
    """A newer key above the one that the slots still have."""
    newer = planted.vault(3)["vault__ticket"]
    place_keys(host, newer, KEY)
    yield newer
    place_keys(host, KEY)


def place_keys(host: ManagedHost, *keys: str) -> None:
    host.run("sh", "-c", f"cat > $(echo {host.home}/secrets/ticket-key*)", stdin="".join(f"{key}\n" for key in keys))


def test_during_a_change_both_keys_count_and_afterwards_the_new_one(door: Way, rotated: str) -> None:
    for key in (rotated, KEY):
        door.host.report(door.ask(made(key)).body["run"])
    place_keys(door.host, rotated)
    assert door.said(made(KEY)) == (401, "ticket_invalid")
    door.host.report(door.ask(made(rotated)).body["run"])


SECOND = """
mkdir -p /srv/upkeep/zwei/secrets /run/upkeep/door/zwei
sed -e 's/^stack: probe/stack: zwei/' /srv/upkeep/probe/stack.yml > /srv/upkeep/zwei/stack.yml
echo %s > /srv/upkeep/zwei/secrets/ticket-key
systemctl start upkeep-door@zwei.socket
"""
GONE = """
systemctl stop upkeep-door@zwei.socket upkeep-door@zwei.service
rm -rf /srv/upkeep/zwei /run/upkeep/door/zwei /var/lib/upkeep/zwei
"""


@pytest.fixture
def second(host: ManagedHost) -> Iterator[Way]:
    """The door of another stack, which has a key of its own."""
    host.shell(SECOND % FOREIGN)
    yield Way(host, ("--unix-socket", "/run/upkeep/door/zwei/door.sock"))
    host.shell(GONE)


def test_one_stacks_gate_cannot_start_the_other_stacks_update(door: Way, second: Way) -> None:
    theirs = made(FOREIGN, stack="zwei")
    assert door.said(theirs) == (401, "ticket_invalid")
    assert door.said(made(stack="zwei")) == (403, "ticket_other")
    assert second.said(made()) == (401, "ticket_invalid")
    assert second.said(made(FOREIGN)) == (403, "ticket_other")
    # it is good where it belongs: what comes then is that the stack has nothing to run
    assert second.said(theirs)[0] not in (401, 403)
    gate = door.host.run("docker", "inspect", "-f", "{{range .Mounts}}{{.Source}} {{end}}", "probe-gate-1").split()
    assert [source for source in gate if "/run/upkeep/door" in source] == ["/run/upkeep/door/probe"]


def test_too_many_starts_and_too_many_attempts(door: Way) -> None:
    for _ in range(8):
        door.host.report(door.ask(made()).body["run"])
    assert door.said(made()) == (429, "too_many")
    statuses = [door.ask(None).status for _ in range(8)]
    assert statuses[-1] == 429
    host_socket = Way(door.host, ("--unix-socket", "/run/upkeep/door/probe/door.sock"))
    assert host_socket.said(made()) == (429, "too_many")


def test_the_application_reaches_neither_docker_nor_the_agent(host: ManagedHost) -> None:
    *sockets, one, other, writing = host.run("docker", "exec", "probe-app-1-1", "python3", "-c", LOOK).splitlines()
    assert sockets == ["FileNotFoundError"] * 5
    assert "offen" not in (one, other)
    assert writing == "Read-only file system"
    mounts = host.run("docker", "inspect", "-f", "{{range .Mounts}}{{.Source}} {{end}}", "probe-app-1-1")
    assert "docker.sock" not in mounts


def test_the_policy_closes_the_door(door: Way) -> None:
    file = f"{door.host.home}/stack.yml"
    policy = yaml.safe_load(door.host.run("cat", file))
    door.host.run("cp", "-a", file, "/root/stack.yml")
    try:
        closed = yaml.safe_dump({key: value for key, value in policy.items() if key != "door"})
        door.host.run("sh", "-c", f"cat > {file}", stdin=closed)
        assert door.said(made()) == (403, "door_closed")
    finally:
        door.host.run("cp", "-a", "/root/stack.yml", file)


def test_a_second_site_changes_nothing_and_check_mode_writes_nothing(stage: Stage, host: ManagedHost) -> None:
    assert stage.plays.fine("site", "--diff").recap("web1", "changed") == 0
    before = host.shell(f"find {host.home} /run/upkeep -type f -exec stat -c '%n %Y %i' {{}} + | sort")
    moved = stage.stacks(door_actions=["check-update"], ticket_key=planted.vault(3)["vault__ticket"])
    shown = stage.plays.fine("site", "--check", "--diff", "-vvv", stacks=moved)
    assert shown.recap("web1", "changed") > 0
    assert "check-update" in shown.output
    assert host.shell(f"find {host.home} /run/upkeep -type f -exec stat -c '%n %Y %i' {{}} + | sort") == before

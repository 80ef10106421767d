"""The web door behind the real gate: what of a caller's bytes reaches it, and that nothing but the right call gets
through to the agent."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.gate.gate import Stand, eventually, stand
from tests.unit.fake_agent import FakeAgent
from upkeep.door.agent import PublicAgent
from upkeep.door.routes import Door
from upkeep.door.server import Limits, Server

START = "/api/system/start-update"
BODY = json.dumps({"ticket": "eyJ2IjoxfQ.c2lnbmF0dXJl"}).encode()


class RealDoor:
    """The door's own server at the gate's socket, an agent that remembers what it was asked behind it."""

    def __init__(self, path: Path) -> None:
        self.agent = FakeAgent(path.parent.parent / "agent.sock").start()
        self.agent.stacks = {"probe": {}}
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        path.chmod(0o666)
        self._listener.listen(64)
        self._server = Server(self._listener, Door("probe", PublicAgent(str(self.agent.path))).routes())
        self._thread = threading.Thread(target=self._server.serve)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._server.stop()
        self._thread.join()
        self._listener.close()
        self.agent.stop()


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    with stand(tmp_path_factory.mktemp("door"), "door", RealDoor, stack__request_timeout=5) as made:
        made.start_app()
        yield made


@pytest.fixture
def agent(gate: Stand) -> FakeAgent:
    """It has heard nothing yet, and no caller has used up his attempts."""
    assert isinstance(gate.door, RealDoor)
    gate.runtime._ask("clear table door_callers")
    gate.door.agent.asked.clear()
    return gate.door.agent


def origin(gate: Stand) -> str:
    return f"http://{gate.address}:8080"


def headers(gate: Stand, **changes: str | None) -> dict[str, str]:
    named = {name.replace("_", "-"): value for name, value in changes.items()}
    given = {"Origin": origin(gate), "Content-Type": "application/json", "X-Upkeep-Request": "1"} | named
    return {name: value for name, value in given.items() if value is not None}


def ask(gate: Stand, path: str = START, body: bytes = BODY, **changes: str | None) -> int:
    return gate.post(path, data=body, headers=headers(gate, **changes)).status_code


def raw(gate: Stand, *lines: str, body: bytes = b"") -> bytes:
    """Sent as it stands; everything that comes back until it is closed or silent."""
    received = b""
    with socket.create_connection((gate.address, 8080), timeout=15) as caller, contextlib.suppress(TimeoutError):
        caller.sendall("\r\n".join([*lines, "", ""]).encode() + body)
        while chunk := caller.recv(65536):
            received += chunk
            caller.settimeout(2)
    return received


def right(gate: Stand) -> list[str]:
    host = f"{gate.address}:8080"
    named = [f"{name}: {value}" for name, value in headers(gate).items()]
    return [f"POST {START} HTTP/1.1", f"Host: {host}", *named, "Connection: close"]


def statuses(answer: bytes) -> list[int]:
    return [int(part.split(b" ", 2)[0]) for part in answer.split(b"HTTP/1.1 ")[1:]]


def test_the_right_call_passes(gate: Stand, agent: FakeAgent) -> None:
    assert ask(gate) == 202
    wish = {"origin": origin(gate), "ticket": json.loads(BODY)["ticket"]}
    assert agent.asked == [("POST", "/v1/public/probe/start-update", wish)]


def test_it_passes_in_maintenance_too(gate: Stand, agent: FakeAgent) -> None:
    gate.close_gate(title="Wartung")
    assert ask(gate) == 202
    assert ask(gate, "/api/system/check-update") == 202
    gate.open_gate()


def test_what_starts_something_is_in_the_access_log_and_what_polls_is_not(gate: Stand, agent: FakeAgent) -> None:
    gate.get("/api/system/update")
    request = gate.post(START, data=BODY, headers=headers(gate)).headers["X-Request-Id"]
    eventually(lambda: [line for line in gate.log_lines() if line["request_id"] == request])
    assert "/api/system/update" not in {line["path"] for line in gate.log_lines()}
    assert "eyJ2" not in str(gate.log_lines())


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"Cookie": "sitzung=x"}, 400),
        ({"Content_Type": "text/plain"}, 415),
        ({"Content_Type": "application/x-www-form-urlencoded", "body": b"ticket=a.b"}, 415),
        ({"Content_Type": "multipart/form-data; boundary=x", "body": b"--x--"}, 415),
        ({"X_Upkeep_Request": None}, 400),
        ({"X_Upkeep_Request": "2"}, 400),
        ({"X_Upkeep_Request": "1, 1"}, 400),
        ({"X_Upkeep_Request": None, "X_Upkeep_Request_": "1"}, 400),
        ({"Origin": None}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "https://evil.example", "X_Forwarded_Host": "evil.example"}, 403),
        ({"Origin": "https://evil.example", "Host": "lager.example"}, 403),
        ({"body": b"{}"}, 401),
        ({"body": b""}, 400),
        ({"body": b"x" * 3000}, 413),
        ({"body": b'{"ticket": "a.b", "stack": "portal"}'}, 400),
        ({"path": f"{START}?stack=portal"}, 404),
    ],
    ids=str,
)
def test_wrong_calls_are_refused_at_the_gate_or_the_door(
    gate: Stand, agent: FakeAgent, changes: dict[str, Any], status: int
) -> None:
    assert ask(gate, **changes) == status
    assert agent.asked == []


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_other_methods_do_nothing(gate: Stand, agent: FakeAgent, method: str) -> None:
    answer = raw(gate, *[line.replace("POST", method, 1) for line in right(gate)])
    assert statuses(answer) == [405]
    assert agent.asked == []


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/api/system/start%2Dupdate", 400),
        ("/api/system%2Fstart-update", 400),
        ("/api/system/start%252Dupdate", 400),
        ("/%61pi/system/start-update", 400),
        ("/api/system/%75pdate", 400),
        ("/api/system/../system/start-update", 404),
        ("/api/system//start-update", 404),
        ("/api/system/./start-update", 404),
        ("/api/system/start-update/", 404),
        ("/api/system/start-update;x", 404),
        ("/API/system/start-update", 404),
        ("/api/system/start-update%00", 400),
    ],
)
def test_another_spelling_is_not_the_doors(gate: Stand, agent: FakeAgent, path: str, expected: int) -> None:
    """404 is the application's own answer: it has no such page."""
    answer = raw(
        gate, *[line.replace(START, path, 1) for line in right(gate)], f"Content-Length: {len(BODY)}", body=BODY
    )
    assert statuses(answer) == [expected]
    assert agent.asked == []


def test_clients_cannot_say_what_the_gate_says(gate: Stand, agent: FakeAgent) -> None:
    """The right call with forged headers passes as if they were not there."""
    forged = {"X_Forwarded_For": "6.6.6.6", "X_Forwarded_Host": "portal.example", "X_Upkeep_Stack": "portal"}
    assert ask(gate, **forged) == 202
    assert [path for _, path, _ in agent.asked] == ["/v1/public/probe/start-update"]


def test_the_header_of_the_door_reaches_no_application(gate: Stand) -> None:
    assert "x-upkeep-request" not in gate.headers_at_app({"X-Upkeep-Request": "1"})


def test_a_name_that_was_pointed_here_afterwards(gate: Stand, agent: FakeAgent) -> None:
    """Origin and Host agree, as in a rebound browser: the policy's list is the agent's to ask, so it gets to see it."""
    ask(gate, Host="evil.example", Origin="http://evil.example")
    assert [body["origin"] for _, _, body in agent.asked if body] == ["http://evil.example"]


def test_unknown_hosts_are_refused_before_the_door_where_names_are_listed(tmp_path: Path) -> None:
    with stand(tmp_path, "hosts", RealDoor, stack__host_names=["lager.example"]) as made:
        assert ask(made, Host="evil.example", Origin="http://evil.example") == 421
        assert ask(made, Host="lager.example", Origin="http://lager.example") == 202


SMUGGLED = b"POST /api/system/check-update HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.mark.parametrize(
    ("extra", "body"),
    [
        ([f"Content-Length: {len(BODY)}", "Transfer-Encoding: chunked"], b"0\r\n\r\n" + SMUGGLED),
        (["Transfer-Encoding: chunked", "Content-Length: 4"], b"26\r\n" + BODY + b"\r\n0\r\n\r\n"),
        (["Transfer-Encoding: chunked"], f"{len(BODY):x}".encode() + b"\r\n" + BODY + b"\r\n0\r\n\r\n"),
        (["Transfer-Encoding: xchunked"], BODY),
        (["Transfer-Encoding: chunked, identity"], BODY),
        (["Transfer-Encoding:\tchunked", f"Content-Length: {len(BODY)}"], b"0\r\n\r\n" + SMUGGLED),
        (["Transfer-Encoding : chunked", f"Content-Length: {len(BODY)}"], BODY),
        (["Transfer-Encoding: chunked", "Transfer-Encoding: identity"], BODY),
        (["Content-Length: 4", f"Content-Length: {len(BODY)}"], BODY),
        ([f"Content-Length: {len(BODY)}, 4"], BODY),
        (["Content-Length: -1"], BODY),
        ([f"Content-Length: +{len(BODY)}"], BODY),
        (["Content-Length: 0x26"], BODY),
        ([f"Content-Length: {len(BODY)}\n Transfer-Encoding: chunked"], BODY),
    ],
    ids=lambda value: str(value)[:60] if isinstance(value, list) else "",
)
def test_smuggled_lengths_start_nothing(gate: Stand, agent: FakeAgent, extra: list[str], body: bytes) -> None:
    answer = raw(gate, *right(gate), *extra, body=body)
    assert statuses(answer)[:1] in ([400], [411], [413], [422], [501]), answer
    assert not [status for status in statuses(answer) if status < 400]
    assert agent.asked == []


def test_a_second_request_in_the_same_bytes_is_one_of_its_own(gate: Stand, agent: FakeAgent) -> None:
    """What follows a whole request is judged alone: without header, origin and ticket it is refused."""
    first = [line for line in right(gate) if not line.startswith("Connection")]
    answer = raw(gate, *first, f"Content-Length: {len(BODY)}", body=BODY + SMUGGLED)
    assert statuses(answer)[0] == 202
    assert [path for _, path, _ in agent.asked] == ["/v1/public/probe/start-update"]
    assert all(status >= 400 for status in statuses(answer)[1:])


PRIVATE = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"]


def test_slow_bodies_wait_at_the_gate_and_never_at_the_door(tmp_path: Path) -> None:
    """More of them, each from an address of its own, than the door has places: it still answers at once."""
    with stand(tmp_path, "slow", RealDoor, stack__trusted_proxies=PRIVATE) as made, contextlib.ExitStack() as callers:
        head = [*right(made), f"Content-Length: {len(BODY)}"]
        slow = []
        for number in range(Limits().connections + 4):
            slow.append(callers.enter_context(socket.create_connection((made.address, 8080), timeout=20)))
            lines = [*head, f"X-Forwarded-For: 10.9.0.{number}", "", ""]
            slow[-1].sendall("\r\n".join(lines).encode() + BODY[:-5])
        began = time.monotonic()
        assert ask(made) == 202
        assert time.monotonic() - began < 8  # the slow ones are sent away after 10 s
        assert {statuses(caller.recv(4096))[0] for caller in slow} == {408}
        assert len(made.door.agent.asked) == 1


def test_too_many_attempts_of_one_address_are_told_to_wait(gate: Stand, agent: FakeAgent) -> None:
    found = [ask(gate, body=b"{}") for _ in range(10)]
    assert found == [401] * 10
    answer = gate.post(START, data=BODY, headers=headers(gate))
    assert (answer.status_code, answer.headers["Retry-After"], answer.json()["code"]) == (429, "30", "too_many")
    assert gate.get("/api/system/update").status_code == 200
    assert agent.asked[-1:] == [("GET", "/v1/public/probe", None)]

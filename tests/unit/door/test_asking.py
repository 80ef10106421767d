"""What the door makes of requests to start something: bytes in front, what reached the agent behind."""

from __future__ import annotations

import json
import socket
import time
from pathlib import Path
from typing import Any

import pytest

from tests.unit.door.test_door import QUICK, Answer, Speak, agent, call, door, everything, speak
from tests.unit.fake_agent import FakeAgent

__all__ = ["agent", "door", "speak"]

START = "/api/system/start-update"
AT_AGENT = "/v1/public/lager/start-update"
TICKET = "eyJ2IjoxfQ.c2lnbmF0dXJl"
BODY = json.dumps({"ticket": TICKET}).encode()
HEADERS = {
    "Host": "lager.example:8080",
    "Origin": "http://lager.example:8080",
    "Content-Type": "application/json",
    "X-Upkeep-Request": "1",
}


def asking(body: bytes = BODY, method: str = "POST", path: str = START, **changes: str | None) -> bytes:
    """The right call, with other headers (`_` for `-`, None to leave one out)."""
    named = {name.replace("_", "-"): value for name, value in changes.items()}
    headers: dict[str, str | None] = {**HEADERS, "Content-Length": str(len(body)), **named}
    lines = [f"{name}: {value}" for name, value in headers.items() if value is not None]
    return "\r\n".join([f"{method} {path} HTTP/1.1", *lines, "", ""]).encode() + body


def refused(agent: FakeAgent, answer: Answer, status: int, code: str) -> None:
    assert (answer.status, answer.json["code"]) == (status, code), answer.body
    assert agent.asked == []


def test_the_right_call_reaches_the_agent_and_only_what_it_needs(agent: FakeAgent, speak: Speak) -> None:
    answer = speak(asking(X_Forwarded_For="6.6.6.6", X_Upkeep_Stack="portal", Authorization="Bearer x"))
    assert (answer.status, answer.json) == (202, {"run": "20261121-093012-update-7f3a"})
    assert agent.asked == [("POST", AT_AGENT, {"origin": HEADERS["Origin"], "ticket": TICKET})]


def test_looking_for_a_new_version_takes_the_same_way(agent: FakeAgent, speak: Speak) -> None:
    assert speak(asking(path="/api/system/check-update")).status == 202
    assert [path for _, path, _ in agent.asked] == ["/v1/public/lager/check-update"]


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "Application/JSON;charset=UTF-8"])
def test_json_may_name_its_encoding(speak: Speak, kind: str) -> None:
    assert speak(asking(Content_Type=kind)).status == 202


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"Cookie": "sitzung=x"}, 400, "bad_request"),
        ({"Cookie": ""}, 400, "bad_request"),
        ({"Content_Type": None}, 415, "bad_request"),
        ({"Content_Type": "text/plain"}, 415, "bad_request"),
        ({"Content_Type": "application/x-www-form-urlencoded"}, 415, "bad_request"),
        ({"Content_Type": "multipart/form-data; boundary=x"}, 415, "bad_request"),
        ({"Content_Type": "application/json, text/plain"}, 415, "bad_request"),
        ({"Content_Type": "application/json; charset=utf-16"}, 415, "bad_request"),
        ({"X_Upkeep_Request": None}, 400, "bad_request"),
        ({"X_Upkeep_Request": "true"}, 400, "bad_request"),
        ({"Origin": None}, 403, "origin"),
        ({"Origin": "null"}, 403, "origin"),
        ({"Origin": "http://evil.example"}, 403, "origin"),
        ({"Origin": "http://lager.example"}, 403, "origin"),
        ({"Origin": "http://lager.example:8080/"}, 403, "origin"),
        ({"Origin": "http://lager.example:8080.evil.example"}, 403, "origin"),
        ({"Origin": "http://x@lager.example:8080"}, 403, "origin"),
        ({"Origin": "HTTP://lager.example:8080"}, 403, "origin"),
        ({"Origin": "file://lager.example:8080"}, 403, "origin"),
        ({"Host": "evil.example"}, 403, "origin"),
        ({"Host": ""}, 403, "origin"),
        ({"Host": None}, 400, "bad_request"),
        ({"method": "GET", "body": b""}, 405, "method"),
        ({"method": "PUT", "body": b""}, 405, "method"),
        ({"method": "OPTIONS", "body": b""}, 405, "method"),
        ({"method": "HEAD", "body": b""}, 405, "method"),
    ],
    ids=str,
)
def test_wrong_calls_do_not_reach_the_agent(
    agent: FakeAgent, speak: Speak, changes: dict[str, Any], status: int, code: str
) -> None:
    refused(agent, speak(asking(**changes)), status, code)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "bad_request"),
        (b"ticket=x", 400, "bad_request"),
        (b"[]", 400, "bad_request"),
        (b"null", 400, "bad_request"),
        (b"\xff\xfe{", 400, "bad_request"),
        (b"[" * 2000, 400, "bad_request"),
        (b'{"ticket": "a.b", "image": "evil:latest"}', 400, "bad_request"),
        (b'{"ticket": "a.b", "stack": "portal"}', 400, "bad_request"),
        (b"{}", 401, "ticket_missing"),
        (b'{"ticket": ""}', 401, "ticket_invalid"),
        (b'{"ticket": null}', 401, "ticket_invalid"),
        (b'{"ticket": {"$ne": ""}}', 401, "ticket_invalid"),
        (b'{"ticket": "a\\u0000b"}', 401, "ticket_invalid"),
        (b'{"ticket": "\\ud800"}', 401, "ticket_invalid"),
        (json.dumps({"ticket": "x" * 1025}).encode(), 401, "ticket_invalid"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_bodies_that_carry_no_ticket(agent: FakeAgent, speak: Speak, body: bytes, status: int, code: str) -> None:
    refused(agent, speak(asking(body)), status, code)


@pytest.mark.parametrize(
    ("headers", "rest", "status"),
    [
        ("Content-Length: 5000\r\n", b"", 413),
        ("Content-Length: 99999999999999999999\r\n", b"", 400),
        ("Content-Length: -5\r\n", b"", 400),
        ("Content-Length: +38\r\n", b"", 400),
        ("Content-Length: 0x26\r\n", b"", 400),
        ("Content-Length: 38, 38\r\n", b"", 400),
        ("Content-Length:\r\n", b"", 400),
        (f"Content-Length: {len(BODY)}\r\nContent-Length: {len(BODY)}\r\n", BODY, 400),
        (f"Content-Length: 4\r\nContent-Length: {len(BODY)}\r\n", BODY, 400),
        (f"Content-Length: {len(BODY)}\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n", 400),
        (f"Transfer-Encoding: chunked\r\nContent-Length: {len(BODY)}\r\n", BODY, 400),
        ("Transfer-Encoding: chunked\r\n", b"26\r\n" + BODY + b"\r\n0\r\n\r\n", 411),
        ("Transfer-Encoding: identity\r\n", BODY, 411),
        ("Transfer-Encoding: xchunked\r\n", BODY, 411),
        ("Transfer-Encoding : chunked\r\n", BODY, 400),
        ("Content-Length: 4\r\n", BODY, 400),
        (f"Content-Length: {len(BODY)}\r\n", BODY + b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        ("Origin: http://lager.example:8080\r\n", b"", 400),
        ("Content-Type: text/plain\r\n", b"", 400),
        ("Host: evil.example\r\n", b"", 400),
        ("X-Upkeep-Request: 1\r\n", b"", 400),
    ],
)
def test_there_are_no_two_ways_to_read_it(
    agent: FakeAgent, speak: Speak, headers: str, rest: bytes, status: int
) -> None:
    head = asking(b"", Content_Length=None).removesuffix(b"\r\n")
    answer = speak(head + headers.encode() + b"\r\n" + rest)
    refused(agent, answer, status, "bad_request")


def test_a_body_may_come_in_pieces(agent: FakeAgent, door: Path) -> None:
    whole = asking()
    with socket.socket(socket.AF_UNIX) as caller:
        caller.settimeout(30)
        caller.connect(str(door))
        for start in range(0, len(whole), 60):
            caller.sendall(whole[start : start + 60])
            time.sleep(0.001)
        assert Answer(everything(caller)).status == 202


def test_a_body_that_never_comes_costs_a_place_for_a_moment_only(agent: FakeAgent, door: Path) -> None:
    slow = [socket.socket(socket.AF_UNIX) for _ in range(QUICK.connections)]
    for caller in slow:
        caller.settimeout(30)
        caller.connect(str(door))
        caller.sendall(asking()[:-5])
    assert call(door, asking()).status == 202
    for caller in slow:
        assert Answer(everything(caller)).status == 408
        caller.close()


@pytest.mark.parametrize(
    ("status", "answer", "expected", "code"),
    [
        (401, {"error": "Das Ticket ist abgelaufen.", "code": "ticket_expired"}, 401, "ticket_expired"),
        (401, {"error": "…", "code": "ticket_used"}, 401, "ticket_used"),
        (403, {"error": "…", "code": "ticket_other"}, 403, "ticket_other"),
        (403, {"error": "…", "code": "origin"}, 403, "origin"),
        (403, {"error": "…", "code": "door_closed"}, 403, "door_closed"),
        (429, {"error": "…", "code": "too_many"}, 429, "too_many"),
        (422, {"error": "Die Platte ist voll.", "code": "refused"}, 422, "refused"),
        (404, {"error": "Bekannt sind: geheim, portal.", "code": "unknown_stack"}, 503, "unreachable"),
        (404, {"error": "…", "code": "unknown_path"}, 503, "unreachable"),
        (500, {"error": "Traceback /srv/upkeep", "code": "failed"}, 500, "failed"),
        (500, "kein JSON", 500, "failed"),
    ],
)
def test_what_the_agent_says_leaves_the_host_as_far_as_it_is_meant_to(
    agent: FakeAgent, speak: Speak, status: int, answer: Any, expected: int, code: str
) -> None:
    agent.refuse(AT_AGENT, status, answer)
    said = speak(asking())
    assert (said.status, said.json["code"]) == (expected, code)
    assert "geheim" not in said.body.decode()
    assert "/srv" not in said.body.decode()


def test_busy_names_the_run_and_not_who_started_it(agent: FakeAgent, speak: Speak) -> None:
    running = {"id": "r-1", "operation": "deploy", "started_at": "2026-11-21T09:30:12Z", "starter": "ansible:alice@pc"}
    agent.refuse(AT_AGENT, 409, {"error": "läuft schon, gestartet von alice", "code": "busy", "running": running})
    answer = speak(asking())
    assert (answer.status, answer.json["running"]["id"]) == (409, "r-1")
    assert "alice" not in answer.body.decode()


def test_without_the_agent_it_says_so(agent: FakeAgent, speak: Speak) -> None:
    agent.stop()
    answer = speak(asking())
    assert (answer.status, answer.headers["Retry-After"]) == (503, "2")


def test_too_many_says_when_to_come_back(agent: FakeAgent, speak: Speak) -> None:
    agent.refuse(AT_AGENT, 429, {"error": "…", "code": "too_many"})
    assert speak(asking()).headers["Retry-After"] == "30"

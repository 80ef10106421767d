"""The agent's client against a real Unix socket."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

import pytest

from tests.unit.fake_agent import UPDATE_EVENTS, FakeAgent, FakeRun, event, summary, wait_until
from upkeep.client import (
    AgentClient,
    AgentError,
    AgentUnreachable,
    Busy,
    Event,
    Refused,
    SocketMissing,
    UnknownStack,
    order,
)

RUN = summary()["id"]


@pytest.fixture
def client(agent: FakeAgent) -> AgentClient:
    return AgentClient(str(agent.path), timeout=5)


def test_start_sends_operation_starter_and_options(agent: FakeAgent, client: AgentClient) -> None:
    assert client.start("lager", order("update", "cli:anna", to="repo:2", force=True)) == RUN
    assert agent.bodies("/v1/stacks/lager/runs") == [
        {"operation": "update", "starter": "cli:anna", "options": {"force": True, "to": "repo:2"}}
    ]


def test_stack_names_cannot_leave_their_place_in_the_path(agent: FakeAgent, client: AgentClient) -> None:
    with pytest.raises(AgentError):
        client.status("../runs/x?y")
    assert agent.asked[-1][1] == "/v1/stacks/..%2Fruns%2Fx%3Fy"


@pytest.mark.parametrize(
    ("code", "answer", "kind"),
    [
        (404, {"error": "Kein Stack", "code": "unknown_stack"}, UnknownStack),
        (404, {"error": "Kein Lauf", "code": "unknown_run"}, Refused),
        (422, {"error": "Slots 0", "code": "policy"}, Refused),
        (409, {"error": "Läuft", "code": "busy", "running": {"id": "x", "starter": "cli:bernd"}}, Busy),
        (503, {"error": "Agent startet", "code": "starting"}, AgentUnreachable),
        (500, {"error": "Kaputt", "code": "failed"}, AgentError),
        (500, b"<html>", AgentError),
        (502, {}, AgentError),
        (200, ["keine", "Karte"], AgentError),
    ],
)
def test_answers_become_typed_errors_with_the_agents_words(
    agent: FakeAgent, client: AgentClient, code: int, answer: object, kind: type[AgentError]
) -> None:
    agent.refuse("/v1/stacks/lager", code, answer)
    with pytest.raises(AgentError) as caught:
        client.status("lager")
    assert type(caught.value) is kind
    if isinstance(answer, dict) and "error" in answer:
        assert str(caught.value) == answer["error"]
        assert caught.value.code == answer["code"]
    if isinstance(caught.value, Busy):
        assert caught.value.running["starter"] == "cli:bernd"


def test_missing_socket_and_deaf_socket_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(SocketMissing, match=r"läuft auf diesem Host nicht.*systemctl status upkeep-agent"):
        AgentClient(str(tmp_path / "none.sock")).stacks()
    deaf = socket.socket(socket.AF_UNIX)
    deaf.bind(str(tmp_path / "deaf.sock"))
    deaf.close()
    with pytest.raises(AgentUnreachable, match="niemand hört zu") as caught:
        AgentClient(str(tmp_path / "deaf.sock")).stacks()
    assert not isinstance(caught.value, SocketMissing)


def test_a_lost_answer_to_a_start_is_not_retried_and_says_so(tmp_path: Path) -> None:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(tmp_path / "agent.sock"))
    listener.listen()
    asked = []

    def hang_up() -> None:
        connection, _ = listener.accept()
        asked.append(connection.recv(4096))
        connection.close()

    threading.Thread(target=hang_up, daemon=True).start()
    with listener, pytest.raises(AgentUnreachable, match="ob der Auftrag noch ausgeführt wird"):
        AgentClient(str(tmp_path / "agent.sock"), timeout=5).start("lager", order("update", "cli:anna"))
    assert len(asked) == 1


def test_events_come_in_order_and_end_with_the_run(agent: FakeAgent, client: AgentClient) -> None:
    agent.runs[RUN] = FakeRun(summary(), UPDATE_EVENTS)
    assert [e.n for e in client.events(RUN)] == [1, 2, 3, 4, 5]
    assert client.report(RUN)["result"] == "updated"


def test_events_are_seen_while_the_run_goes_on(agent: FakeAgent, client: AgentClient) -> None:
    run = agent.runs[RUN] = FakeRun(summary(), [UPDATE_EVENTS[0]], finished=False)
    pulses: list[float] = []
    events = client.events(RUN, wait=0.1, pulse=pulses.append)
    assert next(events).phase == "preflight"
    threading.Timer(0.3, lambda: run.add(UPDATE_EVENTS[1], finished=True)).start()
    assert [e.phase for e in events] == ["pull"]
    assert pulses
    assert set(pulses) == {0.0}


def test_following_survives_an_agent_that_is_killed_and_comes_back(agent: FakeAgent, client: AgentClient) -> None:
    run = agent.runs[RUN] = FakeRun(summary(), UPDATE_EVENTS[:2], finished=False)
    pulses: list[float] = []
    seen: list[Event] = []

    def follow() -> None:
        seen.extend(client.events(RUN, wait=5, pulse=pulses.append))

    follower = threading.Thread(target=follow)
    follower.start()
    wait_until(lambda: sum(path.endswith("/events") for _, path, _ in agent.asked) >= 2)
    agent.stop()
    wait_until(lambda: len(pulses) >= 1)
    run.add(*UPDATE_EVENTS[2:], finished=True)
    agent.refuse(f"/v1/runs/{RUN}/events", 503, {"error": "Der Agent startet.", "code": "starting"}, times=1)
    agent.start()
    follower.join(10)
    assert [e.n for e in seen] == [1, 2, 3, 4, 5]


def test_following_gives_up_honestly_when_the_agent_stays_away(agent: FakeAgent) -> None:
    agent.runs[RUN] = FakeRun(summary(), UPDATE_EVENTS[:1], finished=False)
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    client = AgentClient(str(agent.path), timeout=5, patience=10, clock=lambda: now[0], sleep=sleep)
    events = client.events(RUN)
    next(events)
    agent.stop()
    with pytest.raises(AgentUnreachable, match=r"seit 10 s nicht erreichbar; wie der Lauf .*7f3a ausgeht") as caught:
        next(events)
    assert "upkeep status" in str(caught.value)


def test_an_agent_that_does_not_hold_polls_is_not_asked_in_a_tight_loop(agent: FakeAgent) -> None:
    empty = {"events": [], "finished": False}
    agent.refuse(f"/v1/runs/{RUN}/events", 200, empty, times=3)
    agent.runs[RUN] = FakeRun(summary(), [event(1, "done", 100, "Fertig")])
    naps: list[float] = []
    client = AgentClient(str(agent.path), clock=lambda: 0.0, sleep=naps.append)
    assert len(list(client.events(RUN))) == 1
    assert naps == [0.2, 0.2, 0.2]

"""The gate's runtime socket, spoken to for real; HAProxy's part is played by a small server."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from upkeep.errors import GateFailed
from upkeep.ports.gate import RuntimeGate

STATISTICS = """\
# pxname,svname,qcur,qmax,scur,smax,status,
web,FRONTEND,,,7,9,OPEN,
app,app-1,0,0,2,3,UP,
app,app-2,0,0,0,3,DOWN 1/2,
app,BACKEND,0,0,3,5,UP,
door,door,0,0,4,5,no check,
"""


class Haproxy:
    """One command per connection, as without `prompt`."""

    def __init__(self, path: Path) -> None:
        self.commands: list[str] = []
        self.answers: dict[str, str] = {"show info": "Name: HAProxy\nPid: 8\nStopping: 0\n", "show stat": STATISTICS}
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(str(path))
        self._socket.listen()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                text = self._read(connection)
                self.commands.append(text)
                answer = next((value for start, value in self.answers.items() if text.startswith(start)), "")
                connection.sendall(answer.encode() + b"\n")

    def _read(self, connection: socket.socket) -> str:
        text = ""
        while not text.endswith("\n\n" if "<<" in text else "\n"):
            text += connection.recv(4096).decode()
        return text.rstrip("\n")

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


@pytest.fixture
def haproxy(tmp_path: Path) -> Iterator[Haproxy]:
    server = Haproxy(tmp_path / "admin.sock")
    yield server
    server.close()


@pytest.fixture
def gate(tmp_path: Path, haproxy: Haproxy) -> RuntimeGate:
    return RuntimeGate(tmp_path / "admin.sock")


def test_map_is_brought_to_exactly_the_wanted_entries(gate: RuntimeGate, haproxy: Haproxy) -> None:
    haproxy.answers["show map"] = "0x1 title Alt\n0x2 gone x\n0x3 maintenance run:1\n0x4 text bleibt so\n"
    gate.set_map("state.map", {"title": "Neu; mit Sonderzeichen", "text": "bleibt so", "maintenance": "operator"})
    assert haproxy.commands[1:] == [
        "del map /maps/state.map gone",
        "del map /maps/state.map title",
        "add map /maps/state.map <<\ntitle Neu; mit Sonderzeichen",
        "set map /maps/state.map maintenance operator",
    ]


def test_the_entry_that_shuts_the_gate_comes_after_its_words(gate: RuntimeGate, haproxy: Haproxy) -> None:
    gate.set_map("state.map", {"title": "Update", "maintenance": "run:1"})
    assert [command.rpartition("\n")[2] for command in haproxy.commands[1:]] == ["title Update", "maintenance run:1"]


def test_requests_in_flight_are_those_of_the_apps_backend(gate: RuntimeGate) -> None:
    assert gate.in_flight() == 3


def test_servers_and_whether_they_are_up(gate: RuntimeGate) -> None:
    assert [(server.name, server.up) for server in gate.servers()] == [("app-1", True), ("app-2", False)]


def test_place_tells_address_and_state(gate: RuntimeGate, haproxy: Haproxy) -> None:
    haproxy.answers["set server app/app-1 addr"] = "IP changed from '' to '10.0.0.7' by 'stats socket command'"
    gate.place("app-1", "10.0.0.7", 8000)
    assert haproxy.commands == [
        "set server app/app-1 addr 10.0.0.7 port 8000",
        "set server app/app-1 state ready",
        "set server app/app-1 health up",
    ]


def test_refusal_is_an_error_with_the_gates_words(gate: RuntimeGate, haproxy: Haproxy) -> None:
    haproxy.answers["set server"] = "No such server."
    with pytest.raises(GateFailed, match=r"set server app/app-9 addr 10.0.0.7 port 8000 → No such server"):
        gate.place("app-9", "10.0.0.7", 8000)


def test_worker_that_is_leaving_does_not_count(gate: RuntimeGate, haproxy: Haproxy) -> None:
    assert gate.worker() == "8@"
    haproxy.answers["show info"] = "Pid: 8\nStopping: 1\n"
    assert gate.worker() is None
    assert not gate.answers()


def test_no_gate_is_no_answer(tmp_path: Path) -> None:
    assert not RuntimeGate(tmp_path / "nowhere.sock").answers()

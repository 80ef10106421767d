"""Slots out of rotation stay out, whatever happens to the gate; requests wait out a pause, whole and unsent."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterator

import pytest
import requests
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.integration.gate.gate import BROWSER, Stand, eventually, stand
from upkeep.gate import rotation
from upkeep.layout import StackPaths
from upkeep.ports import Ports
from upkeep.ports.clock import moment

HELD = 12.0  # longer than the gate's own `timeout http-request`
PAUSE = 3.0
LATE = 5.0  # after the end of a pause, on a machine that is busy with something else


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    """A gate before two slots."""
    folder = tmp_path_factory.mktemp("gate")
    with stand(folder, "pair", stack__slots=2, stack__drain_timeout=5) as made:
        made.start_app("app-1")
        made.start_app("app-2")
        yield made


def paths_of(gate: Stand) -> StackPaths:
    return StackPaths("probe", gate.folder, gate.folder / "data", gate.folder / "run" / "admin.sock")


def put_in(gate: Stand, slot: str) -> None:
    container = gate.containers[slot]
    container.reload()
    address = str(container.attrs["NetworkSettings"]["Networks"][gate.network.name]["IPAddress"])
    rotation.put_in(paths_of(gate), Ports(), slot, address, 8000)


def statuses(gate: Stand) -> dict[str, str]:
    return {server.name: server.status for server in gate.runtime.servers()}


def slots_that_answer(gate: Stand) -> set[str]:
    return {gate.get("/echo").json().get("slot", "keiner") for _ in range(10)}


def test_slot_out_of_rotation_stays_out_over_reload_and_restart(pair: Stand) -> None:
    paths, ports = paths_of(pair), Ports()
    rotation.take_out(paths, ports, "app-2", 8000)
    assert slots_that_answer(pair) == {"app-1"}
    for signal in ("SIGUSR2", "SIGKILL"):
        before = pair.runtime.worker()
        pair.containers["gate"].kill(signal)
        if signal == "SIGKILL":
            pair.containers["gate"].start()
        eventually(lambda before=before: pair.runtime.worker() not in (None, before), what=f"nach {signal} neu da")
        eventually(lambda: statuses(pair)["app-1"] == "UP", what="app-1 bereit")
        assert statuses(pair)["app-2"] == "DRAIN"
        assert slots_that_answer(pair) == {"app-1"}
    put_in(pair, "app-2")
    eventually(lambda: slots_that_answer(pair) == {"app-1", "app-2"}, what="beide Slots antworten")
    assert rotation.out(paths) == {}


def test_starting_gate_takes_three_failed_checks_to_give_a_slot_up(pair: Stand) -> None:
    """After a boot it is there before its slots: one check that came too early would cost everybody an answer."""
    rotation.all_in(paths_of(pair), Ports(), ("app-1", "app-2"), 8000)
    gate = pair.containers["gate"]
    try:
        for slot in ("app-1", "app-2"):
            pair.containers[slot].stop(timeout=1)
        gate.kill("SIGKILL")
        gate.start()
        eventually(
            lambda: pair.runtime.answers() and statuses(pair)["app-1"].startswith("DOWN"), what="app-1 aufgegeben"
        )
    finally:
        for slot in ("app-1", "app-2"):
            pair.containers[slot].start()
            put_in(pair, slot)
    eventually(lambda: slots_that_answer(pair) == {"app-1", "app-2"}, what="beide Slots antworten")
    gate.reload()
    began = moment(gate.attrs["State"]["StartedAt"])
    lines = gate.logs(timestamps=True, since=began).decode().splitlines()
    down = next(line.split()[0] for line in lines if "Server app/app-1 is DOWN" in line)
    # Two intervals of a quarter of a second lie between the checks; Docker notes the start a moment after it.
    assert (moment(down) - began).total_seconds() >= 0.45


def test_sessions_of_a_drained_slot_are_counted_until_they_end_and_can_be_cut(pair: Stand) -> None:
    rotation.take_out(paths_of(pair), Ports(), "app-2", 8000)
    ends: list[str] = []

    def ask() -> None:
        try:
            ends.append(str(pair.get("/slow?seconds=30").status_code))
        except requests.ConnectionError:
            ends.append("abgebrochen")

    asking = threading.Thread(target=ask)
    asking.start()
    eventually(lambda: busy(pair, "app-1") == 1, what="Anfrage bei app-1")
    pair.runtime.drain("app-1")
    assert busy(pair, "app-1") == 1
    pair.runtime.cut("app-1")
    asking.join(5)
    assert busy(pair, "app-1") == 0
    assert ends == ["abgebrochen"]
    for slot in ("app-1", "app-2"):
        put_in(pair, slot)
    eventually(lambda: slots_that_answer(pair) == {"app-1", "app-2"}, what="beide Slots antworten")


def test_websocket_keeps_its_slot_busy_until_it_is_cut(pair: Stand) -> None:
    rotation.take_out(paths_of(pair), Ports(), "app-2", 8000)
    with connect(f"ws://{pair.address}:8080/ws") as socket_:
        rotation.take_out(paths_of(pair), Ports(), "app-1", 8000)
        socket_.send("noch da?")
        assert socket_.recv(5) == "noch da?"
        assert busy(pair, "app-1") == 1
        pair.runtime.cut("app-1")
        with pytest.raises(ConnectionClosed):
            socket_.recv(5)
    assert busy(pair, "app-1") == 0
    for slot in ("app-1", "app-2"):
        put_in(pair, slot)
    eventually(lambda: slots_that_answer(pair) == {"app-1", "app-2"}, what="beide Slots antworten")


def busy(gate: Stand, slot: str) -> int:
    return sum(server.sessions for server in gate.runtime.servers() if server.name == slot)


def test_requests_wait_out_a_pause_with_their_bodies_and_are_sent_once(pair: Stand) -> None:
    pair.set_state({"hold": f"{time.time() + 25:.3f}", "maintenance": "run:1"})
    body, seen = b"x" * 3_000_000, []

    def upload() -> None:
        answer = pair.post("/upload", data=body)
        seen.append((answer.status_code, answer.json()["sha256"]))

    callers = [threading.Thread(target=upload) for _ in range(3)]
    for caller in callers:
        caller.start()
    time.sleep(HELD)
    assert seen == []
    assert pair.runtime.in_flight() == 0
    sent = total(pair)
    pair.open_gate()
    for caller in callers:
        caller.join(30)
    assert seen == [(200, hashlib.sha256(body).hexdigest())] * 3
    assert total(pair) - sent == 3


def total(gate: Stand) -> int:
    return sum(server.answers for server in gate.runtime.servers())


def test_pause_that_runs_out_ends_in_the_maintenance_page(pair: Stand) -> None:
    end = time.time() + PAUSE
    pair.set_state({"title": "Update", "text": "Gleich.", "hold": f"{end:.3f}", "maintenance": "run:1"})
    answer = pair.get("/", headers=BROWSER)
    assert 0 <= time.time() - end < LATE
    assert (answer.status_code, "Update" in answer.text) == (503, True)
    began = time.monotonic()
    assert pair.get("/api/x").status_code == 503
    assert time.monotonic() - began < PAUSE, "wartete noch einmal"
    pair.open_gate()


def test_door_answers_during_a_pause(pair: Stand) -> None:
    pair.set_state({"hold": f"{time.time() + 20:.3f}", "maintenance": "run:1"})
    assert requests.get(f"{pair.url}/api/updater/health", timeout=15).text == "OK"
    pair.open_gate()

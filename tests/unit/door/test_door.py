"""The web door: real sockets, a fake agent behind it, callers that behave badly in front."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.fake_agent import FakeAgent
from upkeep.door.agent import PublicAgent
from upkeep.door.routes import Door, Routes
from upkeep.door.server import Limits, Server

QUICK = Limits(request=1.0, answer=1.0, idle=30.0, connections=4)
Speak = Callable[[bytes], "Answer"]
GET_UPDATE = b"GET /api/system/update HTTP/1.1\r\nHost: lager\r\n\r\n"
SILENT: dict[str, Any] = dict.fromkeys(
    ("phase", "percent", "title", "text", "until", "running", "mixed", "release", "instance", "result")
)


class Answer:
    def __init__(self, raw: bytes) -> None:
        head, _, self.body = raw.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        self.status = int(first.split()[1])
        self.headers = dict(line.split(": ", 1) for line in lines)

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def listening(path: Path) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen(64)
    return listener


def call(path: Path, data: bytes) -> Answer:
    with socket.socket(socket.AF_UNIX) as caller:
        caller.settimeout(30)
        caller.connect(str(path))
        caller.sendall(data)
        return Answer(everything(caller))


def everything(caller: socket.socket) -> bytes:
    received = b""
    while chunk := caller.recv(65536):
        received += chunk
    return received


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[FakeAgent]:
    fake = FakeAgent(tmp_path / "public.sock").start()
    yield fake
    if fake._server:
        fake.stop()


@pytest.fixture
def door(agent: FakeAgent, tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "door.sock"
    with serving(path, Door("lager", PublicAgent(str(agent.path), timeout=1)).routes(), QUICK):
        yield path


class serving:  # noqa: N801 (reads as a with statement)
    def __init__(self, path: Path, routes: Routes, limits: Limits) -> None:
        self.listener = listening(path)
        self.server = Server(self.listener, routes, limits)
        self.thread = threading.Thread(target=self.server.serve)

    def __enter__(self) -> serving:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.stop()
        self.thread.join(10)
        self.listener.close()
        assert not self.thread.is_alive()


@pytest.fixture
def speak(door: Path) -> Speak:
    return lambda data: call(door, data)


def test_update_tells_the_public_part_of_what_goes_on(agent: FakeAgent, speak: Speak) -> None:
    agent.public |= {"release": "1.0.0", "mixed": True, "starter": "cli:anna", "secrets": "…"}
    answer = speak(GET_UPDATE)
    assert answer.status == 200
    told = {"phase": "start", "percent": 70, "running": True, "mixed": True, "release": "1.0.0"}
    assert answer.json == SILENT | told
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    assert int(answer.headers["Content-Length"]) == len(answer.body)
    assert [path for _, path, _ in agent.asked] == ["/v1/public/lager"]


def test_fields_of_another_type_do_not_slip_through(agent: FakeAgent, speak: Speak) -> None:
    agent.public |= {
        "phase": {"inside": "secret"},
        "title": ["x"],
        "running": "yes",
        "mixed": 1,
        "release": {"digest": "…"},
    }
    assert speak(GET_UPDATE).json == SILENT | {"percent": 70}


def test_without_the_agent_nothing_is_pretended(agent: FakeAgent, speak: Speak) -> None:
    agent.stop()
    answer = speak(GET_UPDATE)
    assert answer.status == 503
    assert answer.headers["Retry-After"] == "2"
    assert answer.json == SILENT | {"error": "Der Agent antwortet gerade nicht."}


def test_a_stack_the_agent_does_not_know_is_answered_the_same_way(agent: FakeAgent, speak: Speak) -> None:
    agent.stacks.clear()
    assert speak(GET_UPDATE).status == 503


def test_health_is_the_doors_own(agent: FakeAgent, speak: Speak) -> None:
    agent.stop()
    answer = speak(b"GET /api/updater/health HTTP/1.1\r\nHost: x\r\n\r\n")
    assert (answer.status, answer.body) == (200, b"OK")
    assert answer.headers["Content-Type"].startswith("text/plain")


@pytest.mark.parametrize("method", ["POST", "HEAD", "PUT", "DELETE", "OPTIONS", "FNORD"])
@pytest.mark.parametrize("path", ["/api/system/update", "/api/updater/health"])
def test_other_methods_are_405_and_name_the_right_one(speak: Speak, method: str, path: str) -> None:
    answer = speak(f"{method} {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    assert answer.status == 405
    assert answer.headers["Allow"] == "GET"


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/api/system/start-restore",
        "/api/system/start-update/",
        "/api/system/start-update?x=1",
        "/api/system/start%2Dupdate",
        "/api/system//start-update",
        "/api/system/update/",
        "/api/system/update?x=1",
        "/api/system/../system/update",
        "//api/system/update",
        "/api/system/updat%65",
        "/v1/stacks",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_everything_else_is_404(agent: FakeAgent, speak: Speak, method: str, path: str) -> None:
    assert speak(f"{method} {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode()).status == 404
    assert agent.asked == []


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"\r\n\r\n", 400),
        (b"GET /api/system/update\r\n\r\n", 400),
        (b"GET /api/system/update HTTP/2.0\r\nHost: x\r\n\r\n", 400),
        (b"get /api/system/update HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET  /api/system/update HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET http://x/api/system/update HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET /\x00 HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost : x\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\nX: y\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: a\x00b\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"POST /api/system/update HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody", 405),
        (b"GET /api/system/update HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody", 413),
        (b"GET /" + b"a" * 2000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 100 + b"\r\n", 431),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 20_000 + b"\r\n\r\n", 431),
        (b"x" * 20_000, 431),
    ],
)
def test_malformed_and_oversized_requests_are_refused(agent: FakeAgent, speak: Speak, data: bytes, status: int) -> None:
    assert speak(data).status == status
    assert agent.asked == []


def test_a_flood_is_cut_off(door: Path, speak: Speak) -> None:
    with socket.socket(socket.AF_UNIX) as caller:
        caller.settimeout(30)
        caller.connect(str(door))
        with pytest.raises(OSError, match=r"Broken pipe|reset"):
            caller.sendall(b"x" * 400_000_000)
    assert speak(GET_UPDATE).status == 200


def test_http_1_0_without_host_is_enough_for_a_gates_check(speak: Speak) -> None:
    assert speak(b"GET /api/updater/health HTTP/1.0\r\n\r\n").status == 200


def test_a_caller_who_hangs_up_half_way_does_no_harm(door: Path, speak: Speak) -> None:
    for _ in range(20):
        with socket.socket(socket.AF_UNIX) as caller:
            caller.connect(str(door))
            caller.sendall(b"GET /api")
    assert speak(GET_UPDATE).status == 200


def test_slow_callers_are_cut_off_and_do_not_keep_the_others_out(door: Path, speak: Speak) -> None:
    """Slowloris: more of them than places, each dripping bytes faster than a single read times out."""
    slow = [socket.socket(socket.AF_UNIX) for _ in range(QUICK.connections + 2)]
    for caller in slow:
        caller.settimeout(30)
        caller.connect(str(door))
    stop = threading.Event()
    drip = threading.Thread(target=dripping, args=(slow, stop))
    drip.start()
    try:
        assert speak(GET_UPDATE).status == 200
        assert Answer(everything(slow[0])).status == 408
    finally:
        stop.set()
        drip.join()
        for caller in slow:
            caller.close()


def dripping(callers: list[socket.socket], stop: threading.Event) -> None:
    while not stop.wait(0.05):
        for caller in callers:
            try:
                caller.send(b"G")
            except OSError:
                continue


def test_many_callers_at_once_are_all_answered(door: Path) -> None:
    statuses: list[int] = []
    callers = [threading.Thread(target=lambda: statuses.append(call(door, GET_UPDATE).status)) for _ in range(50)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert statuses == [200] * 50


def test_a_handler_that_breaks_is_a_500_and_the_door_stays(tmp_path: Path) -> None:
    routes: Routes = {"/": {"GET": lambda request: {}[request.path]}}  # type: ignore[dict-item]
    with serving(tmp_path / "door.sock", routes, QUICK):
        for _ in range(QUICK.connections + 1):
            answer = call(tmp_path / "door.sock", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert (answer.status, answer.json["error"]) == (500, "Die Anfrage ist gescheitert.")


def test_idle_door_leaves_and_what_waits_in_the_socket_is_for_the_next_one(agent: FakeAgent, tmp_path: Path) -> None:
    path = tmp_path / "door.sock"
    listener = listening(path)
    routes = Door("lager", PublicAgent(str(agent.path))).routes()
    Server(listener, routes, Limits(idle=0.1)).serve()
    with socket.socket(socket.AF_UNIX) as caller:
        caller.settimeout(30)
        caller.connect(str(path))
        caller.sendall(GET_UPDATE)
        Server(listener, routes, Limits(idle=0.1)).serve()
        assert Answer(everything(caller)).status == 200
    listener.close()


LAUNCHER = """
import os, sys
path, descriptor, *words = sys.argv[1:]
os.dup2(int(descriptor), 3)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
os.execv(sys.executable, [sys.executable, "-m", "upkeep.door", *words])
"""


def launch(listener: socket.socket, *words: str) -> subprocess.Popen[str]:
    """As systemd does it: descriptor 3, LISTEN_PID, LISTEN_FDS."""
    argv = [sys.executable, "-c", LAUNCHER, "", str(listener.fileno()), *words]
    return subprocess.Popen(argv, pass_fds=[listener.fileno()], stderr=subprocess.PIPE, text=True)


def test_process_takes_systemds_socket_and_ends_cleanly_on_sigterm(agent: FakeAgent, tmp_path: Path) -> None:
    path = tmp_path / "door.sock"
    with listening(path) as listener:
        process = launch(listener, "lager", str(agent.path))
        assert call(path, GET_UPDATE).json["phase"] == "start"
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=30)
        assert (process.returncode, err) == (0, "")


def test_http_clients_understand_it(door: Path) -> None:
    connection = http.client.HTTPConnection("lager", timeout=30)
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.connect(str(door))
    connection.request("GET", "/api/updater/health")
    response = connection.getresponse()
    assert (response.status, response.read(), response.will_close) == (200, b"OK", True)
    connection.close()


@pytest.mark.parametrize("words", [[], ["../lager"], ["LAGER"], ["lager", "sock", "mehr"]])
def test_bad_arguments_are_a_usage_error(words: list[str]) -> None:
    ended = subprocess.run([sys.executable, "-m", "upkeep.door", *words], capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert ended.stderr.startswith("Aufruf: ")


def test_started_by_hand_it_says_who_starts_it() -> None:
    environ = {key: value for key, value in os.environ.items() if not key.startswith("LISTEN_")}
    argv = [sys.executable, "-m", "upkeep.door", "lager"]
    ended = subprocess.run(argv, capture_output=True, text=True, env=environ, check=False)
    assert ended.returncode == 2
    assert "systemctl start upkeep-door@lager.socket" in ended.stderr


def test_the_door_needs_the_standard_library_only() -> None:
    program = "import sys; import upkeep.door.__main__ as d; print('\\n'.join(sys.modules))"
    argv = [sys.executable, "-S", "-c", program]
    loaded = subprocess.run(argv, capture_output=True, text=True, check=True).stdout.split()
    allowed = set(sys.stdlib_module_names) | {"upkeep", "__main__"}
    assert {name.partition(".")[0] for name in loaded} <= allowed

"""The gate of role stack for real: rendered files, the testbed's HAProxy 3.0 in a container, stand-in applications."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import docker
import requests
from docker.models.containers import Container
from docker.models.networks import Network

from tests.unit.roles.rendering import Rendering
from upkeep.ports.gate import RuntimeGate

HAPROXY = "upkeep-testbed/haproxy:latest"
PYTHON = "upkeep-testbed/python:latest"
LABEL = {"upkeep.test": "gate"}
HERE = Path(__file__).parent
GATE_HOME = "/usr/local/etc/haproxy"
BROWSER = {"Accept": "text/html,application/xhtml+xml"}


def eventually(claim: Callable[[], object], seconds: float = 30.0, what: str = "") -> None:
    """Wait until the claim holds; AssertionError after that many seconds."""
    deadline = time.monotonic() + seconds
    while not claim():
        assert time.monotonic() < deadline, f"nicht eingetreten: {what or claim}"
        time.sleep(0.05)


class Door(threading.Thread):
    """What answers at the door's socket; `answer` is the JSON of /api/system/update."""

    def __init__(self, path: Path) -> None:
        super().__init__(daemon=True)
        self.answer: dict[str, Any] = {"running": False, "phase": "", "percent": 0}
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        path.chmod(0o666)
        self._listener.listen(16)

    def run(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                self._serve(self._listener.accept()[0])

    def _serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            path = connection.recv(65536).split(b" ", 2)[1]
            body = b"OK" if path.endswith(b"/health") else json.dumps(self.answer).encode()
            head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
            connection.sendall(head.encode() + body)

    def close(self) -> None:
        self._listener.close()


@dataclass
class Stand:
    """One gate with its applications. `runtime` is the agent's own port to it."""

    engine: docker.DockerClient
    network: Network
    folder: Path
    rendering: Rendering
    door: Any
    containers: dict[str, Container] = field(default_factory=dict)

    @property
    def runtime(self) -> RuntimeGate:
        return RuntimeGate(self.folder / "run" / "admin.sock")

    @property
    def address(self) -> str:
        gate = self.containers["gate"]
        gate.reload()
        return str(gate.attrs["NetworkSettings"]["Networks"][self.network.name]["IPAddress"])

    @property
    def url(self) -> str:
        return f"http://{self.address}:8080"

    def get(self, path: str, **options: Any) -> requests.Response:
        return requests.get(f"{self.url}{path}", timeout=20, **options)

    def post(self, path: str, **options: Any) -> requests.Response:
        return requests.post(f"{self.url}{path}", timeout=60, **options)

    def headers_at_app(self, sent: dict[str, str]) -> dict[str, str]:
        return dict(self.get("/echo", headers=sent).json()["headers"])

    def start_app(self, slot: str = "app-1", **environment: str) -> None:
        options = self.network.client.api.create_endpoint_config(aliases=[slot])
        container = self.engine.containers.run(
            PYTHON,
            ["python3", "/standin/standin.py", "8000"],
            detach=True,
            labels=LABEL,
            user="7310:7310",
            environment={"SLOT": slot, **environment},
            volumes={str(HERE): {"bind": "/standin", "mode": "ro"}},
            network=self.network.name,
            networking_config={self.network.name: options},
            init=True,
        )
        self.containers[slot] = container
        eventually(lambda: self.is_up(slot), what=f"{slot} ist am Gate bereit")

    def is_up(self, slot: str) -> bool:
        return any(server.name == slot and server.up for server in self.runtime.servers())

    def start_gate(self) -> None:
        self.containers["gate"] = self.engine.containers.run(
            HAPROXY,
            [],
            entrypoint=["haproxy", "-W", "-db", "-f", f"{GATE_HOME}/haproxy.cfg"],
            detach=True,
            labels=LABEL,
            user="7301:7301",
            read_only=True,
            cap_drop=["ALL"],
            security_opt=["no-new-privileges:true"],
            network=self.network.name,
            dns_opt=["timeout:1", "attempts:1"],
            volumes={
                str(self.folder / "gate"): {"bind": GATE_HOME, "mode": "ro"},
                str(self.folder / "gate" / "maps"): {"bind": "/maps", "mode": "ro"},
                str(self.folder / "run"): {"bind": "/run/gate", "mode": "rw"},
                str(self.folder / "door"): {"bind": "/run/door", "mode": "rw"},
            },
        )
        eventually(self.runtime.answers, what="das Gate antwortet")

    def close_gate(self, **words: str) -> None:
        """As the agent does: map file and running gate."""
        self.set_state({**words, "maintenance": "operator"})

    def open_gate(self) -> None:
        self.set_state({})

    def set_state(self, entries: dict[str, str]) -> None:
        file = self.folder / "gate" / "maps" / "state.map"
        file.write_text("".join(f"{key} {value}\n" for key, value in entries.items()))
        self.runtime.set_map("state.map", entries)

    def log_lines(self) -> list[dict[str, Any]]:
        text = self.containers["gate"].logs(stdout=True, stderr=False).decode()
        return [json.loads(line) for line in text.splitlines() if line.startswith("{")]

    def clear(self) -> None:
        self.door.close()
        for container in self.containers.values():
            container.remove(force=True, v=True)
        self.network.remove()


@contextlib.contextmanager
def stand(folder: Path, name: str, behind: Callable[[Path], Any] = Door, **variables: Any) -> Iterator[Stand]:
    """A gate rendered with these variables of role stack, without applications yet; `behind` answers at the door."""
    engine = docker.from_env()
    rendering = render(folder, **variables)
    door = behind(folder / "door" / "door.sock")
    door.start()
    network = engine.networks.create(f"upkeep-test-gate-{name}", labels=LABEL)
    made = Stand(engine, network, folder, rendering, door)
    try:
        made.start_gate()
        yield made
    finally:
        made.clear()
        engine.close()


def render(folder: Path, **variables: Any) -> Rendering:
    for place in ("gate", "gate/maps", "run", "door"):
        (folder / place).mkdir()
        (folder / place).chmod(0o777)
    for name in ("state.map", "release.map"):  # the agent's; a gate does not start without them
        (folder / "gate" / "maps" / name).touch()
    given = {"stack__name": "probe", "stack__title": "Lager", "stack__image": {"channel": "ghcr.io/x/lager:stable"}}
    rendering = Rendering("stack", **given | variables)
    assert rendering.value("__stack__problems") == []
    for name in ("haproxy.cfg", "maintenance.html", "answers.map", "hold.lua"):
        (folder / "gate" / name).write_text(rendering.template(f"{name}.j2"))
    return rendering


def clear_leftovers() -> None:
    """What an interrupted run of these tests left behind."""
    engine = docker.from_env()
    filters = {"label": [f"{key}={value}" for key, value in LABEL.items()]}
    for container in engine.containers.list(all=True, filters=filters):
        container.remove(force=True, v=True)
    for network in engine.networks.list(filters=filters):
        network.remove()
    engine.close()

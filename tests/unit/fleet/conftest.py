"""A stand-in for HAProxy's runtime socket, and module_utils where plain Python finds them."""

from __future__ import annotations

import importlib.util
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

import ansible.module_utils
import pytest

ROOT = Path(__file__).resolve().parents[3]
if str(ROOT / "module_utils") not in ansible.module_utils.__path__:
    ansible.module_utils.__path__.append(str(ROOT / "module_utils"))

STAT = "# pxname,svname,qcur,scur,stot,status,hrsp_5xx,check_status,check_code,last_chk"
STATE = "1\n# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state"


@dataclass
class FakeServer:
    status: str = "UP"
    admin: int = 0
    sessions: int = 0
    answers: int = 0
    errors: int = 0


@dataclass
class FakeHaproxy:
    """`servers`: by `backend/name`; `log`: every command that is no question."""

    path: Path
    servers: dict[str, FakeServer] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)
    on_order: Callable[[str], None] = lambda _: None

    def start(self) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(str(self.path))
        self._socket.listen(8)
        threading.Thread(target=self._serve, daemon=True).start()

    def stop(self) -> None:
        self._socket.close()
        self.path.unlink()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                command = connection.recv(4096).decode().strip()
                connection.sendall(f"{self._answer(command)}\n".encode())

    def _answer(self, command: str) -> str:
        rows = {tuple(place.split("/")): server for place, server in self.servers.items()}
        if command == "show stat":
            lines = [
                f"{backend},{name},0,{s.sessions},{s.answers},{s.status},{s.errors},L7OK,200,OK"
                for (backend, name), s in rows.items()
            ]
            return "\n".join([STAT, "web,FRONTEND,,0,0,OPEN,0,,,", *lines, "app,BACKEND,0,0,0,UP,0,,,"])
        if command == "show servers state":
            lines = [f"3 {backend} 1 {name} 10.0.0.1 2 {s.admin}" for (backend, name), s in rows.items()]
            return "\n".join([STATE, *lines])
        self.log.append(command)
        self.on_order(command)
        return self._obey(command.split())

    def _obey(self, words: list[str]) -> str:
        if words[:2] == ["set", "server"]:
            server = self.servers.get(words[2])
            if server is None:
                return "No such server."
            server.admin = 8 if words[4] == "drain" else 0
        if words[:2] == ["shutdown", "sessions"]:
            self.servers[words[3]].sessions = 0
        return ""


@pytest.fixture
def haproxy(tmp_path: Path) -> Iterator[FakeHaproxy]:
    """Two healthy servers web1 and web2 in backend app."""
    fake = FakeHaproxy(tmp_path / "admin.sock", {"app/web1": FakeServer(), "app/web2": FakeServer()})
    fake.start()
    yield fake
    if fake.path.exists():
        fake.stop()


def plugin(kind: str, name: str) -> ModuleType:
    """A plugin beside the playbooks, as Ansible loads it: from its file."""
    path = ROOT / "playbooks" / f"{kind}_plugins" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"{kind}_{name}", path)
    assert spec
    assert spec.loader
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module

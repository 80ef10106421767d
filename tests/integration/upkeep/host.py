"""A testbed host with the agent of this work tree as a real systemd service, and ways to talk to both."""

from __future__ import annotations

import io
import json
import subprocess
import tarfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bson
import certifi
import charset_normalizer
import docker
import gridfs
import idna
import pymongo
import requests
import urllib3
import yaml

import upkeep
from testbed import restic
from tests.inside import inside

HOME = "/opt/upkeep-test"
DAEMON = {
    "insecure-registries": ["registry.upkeep.test:5000"],
    "registry-mirrors": ["http://registry.upkeep.test:5000"],
    "live-restore": False,
}
PACKAGES = (upkeep, docker, requests, urllib3, idna, certifi, charset_normalizer, pymongo, bson, gridfs, yaml)
UNIT = f"""\
[Unit]
After=docker.service
StartLimitIntervalSec=0
[Service]
Type=notify
NotifyAccess=main
Environment=PYTHONPATH={HOME}
ExecStart=/usr/bin/python3 -m upkeep.agent
Restart=always
RestartSec=0
KillMode=mixed
[Install]
WantedBy=multi-user.target
"""
REMOVE = """
systemctl stop upkeep-agent || true
ids=$(docker ps -aq --filter label=com.docker.compose.project=lager)
[ -z "$ids" ] || docker rm -f -v $ids
docker volume rm -f lager_mongodb lager_files
docker network rm lager_front lager_data || true
rm -rf /srv/upkeep/lager /var/lib/upkeep/lager /run/upkeep
"""


@dataclass(frozen=True)
class Reply:
    status: int
    body: Any


@dataclass(frozen=True)
class EngineHost:
    """`container`: the testbed host on this machine's Docker."""

    container: str

    @property
    def stack(self) -> str:
        return "lager"

    def run(self, *argv: str, check: bool = True, stdin: bytes | None = None) -> str:
        done = inside(self.container, *argv, given=stdin)
        if check and done.returncode:
            raise AssertionError(f"{argv} → {done.returncode}: {done.stdout.decode()}{done.stderr.decode()}")
        return done.stdout.decode()

    def alive(self) -> bool:
        return "running" in self.run("systemctl", "is-system-running", check=False)

    def prepare(self) -> None:
        """Docker that finds the test registry, and the agent's unit; not started yet."""
        self.run("mkdir", "-p", HOME)
        self.put({"/etc/docker/daemon.json": (json.dumps(DAEMON), 0o644, 0, 0)})
        self.put({"/etc/systemd/system/upkeep-agent.service": (UNIT, 0o644, 0, 0)})
        self.run("systemctl", "restart", "docker")
        self.install()
        self.run("systemctl", "daemon-reload")

    def install(self) -> None:
        """The agent and what it imports, from this machine's environment (pure Python is enough)."""
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as archive:
            for package in PACKAGES:
                folder = Path(package.__file__).parent
                archive.add(folder, folder.name, filter=_sources_only)
        self.run("tar", "-C", HOME, "-x", stdin=packed.getvalue())

    def bring_restic(self) -> None:
        """Where role backup brings it, without its package."""
        self.run("tar", "-C", str(restic.FOLDER.parent), "-x", stdin=restic.packed())
        self.run("ln", "-sf", str(restic.STARTER), "/usr/bin/restic")

    def put(self, files: dict[str, tuple[str, int, int, int]]) -> None:
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as archive:
            for name, (content, mode, owner, group) in files.items():
                data = content.encode()
                info = tarfile.TarInfo(name.lstrip("/"))
                info.size, info.mode, info.uid, info.gid = len(data), mode, owner, group
                archive.addfile(info, io.BytesIO(data))
        self.run("tar", "-C", "/", "-x", "--numeric-owner", stdin=packed.getvalue())

    def place_stack(self, files: dict[str, tuple[str, int, int, int]]) -> None:
        self.run("install", "-d", "-o", "7301", "-g", "7301", "-m", "770", "/run/upkeep/gate/lager")
        self.run("install", "-d", "-m", "755", "/srv/upkeep/lager/gate/maps")
        self.put({f"/srv/upkeep/lager/{name}": file for name, file in files.items()})

    def remove_stack(self) -> None:
        """Everything of the stack and of the agent's memory of it."""
        self.run("sh", "-ec", REMOVE)

    def address(self) -> str:
        """Where this machine reaches it."""
        template = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
        argv = ["docker", "inspect", "-f", template, self.container]
        return subprocess.run(argv, capture_output=True, text=True, check=True).stdout.strip()

    def start_agent(self) -> None:
        self.run("systemctl", "start", "upkeep-agent")

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None, socket: str = "agent") -> Reply:
        data = ["-d", json.dumps(body)] if body is not None else []
        argv = ["curl", "-sS", "-m", "120", "-X", method, "-w", "\n%{http_code}", *data]
        text, _, status = self.run(
            *argv, "--unix-socket", f"/run/upkeep/{socket}.sock", f"http://upkeep{path}"
        ).rpartition("\n")
        return Reply(int(status), json.loads(text))

    def begin(self, operation: str, **options: Any) -> str:
        order = {"operation": operation, "starter": "test", "options": options}
        reply = self.ask("POST", "/v1/stacks/lager/runs", order)
        assert reply.status == 202, reply
        return str(reply.body["run"])

    def report(self, run: str, within: float = 120) -> dict[str, Any]:
        """Wait for the end of a run, across restarts of the agent."""
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            try:
                self.ask("GET", f"/v1/runs/{run}/events?after=1000000&wait=5")
                report = self.ask("GET", f"/v1/runs/{run}").body
            except AssertionError:
                time.sleep(0.3)
                continue
            if report.get("finished_at"):
                return dict(report)
        raise AssertionError(f"{run} endete nicht; {self.log()}")

    def kill_agent(self) -> None:
        """SIGKILL, as an out-of-memory killer would; systemd starts it again."""
        self.run("systemctl", "kill", "--kill-whom=main", "--signal=SIGKILL", "upkeep-agent")

    def do(self, operation: str, **options: Any) -> dict[str, Any]:
        return self.report(self.begin(operation, **options))

    def status(self) -> dict[str, Any]:
        return dict(self.ask("GET", "/v1/stacks/lager").body)

    def log(self) -> str:
        return self.run("journalctl", "-u", "upkeep-agent", "-n", "80", "--no-pager", "-o", "cat", check=False)

    def curl(self, path: str = "/api/health", *more: str) -> str:
        argv = ("curl", "-s", "-m", "5", "-w", "\n%{http_code}", *more, f"http://127.0.0.1{path}")
        return self.run(*argv, check=False)


def _sources_only(info: tarfile.TarInfo) -> tarfile.TarInfo | None:
    return None if "__pycache__" in info.name or info.name.endswith(".so") else info

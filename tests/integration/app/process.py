"""`lager serve` as a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).resolve().parents[3]
SECRET = "planted-secret-0123456789-0123456789-abc"
START_SECONDS = 60  # only a deadline; what it should take is measured in test_process


class Process:
    """`lager serve` with its log."""

    def __init__(self, environ: dict[str, str], log: Path) -> None:
        self.environ = environ
        self.log = log
        self.url = f"http://127.0.0.1:{environ['PORT']}"
        with log.open("wb") as output:
            self.popen = subprocess.Popen([sys.executable, "-m", "lager", "serve"], env=environ, stdout=output)

    def until_ready(self) -> None:
        """Until the first 200."""
        began = time.monotonic()
        while time.monotonic() - began < START_SECONDS:
            try:
                if httpx.get(f"{self.url}/api/health").status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.02)
        raise AssertionError(self.log.read_text())

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_text().splitlines()]


@contextmanager
def running(environ: dict[str, str], log: Path) -> Iterator[Process]:
    process = Process(environ, log)
    try:
        yield process
    finally:
        process.popen.kill()
        process.popen.wait()

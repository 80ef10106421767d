"""Where and when a measurement was taken."""

from __future__ import annotations

import os
import platform
import subprocess
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Circumstances:
    """`load` is the load average of the last minute when the run began, `memory` in GB."""

    moment: datetime
    commit: str
    is_dirty: bool
    cores: int
    processor: str
    memory: float
    kernel: str
    load: float

    @property
    def is_busy(self) -> bool:
        """Did others use more than a quarter of the cores?"""
        return self.load > self.cores / 4

    @classmethod
    def now(cls) -> Circumstances:
        return cls(
            moment=datetime.now().astimezone(),
            commit=_git("rev-parse", "--short=12", "HEAD"),
            is_dirty=bool(_git("status", "--porcelain", "--", ".", ":!docs/messungen")),
            cores=len(os.sched_getaffinity(0)),
            processor=_field("/proc/cpuinfo", "model name") or platform.machine(),
            memory=int(_field("/proc/meminfo", "MemTotal").split()[0]) / 1024**2,
            kernel=platform.release(),
            load=os.getloadavg()[0],
        )


def _git(*words: str) -> str:
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


def _field(file: str, name: str) -> str:
    lines = (line.partition(":") for line in Path(file).read_text(encoding="utf-8").splitlines())
    return next((value.strip() for key, _, value in lines if key.strip() == name), "")

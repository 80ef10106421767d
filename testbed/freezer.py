"""Ending hosts in which a container is paused: with cgroups of the first version its frozen processes outlive their
kill, and so does the host. Thawed they have nothing left to do but die."""

import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from testbed.command import as_root, attempt, run
from testbed.engine import docker

_FREEZER = Path("/sys/fs/cgroup/freezer/docker")


def end(*words: str, containers: list[str]) -> None:
    """Run this docker command, which kills these containers of ours."""
    argv = docker(*words, *containers)
    places = [_FREEZER / name for name in _ids(containers)]
    with ThreadPoolExecutor(1) as beside:
        killing = beside.submit(run, argv)
        while not killing.done():
            time.sleep(0.1)
            _thaw(places)
    killing.result()


def _ids(containers: list[str]) -> list[str]:
    return attempt(docker("inspect", "--format", "{{.Id}}", *containers)).stdout.split()


def _thaw(places: list[Path]) -> None:
    for file in (file for place in places for file in _states(place)):
        try:
            frozen = "THAWED" not in file.read_text()
        except OSError:
            continue  # it went just now
        if frozen:
            attempt([*as_root(), "tee", str(file)], stdin="THAWED")


def _states(place: Path) -> Iterator[Path]:
    """Folders may go while they are walked through, which Path.glob takes amiss and os.walk does not."""
    return (Path(folder, "freezer.state") for folder, _, _ in os.walk(place))

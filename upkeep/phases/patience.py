"""Docker itself may be on its way up: after a reboot, or because somebody restarted it in the middle of a run."""

from __future__ import annotations

from upkeep.errors import DockerFailed
from upkeep.ports import Ports

PATIENCE = 300.0


def await_docker(ports: Ports) -> None:
    """Raises DockerFailed when the daemon stays away for five minutes."""
    clock = ports.clock
    deadline = clock.monotonic() + PATIENCE
    while True:
        try:
            ports.docker.host()
        except DockerFailed:
            if clock.monotonic() > deadline:
                raise
            clock.sleep(1.0)
        else:
            return

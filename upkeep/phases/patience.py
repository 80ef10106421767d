"""Docker itself, or the gate, may be on its way up: after a reboot, or because somebody killed it amid a run."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from upkeep.errors import DockerFailed, GateFailed
from upkeep.ports import Ports

PATIENCE = 300.0
GATE_PATIENCE = 30.0
GATE_INTERVAL = 0.1

T = TypeVar("T")


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


def with_gate(ports: Ports, action: Callable[[], T]) -> T:
    """What `action` returns, tried again while the gate does not answer: Docker starts a killed one at once. `action`
    must bear being done twice. Raises GateFailed after half a minute."""
    clock = ports.clock
    deadline = clock.monotonic() + GATE_PATIENCE
    while True:
        try:
            return action()
        except GateFailed:
            if clock.monotonic() > deadline:
                raise
            clock.sleep(GATE_INTERVAL)

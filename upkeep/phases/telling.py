"""Telling the application that its time is over. Requests end by themselves, WebSockets and streams by its doing."""

from __future__ import annotations

import logging

from upkeep.errors import UpkeepError
from upkeep.policy.stack import Policy
from upkeep.ports.containers import Container
from upkeep.runs.run import Run

TOLD_TIMEOUT = 5.0

log = logging.getLogger("upkeep.run")


def tell(run: Run, container: Container, policy: Policy) -> bool:
    """By the policy's path; whether the app took it."""
    path = policy.update.drain_path
    if path is None or not container.address:
        return False
    answer = run.ports.probe.post(container.address, policy.app.port, path, TOLD_TIMEOUT)
    if answer.status is None or answer.status >= 400:
        log.warning("%s: %s nimmt %s nicht an (%s)", run.record.id, container.service, path, answer)
        return False
    return True


def signal(run: Run, container: Container) -> bool:
    """By SIGTERM, which every app hears: always true."""
    try:
        run.ports.docker.signal(container.id, "SIGTERM")
    except UpkeepError as exc:  # it ended by itself
        log.warning("%s: %s", run.record.id, exc)
    return True

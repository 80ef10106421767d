"""The connection to Docker's API, and its failures as ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from upkeep.errors import DockerFailed


def connect(timeout: int) -> Any:
    import docker

    with failures("Docker antwortet nicht"):
        return docker.APIClient(version="auto", timeout=timeout)


@contextmanager
def failures(what: str, next_step: str = "`systemctl status docker` ansehen.") -> Iterator[None]:
    import requests
    from docker.errors import DockerException

    try:
        yield
    except (DockerException, requests.RequestException) as exc:
        explanation = getattr(exc, "explanation", None) or str(exc)
        raise DockerFailed(what, observed=explanation, next_step=next_step) from exc

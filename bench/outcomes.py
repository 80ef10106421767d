"""What became of a request, as its caller sees it: one word."""

from __future__ import annotations

import json
from collections.abc import Mapping

import aiohttp


def classify(status: int, headers: Mapping[str, str], body: bytes) -> str:
    if 200 <= status < 300:
        return "ok"
    return "maintenance" if status == 503 and _says_when_to_return(headers, body) else f"http-{status}"


def _says_when_to_return(headers: Mapping[str, str], body: bytes) -> bool:
    """Is this the 503 that the gate promises to programs: JSON with `error` and `retry_after`, and Retry-After?"""
    if not headers.get("Content-Type", "").startswith("application/json"):
        return False
    try:
        answer = json.loads(body)
    except ValueError:
        return False
    told = isinstance(answer, dict) and bool(answer.get("error")) and isinstance(answer.get("retry_after"), int)
    return told and headers.get("Retry-After", "").isdecimal()


def classify_error(error: Exception) -> str:
    kinds: tuple[tuple[tuple[type[Exception], ...], str], ...] = (
        ((TimeoutError,), "timeout"),
        ((aiohttp.ClientConnectorError,), "refused"),
        ((OSError, aiohttp.ServerDisconnectedError, aiohttp.ClientPayloadError), "reset"),
    )
    return next((name for kind, name in kinds if isinstance(error, kind)), "protocol")

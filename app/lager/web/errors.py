"""Problems as answers: JSON ``{error, fields}`` with the status that fits."""

from __future__ import annotations

import logging
from typing import Any

from pymongo.errors import (
    AutoReconnect,
    ConnectionFailure,
    ExecutionTimeout,
    PyMongoError,
    ServerSelectionTimeoutError,
    WaitQueueTimeoutError,
)
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ExceptionHandler

from lager import problems

log = logging.getLogger("lager.web")

_STATUS: tuple[tuple[type[problems.Problem], int], ...] = (
    (problems.NotSignedIn, 401),
    (problems.Forbidden, 403),
    (problems.NotFound, 404),
    (problems.Conflict, 409),
    (problems.BadFields, 422),
    (problems.TooManyAttempts, 429),
    (problems.Problem, 400),
)
AWAY = (ConnectionFailure, AutoReconnect, ServerSelectionTimeoutError, WaitQueueTimeoutError, ExecutionTimeout)
RETRY_SECONDS = 2
_HTTP = {
    404: "Diese Adresse gibt es nicht.",
    405: "Diese Methode ist hier nicht erlaubt.",
    413: "Die Anfrage ist zu groß; erlaubt ist höchstens 1 MiB.",
}


def error_json(
    message: str, status: int, fields: dict[str, str] | None = None, headers: dict[str, str] | None = None, **more: Any
) -> JSONResponse:
    return JSONResponse({"error": message, "fields": fields or {}, **more}, status, headers)


async def on_problem(request: Request, exc: Exception) -> Response:
    assert isinstance(exc, problems.Problem)  # noqa: S101 - registered for this type only
    status = next(code for kind, code in _STATUS if isinstance(exc, kind))
    if isinstance(exc, problems.Stale):
        return error_json(exc.message, status, exc.fields, current=exc.current)
    if isinstance(exc, problems.TooManyAttempts):
        return error_json(exc.message, status, headers={"Retry-After": str(exc.retry_after)})
    return error_json(exc.message, status, exc.fields)


async def on_database_error(request: Request, exc: Exception) -> Response:
    """A mongod that is away for a moment is no fault of the request: 503, try again."""
    if not isinstance(exc, AWAY):
        raise exc
    log.warning("database away", extra={"event": "database_away", "kind": type(exc).__name__})
    message = "Die Datenbank ist gerade nicht erreichbar. Es wird gleich noch einmal versucht."
    return error_json(message, 503, headers={"Retry-After": str(RETRY_SECONDS)}, retry_after=RETRY_SECONDS)


async def on_http_error(request: Request, exc: Exception) -> Response:
    assert isinstance(exc, HTTPException)  # noqa: S101 - registered for this type only
    message = _HTTP.get(exc.status_code, exc.detail)
    return error_json(message, exc.status_code, headers=dict(exc.headers or {}))


EXCEPTION_HANDLERS: dict[Any, ExceptionHandler] = {
    problems.Problem: on_problem,
    PyMongoError: on_database_error,
    HTTPException: on_http_error,
}

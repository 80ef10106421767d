"""As much HTTP/1.1 as the door needs, and as strict: one request per connection, a small body, everything bounded."""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any

HEAD_LIMIT = 8 * 1024
HEADER_LIMIT = 64
BODY_LIMIT = 2 * 1024
ONCE = ("host", "content-length", "transfer-encoding", "content-type", "origin", "cookie", "x-upkeep-request")
_REQUEST_LINE = re.compile(r"([A-Z]{1,16}) (/[!-~]{0,1023}) HTTP/1\.([01])")
_HEADER = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}):[ \t]*([\t -~\x80-\xff]*)")


class BadRequest(Exception):
    """This is no request we take. `status` says which kind of no, `code` says it to programs."""

    def __init__(self, status: HTTPStatus, text: str, code: str = "bad_request") -> None:
        super().__init__(text)
        self.status = status
        self.code = code


@dataclass(frozen=True)
class Request:
    """`headers` by lower-case name."""

    method: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True)
class Response:
    status: HTTPStatus
    body: bytes
    content_type: str = "application/json; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()

    def encode(self) -> bytes:
        fixed = (
            ("Content-Type", self.content_type),
            ("Content-Length", str(len(self.body))),
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
            ("Connection", "close"),
        )
        lines = [f"HTTP/1.1 {self.status.value} {self.status.phrase}"]
        lines += [f"{name}: {value}" for name, value in (*fixed, *self.headers)]
        return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + self.body


def json_response(status: HTTPStatus, answer: dict[str, Any], **headers: str) -> Response:
    """Header names are given with underscores: `Retry_After="2"`."""
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Response(status, json.dumps(answer, ensure_ascii=False).encode(), headers=named)


def refusal(status: HTTPStatus, text: str, code: str, **headers: str) -> Response:
    return json_response(status, {"error": text, "code": code}, **headers)


def read_request(connection: socket.socket, seconds: float, clock: Callable[[], float] = time.monotonic) -> Request:
    """Read one request within `seconds` in total, however slowly its bytes come. BadRequest says what is wrong."""
    deadline, received = clock() + seconds, b""
    while b"\r\n\r\n" not in received:
        if len(received) > HEAD_LIMIT:
            raise BadRequest(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, f"Kopf größer als {HEAD_LIMIT} Bytes")
        received += _receive(connection, deadline - clock())
    head, _, body = received.partition(b"\r\n\r\n")
    if len(head) > HEAD_LIMIT:
        raise BadRequest(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, f"Kopf größer als {HEAD_LIMIT} Bytes")
    request = parse_head(head)
    length = _body_length(request)
    while len(body) < length:
        body += _receive(connection, deadline - clock())
    if len(body) > length:
        raise BadRequest(HTTPStatus.BAD_REQUEST, "mehr als eine Anfrage")
    return replace(request, body=body)


def parse_head(head: bytes) -> Request:
    first, *lines = head.decode("latin-1").split("\r\n")
    line = _REQUEST_LINE.fullmatch(first)
    if not line:
        raise BadRequest(HTTPStatus.BAD_REQUEST, "keine gültige Anfragezeile")
    headers = _parse_headers(lines)
    if line[3] == "1" and "host" not in headers:
        raise BadRequest(HTTPStatus.BAD_REQUEST, "Host fehlt")
    return Request(line[1], line[2], headers)


def _body_length(request: Request) -> int:
    """Said once and as a number: there are no two ways to see where the request ends."""
    text = request.headers.get("content-length")
    if "transfer-encoding" in request.headers:
        status = HTTPStatus.LENGTH_REQUIRED if text is None else HTTPStatus.BAD_REQUEST
        raise BadRequest(status, "Inhalt nur mit Content-Length")
    if not re.fullmatch(r"[0-9]{1,19}", text or "0"):
        raise BadRequest(HTTPStatus.BAD_REQUEST, "Content-Length ist keine Zahl")
    length, limit = int(text or 0), BODY_LIMIT if request.method == "POST" else 0
    if length > limit:
        raise BadRequest(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"Inhalt größer als {limit} Bytes")
    return length


def _parse_headers(lines: list[str]) -> dict[str, str]:
    if len(lines) > HEADER_LIMIT:
        raise BadRequest(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, f"mehr als {HEADER_LIMIT} Kopfzeilen")
    headers: dict[str, str] = {}
    for line in lines:
        header = _HEADER.fullmatch(line)
        if not header:
            raise BadRequest(HTTPStatus.BAD_REQUEST, "ungültige Kopfzeile")
        name = header[1].lower()
        if name in headers and name in ONCE:
            raise BadRequest(HTTPStatus.BAD_REQUEST, f"{header[1]} doppelt")
        headers[name] = header[2].strip()
    return headers


def _receive(connection: socket.socket, seconds: float) -> bytes:
    if seconds <= 0:
        raise BadRequest(HTTPStatus.REQUEST_TIMEOUT, "zu langsam")
    connection.settimeout(seconds)
    try:
        received = connection.recv(4096)
    except TimeoutError as error:
        raise BadRequest(HTTPStatus.REQUEST_TIMEOUT, "zu langsam") from error
    if not received:
        raise BadRequest(HTTPStatus.BAD_REQUEST, "Anfrage unvollständig")
    return received

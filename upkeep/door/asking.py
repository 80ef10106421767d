"""What must be true of a request before its ticket is carried to the agent, who says whether the ticket is good."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from http import HTTPStatus

from upkeep.door.http import BadRequest, Request
from upkeep.tickets.actions import LONGEST_TICKET

_JSON = re.compile(r"application/json(?:\s*;\s*charset=utf-8)?", re.IGNORECASE)
_TICKET = re.compile(rf"[A-Za-z0-9._-]{{1,{LONGEST_TICKET}}}")


@dataclass(frozen=True)
class Asked:
    """`origin`: the page that asks, which lies where the request went."""

    origin: str
    ticket: str


def read(request: Request) -> Asked:
    """Raises BadRequest."""
    if "cookie" in request.headers:
        raise BadRequest(HTTPStatus.BAD_REQUEST, "hier werden keine Cookies angenommen")
    if not _JSON.fullmatch(request.headers.get("content-type", "")):
        raise BadRequest(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "nur application/json")
    if request.headers.get("x-upkeep-request") != "1":
        raise BadRequest(HTTPStatus.BAD_REQUEST, "X-Upkeep-Request: 1 fehlt")
    return Asked(_origin(request.headers), _ticket(request.body))


def _origin(headers: dict[str, str]) -> str:
    """Of the same place as Host: so a name that was pointed here afterwards has to be allowed by the policy, too."""
    origin, host = headers.get("origin", ""), headers.get("host", "").lower()
    scheme, _, place = origin.partition("://")
    if scheme not in ("http", "https") or not host or place != host:
        raise BadRequest(HTTPStatus.FORBIDDEN, "diese Seite darf das nicht", "origin")
    return origin


def _ticket(body: bytes) -> str:
    try:
        wish = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadRequest(HTTPStatus.BAD_REQUEST, "kein JSON") from error
    if not isinstance(wish, dict) or not set(wish) <= {"ticket"}:
        raise BadRequest(HTTPStatus.BAD_REQUEST, 'erwartet wird {"ticket": "…"}')
    if "ticket" not in wish:
        raise BadRequest(HTTPStatus.UNAUTHORIZED, "kein Ticket", "ticket_missing")
    if not isinstance(wish["ticket"], str) or not _TICKET.fullmatch(wish["ticket"]):
        raise BadRequest(HTTPStatus.UNAUTHORIZED, "das Ticket gilt nicht", "ticket_invalid")
    return wish["ticket"]

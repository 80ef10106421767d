"""Where the sockets are, and where this slot is told that it will be replaced."""

from __future__ import annotations

import logging

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from lager.problems import NotFound
from lager.services import Services
from lager.web.access import public

SOCKETS = "/api/live/"
DRAIN = "/api/live/drain"

log = logging.getLogger("lager.live")


async def drain(request: Request, services: Services) -> Response:
    """Whoever updates this slot has taken it out of rotation: its sockets close, so that clients find the other.

    Only for callers beside the gate, which marks all that come through it. New sockets are still taken, for the slot
    may be put back as it is.
    """
    if "x-forwarded-for" in request.headers:
        raise NotFound("Diese Adresse gibt es nicht.")
    closed = request.app.state.sockets.drain()
    log.info("sockets sent to the other slot", extra={"event": "live_drained", "clients": closed})
    return Response(status_code=204)


ROUTES = [Route(DRAIN, public(drain), methods=["POST"])]

"""Where a request comes from."""

from __future__ import annotations

from starlette.requests import HTTPConnection


def client_address(request: HTTPConnection, hops: int) -> str:
    """The user's: the entry that our own proxies (``hops`` of them) appended, never one the client made up."""
    forwarded = [part.strip() for part in request.headers.get("x-forwarded-for", "").split(",") if part.strip()]
    if hops and len(forwarded) >= hops:
        return forwarded[-hops]
    return request.client.host if request.client else "unknown"

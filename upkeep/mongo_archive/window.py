"""How far back MongoDB can still read: 300 s unless told otherwise. A dump into a slow repository takes longer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from pymongo.errors import OperationFailure, PyMongoError

from upkeep.mongo_archive.catalogue import Client

PARAMETER = "minSnapshotHistoryWindowInSeconds"
UNAUTHORIZED = 13


@contextmanager
def widened(client: Client, seconds: float) -> Iterator[None]:
    """At least `seconds` for as long as the block runs; the server keeps what is overwritten meanwhile. An account that
    may not ask for this reads with the window that there is. Raises PyMongoError."""
    was = client.admin.command({"getParameter": 1, PARAMETER: 1})[PARAMETER]
    if was >= seconds or not _set(client, int(seconds) + 1):
        yield
        return
    try:
        yield
    finally:
        with suppress(PyMongoError):  # gone: it forgets by itself
            _set(client, was)


def _set(client: Client, seconds: int) -> bool:
    try:
        client.admin.command({"setParameter": 1, PARAMETER: seconds})
    except OperationFailure as exc:
        if exc.code != UNAUTHORIZED:
            raise
        return False
    return True

"""What can go wrong with an archive, as types."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pymongo.errors import OperationFailure, PyMongoError

from upkeep.errors import DatabaseFailed, Refused, UpkeepError

# CappedPositionLost, QueryPlanKilled, SnapshotTooOld, SnapshotUnavailable: what was read cannot be read any more.
SPOILING = frozenset({136, 175, 239, 246})

AGAIN = "Es wird neu begonnen."


class DumpSpoiled(DatabaseFailed):
    """What the snapshot shows is no longer to be had: dropped, renamed or too old. Beginning again may well work."""

    code = "dump_spoiled"


class DumpRefused(Refused):
    """This server or this data cannot be backed up; nothing was written."""

    code = "dump_refused"


class SinkFailed(UpkeepError):
    """Whoever takes the archive took no more of it, or not in time."""

    code = "archive_sink"


class ArchiveDamaged(UpkeepError):
    """The archive is not what was written: cut short, changed, or no archive at all."""

    code = "archive_damaged"


class StageRefused(Refused):
    """Nothing was loaded."""

    code = "stage_refused"


class StageFailed(DatabaseFailed):
    """Loading did not come to its end; what was loaded is gone again."""

    code = "stage"


class SwitchFailed(DatabaseFailed):
    code = "switch"


@contextmanager
def server_failures(what: str, kind: type[UpkeepError] = DatabaseFailed) -> Iterator[None]:
    """Failures of the server as `kind`."""
    try:
        yield
    except PyMongoError as exc:
        raise kind(what, observed=_observed(exc), next_step="`docker logs` des MongoDB-Containers ansehen.") from exc


@contextmanager
def dump_failures(what: str) -> Iterator[None]:
    with server_failures(what):
        try:
            yield
        except OperationFailure as exc:
            if exc.code not in SPOILING:
                raise
            raise DumpSpoiled(what, observed=_observed(exc), next_step=AGAIN) from exc


def _observed(exc: PyMongoError) -> str:
    details = getattr(exc, "details", None) or {}
    return str(details.get("errmsg") or str(exc).partition(", Timeout:")[0])

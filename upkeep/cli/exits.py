"""Exit codes of the command, documented in docs/aktualisieren-und-zurueckrollen.md."""

from __future__ import annotations

from enum import IntEnum

from upkeep.client import AgentError, AgentUnreachable, Busy, Refused


class Exit(IntEnum):
    OK = 0
    FAILED = 1
    USAGE = 2
    REFUSED = 3
    ROLLED_BACK = 4
    BUSY = 5
    UNREACHABLE = 6
    DETACHED = 130  # as a shell reports Ctrl-C; the run itself goes on


class UsageError(Exception):
    """The command line asks for something impossible; the message is German."""


_BY_RESULT = {
    "updated": Exit.OK,
    "unchanged": Exit.OK,
    "rolled_back": Exit.ROLLED_BACK,
    "refused": Exit.REFUSED,
}
_BY_ERROR: tuple[tuple[type[AgentError], Exit], ...] = (
    (Busy, Exit.BUSY),
    (Refused, Exit.REFUSED),
    (AgentUnreachable, Exit.UNREACHABLE),
)


def exit_for_result(result: str | None) -> Exit:
    return _BY_RESULT.get(result or "", Exit.FAILED)


def exit_for_error(error: AgentError) -> Exit:
    return next((code for kind, code in _BY_ERROR if isinstance(error, kind)), Exit.FAILED)

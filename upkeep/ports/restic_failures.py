"""Why restic did not do what it was asked, as an operator can use it."""

from __future__ import annotations

from upkeep.errors import RepositoryFailed
from upkeep.ports.repository import Place
from upkeep.ports.restic_answers import KNOWN, last_words
from upkeep.ports.supervised import Ended, Limits

PATIENCE = 5.0  # seconds for a connection
FULL = 8 * 1024 * 1024  # bytes: with less the disk of a local repository counts as full


def failure(where: Place, verb: str, ended: Ended, limits: Limits) -> RepositoryFailed:
    """What restic says itself first; then whether the place is there at all, full, or merely slow."""
    if ended.exit_code in KNOWN:
        code, what, step = KNOWN[ended.exit_code]
        return RepositoryFailed(code, f"{what}: {where.shown}", observed=last_words(ended), next_step=step)
    try:
        where.refuse_unreachable(PATIENCE)
    except RepositoryFailed as exc:
        return exc
    if where.free < FULL:
        return RepositoryFailed(
            "repository_full",
            f"Das Sicherungsziel {where.shown} ist voll",
            observed=f"{where.free // 1024:.0f} KB frei",
            next_step="Platz schaffen oder die Aufbewahrung verkürzen; vorhandene Sicherungen sind unversehrt.",
        )
    if ended.exit_code is None:
        return _slow(where, verb, ended, limits)
    return RepositoryFailed("repository", f"restic {verb} ist an {where.shown} gescheitert", observed=last_words(ended))


def _slow(where: Place, verb: str, ended: Ended, limits: Limits) -> RepositoryFailed:
    limit = limits.silence if ended.silent else limits.whole
    return RepositoryFailed(
        "repository_slow",
        f"restic {verb} kam an {where.shown} nicht {'voran' if ended.silent else 'zum Ende'} und wurde beendet",
        observed=last_words(ended),
        limit=f"{limit:g} s",
    )
